"""What a model's runs cost, learnt from those that were made."""

from __future__ import annotations

import math
from typing import Final

SHORT_SECONDS: Final = 0.0003
"""A run below this costs less than handing it to another thread."""

LONG_SECONDS: Final = 0.002
"""A run above this keeps other connections waiting."""

FORGIVEN_AFTER: Final = 2000
"""How many short runs in a row make up for a long one."""

TRIED_BEYOND: Final = 2
"""How many times the largest size that was short may be tried."""


class InlineBudget:
    """Learns up to how many input elements a model's runs are short enough for the thread that asks for them.

    Starts closed. A short run opens it up to that run's size. A long run within it halves it, and it stays there until
    as many runs were short as make up for that: where only the machine was busy, it opens again. Not ``open_to_any``,
    it stays closed: where cost follows the values and not their number, what was short says nothing of what comes.
    """

    def __init__(self, *, open_to_any: bool = True) -> None:
        self._open_to_any = open_to_any
        self._elements = -1
        self._ceiling: float = math.inf
        self._short_runs = 0

    def allows(self, elements: int) -> bool:
        """Whether a run on so many input elements is known to be short."""
        return elements <= self._elements

    @property
    def most_elements(self) -> float:
        """Up to which size runs that are each short may be joined: a little beyond what is known."""
        return min(TRIED_BEYOND * self._elements, self._ceiling)

    def observe(self, elements: int, seconds: float) -> None:
        """Take note of how much processor time of its thread a run took."""
        if not self._open_to_any:
            return
        if seconds < SHORT_SECONDS:
            self._short_runs += 1
            if elements > self._ceiling and self._short_runs >= FORGIVEN_AFTER:
                self._ceiling, self._short_runs = elements, 0
            if elements <= self._ceiling:
                self._elements = max(self._elements, elements)
        elif seconds > LONG_SECONDS:
            self._short_runs = 0
            if elements <= self.most_elements:
                self._elements = elements // 2 if elements else -1
                self._ceiling = self._elements
