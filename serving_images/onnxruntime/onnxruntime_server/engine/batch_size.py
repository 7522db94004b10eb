"""How many rows are put together, learnt from what runs took."""

from __future__ import annotations

from typing import Final

WEIGHT: Final = 0.2
"""Share of the newest run in what a row of its size is taken to cost."""

SHORT_SECONDS: Final = 0.02
"""A batch below this delays nobody by much."""

TIMES_THE_SMALLEST: Final = 5
"""How much longer than the smallest run a batch may take."""


class BatchSize:
    """Keeps a batch within a latency budget: the given one, or a few times what the smallest run takes.

    On a CPU most models compute a row no faster beside sixteen others than beside eight: a larger batch only makes all
    of its callers wait for the last row, and whoever comes next for it to be broken off. Where weights take longer to
    read than rows to compute, and where runs are short, there is room for the largest batch all the same.
    """

    def __init__(self, budget_seconds: float = 0.0) -> None:
        self._budget_seconds = budget_seconds
        self._row_seconds: dict[int, float] = {}
        """By powers of two: of runs of that many rows and up to twice as many."""

    def observe(self, rows: int, seconds: float) -> None:
        """Take note of how long a run took."""
        rows = max(rows, 1)
        size = 1 << (rows.bit_length() - 1)
        each = seconds / rows
        known = self._row_seconds.get(size, each)
        self._row_seconds[size] = known + WEIGHT * (each - known)

    def most_rows(self, most: int) -> int:
        """How many rows to put together, of ``most`` at most; always one. All of them while nothing is known."""
        known = sorted(self._row_seconds.items())
        if not known:
            return most
        smallest, each = known[0]
        budget = self._budget_seconds or max(SHORT_SECONDS, TIMES_THE_SMALLEST * smallest * each)
        rows = 1
        for number, (size, each) in enumerate(known):
            if size * each > budget:
                break
            within = budget / each if each else most
            end = known[number + 1][0] - 1 if number + 1 < len(known) else most
            rows = int(min(within, end))
            if within < end:
                break
        return max(1, min(rows, most))
