"""A function on which the mutation itself is tested."""

from __future__ import annotations

OF_AGE = 18


def may_vote(age: int, *, barred: bool = False) -> bool:
    """Tell whether somebody may vote."""
    return age >= OF_AGE and not barred
