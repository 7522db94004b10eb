"""What the callers of the soak found, counted by kind of traffic."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from typing import Any

MOST_PROBLEMS = 20
"""How many are told in full; all are counted."""


class Tally:
    """Counts from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.slowest: dict[str, float] = {}
        self.problems: list[str] = []

    def right(self, kind: str, seconds: float) -> None:
        """One exchange went as it should."""
        with self._lock:
            self.done[kind] += 1
            self.seconds[kind] += seconds
            self.slowest[kind] = max(self.slowest.get(kind, 0.0), seconds)

    def wrong(self, kind: str, problem: str) -> None:
        """One did not."""
        with self._lock:
            self.failed[kind] += 1
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(f"{kind}: {problem}")

    def as_record(self) -> dict[str, Any]:
        """The counts as JSON keeps them."""
        with self._lock:
            kinds = sorted({*self.done, *self.failed})
            return {
                kind: {
                    "right": self.done[kind],
                    "wrong": self.failed[kind],
                    "mean_ms": round(1000 * self.seconds[kind] / max(1, self.done[kind]), 2),
                    "slowest_ms": round(1000 * self.slowest.get(kind, 0.0), 1),
                }
                for kind in kinds
            }
