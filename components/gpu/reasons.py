"""Why a pool with GPUs is illegal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Reason(NamedTuple):
    """One reason: the field that has to change, and one sentence with what was found, what is allowed, and why."""

    field: str
    """Name of the field, of the pool or of its GPUs."""
    sentence: str
    """The sentence."""

    def __str__(self) -> str:
        return self.sentence


def listed(names: Iterable[object]) -> str:
    """Return names as one list of text."""
    return ", ".join(map(str, names)) or "none"
