"""How often a schedule of AWS comes round, told from its text."""

from __future__ import annotations

import math
import re
from typing import Final

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_CRON: Final = re.compile(r"cron\((?P<fields>[^()]+)\)")
_PART: Final = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
EVERY: Final = "*"
FIELDS: Final = 6
"""Minute, hour, day of the month, month, day of the week, year."""


def longest_wait(text: object) -> float:
    """Return the most months from one month with a run to the next; endless where it ends, or can't be read."""
    match = _CRON.fullmatch(text) if isinstance(text, str) else None
    fields = match["fields"].split() if match else []
    if len(fields) != FIELDS or fields[5] not in (EVERY, "?"):
        return math.inf
    months = [_months(part) for part in fields[3].split(",")]
    found = sorted({month for part in months for month in part or ()})
    if not found or None in months:
        return math.inf
    return max(following - month for month, following in zip(found, [*found[1:], found[0] + 12], strict=True))


def _months(part: str) -> range | None:
    match = _PART.fullmatch(part)
    if match is None:
        return None
    first = 1 if match["first"] == EVERY else _month(match["first"])
    step = int(match["step"] or 1)
    open_ended = match["first"] == EVERY or match["step"] is not None
    last = _month(match["last"]) if match["last"] else len(MONTHS) if open_ended else first
    return range(first, last + 1, step) if first and last and step else None


def _month(text: str) -> int:
    """Return a month's number, nought for what is no month."""
    number = MONTHS.index(text.upper()) + 1 if text.upper() in MONTHS else int(text) if text.isdigit() else 0
    return number if number <= len(MONTHS) else 0
