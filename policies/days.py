"""Days that people write down, and how long ago they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from policies.node import Node
from policies.outcomes import Outcome

YEAR: Final = 365
EXAMPLE_DAY: Final = date(2026, 11, 22)
"""The day on which examples are judged."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def day_of(value: object) -> date | None:
    """Return the day that a text such as ``2026-11-22`` names; nothing for anything else."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return None
    try:
        return date.fromisoformat(value[:])
    except ValueError:
        return None


def lies_within(value: object, days: int, *, today: date) -> bool:
    """Tell whether a text names a day that is not to come and at most so many days ago."""
    day = day_of(value)
    return day is not None and 0 <= (today - day).days <= days


def is_within_a_year(node: Node, *, today: date) -> Iterator[Outcome]:
    """Find a day that is missing, to come, or more than a year ago."""
    yield from node.must(
        lambda value: lies_within(value, YEAR, today=today), f"a day of the last {YEAR}, as YYYY-MM-DD"
    )
