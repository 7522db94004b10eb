"""How many requests may be asked again: a share of all, so that an outage is not made worse by those who notice it."""

from __future__ import annotations

from typing import Final

MOST_ATTEMPTS: Final = 3
"""Of one request, the first included."""

BANK: Final = 512.0
"""Retries that may be saved up: as many requests as a dying endpoint can have at a time are asked again at once."""

PER_SECOND: Final = 10.0
"""Retries that are always granted, also where there are few requests."""


class RetryBudget:
    """A bank of retries. Every request pays a share of one in; a retry takes one out."""

    def __init__(self, share: float, now: float) -> None:
        self._share = share
        self._saved = BANK
        self._at = now

    def pay_in(self) -> None:
        """A request came."""
        if self._saved < BANK:
            self._saved += self._share

    def take(self, now: float) -> bool:
        """Whether one more retry is granted."""
        self._saved = min(BANK, self._saved + (now - self._at) * PER_SECOND)
        self._at = now
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True
