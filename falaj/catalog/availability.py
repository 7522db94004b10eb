"""Whether something is to be had in a place: yes, no, or nobody could establish it."""

from __future__ import annotations

from enum import StrEnum


class Availability(StrEnum):
    """The answer, of which `unknown` is one: it is asked of the provider before anything is built on it."""

    YES = "yes"
    """A source says that it is."""
    NO = "no"
    """A source says that it is not."""
    UNKNOWN = "unknown"
    """No source says either."""
