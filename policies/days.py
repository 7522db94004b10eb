"""Days that people write down, and how long ago they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

from policies.node import Node
from policies.outcomes import Outcome

YEAR: Final = 365
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def day_of(value: object) -> date | None:
    """Return the day that a text such as ``2026-11-22`` names; nothing for anything else."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return None
    try:
        return date.fromisoformat(value[:])
    except ValueError:
        return None


def today() -> date:
    """Return the day it is in UTC."""
    return datetime.now(UTC).date()


def lies_within(value: object, days: int, *, now: date) -> bool:
    """Tell whether a text names a day that is not to come and at most so many days ago."""
    day = day_of(value)
    return day is not None and 0 <= (now - day).days <= days


def is_within_a_year(node: Node) -> Iterator[Outcome]:
    """Find a day that is missing, to come, or more than a year ago."""
    yield from node.must(
        lambda value: lies_within(value, YEAR, now=today()), f"a day of the last {YEAR}, as YYYY-MM-DD"
    )
