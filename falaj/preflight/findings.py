"""One line of the answer: what was looked at, what is needed, what was found and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """Whether what is needed is there."""

    OK = "ok"
    """It is."""
    ASK = "ask"
    """Nobody has said so yet: a person has to ask, or to look."""
    MISSING = "missing"
    """It is not, and the stack would fail or break a rule."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison."""

    what: str
    """What was looked at."""
    needed: str
    """What the stack needs."""
    found: str
    """What there is, as far as known."""
    verdict: Verdict
    """Whether that is enough."""
    source: str
    """Who says so: a file of the catalog, or the account."""
    as_of: date | None
    """The day the source was read; None for what was read just now."""
    next_step: str = ""
    """The command or edit that mends it; empty where nothing has to be done."""
