"""Which runs are short enough for the event loop."""

from __future__ import annotations

import math
from typing import Final

SHORT_SECONDS: Final = 0.0003
"""A run below this costs less than handing it to another thread."""

LONG_SECONDS: Final = 0.002
"""A run above this keeps other connections waiting."""


class InlineBudget:
    """Learns from finished runs up to how many input elements a model's runs are short.

    Starts closed. A short run opens it up to that run's size. A long run within it halves it for good: where cost does
    not follow size, as in a model with a loop, a client can hold up the others a few times and then no more.
    """

    def __init__(self) -> None:
        self._elements = -1
        self._ceiling: float = math.inf

    def allows(self, elements: int) -> bool:
        """Whether a run on so many input elements may stay on the event loop."""
        return elements <= self._elements

    def observe(self, elements: int, seconds: float) -> None:
        """Take note of how much processor time of its thread a run took."""
        if seconds < SHORT_SECONDS and elements <= self._ceiling:
            self._elements = max(self._elements, elements)
        elif seconds > LONG_SECONDS and self.allows(elements):
            self._elements = elements // 2 if elements else -1
            self._ceiling = self._elements
