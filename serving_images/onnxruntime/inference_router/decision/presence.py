"""Whether a side is there: gone at once, back only when it has stayed for a while."""

from __future__ import annotations


class Presence:
    """One side. It is taken as there from the first time it is seen."""

    def __init__(self, recovery_seconds: float) -> None:
        self._recovery_seconds = recovery_seconds
        self._seen_since: float | None = None
        self._lost = False
        self.steady = False
        """Whether requests are to be sent there."""

    def look(self, now: float, *, there: bool) -> bool:
        """Take note of how it is; whether ``steady`` has changed."""
        before = self.steady
        if not there:
            self._lost = self._lost or self.steady
            self._seen_since, self.steady = None, False
            return before
        if self._seen_since is None:
            self._seen_since = now
        self.steady = not self._lost or now - self._seen_since >= self._recovery_seconds
        if self.steady:
            self._lost = False
        return self.steady != before
