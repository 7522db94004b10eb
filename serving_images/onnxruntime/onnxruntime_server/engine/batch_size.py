"""How many rows are worth putting together, learnt from the runs that were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WEIGHT: Final = 0.2
"""Share of the newest run in the cost of a row."""

SHORT_SECONDS: Final = 0.02
"""A batch below this delays nobody by much: it may always be twice as large."""

PAYS: Final = 0.95
"""What a row may cost in a batch of twice the size, of what it costs now, for that batch to be worth the wait."""

TRIALS: Final = 3
"""Runs of a size before it is judged: a busy machine makes single ones slow."""

FORGETS: Final = 1.02
"""What the best run of a size is taken to have cost when the next one is seen."""

TRIED_AGAIN_AFTER: Final = 500
"""Batches of the size found best, before a larger one is tried again."""


@dataclass(slots=True)
class _Size:
    """What is known of runs of one size and up to twice that."""

    runs: int = 0
    row_seconds: float = 0.0

    def add(self, row_seconds: float) -> None:
        self.row_seconds = min(row_seconds, self.row_seconds * FORGETS) if self.runs else row_seconds
        self.runs += 1


class BatchSize:
    """Learns up to which size a batch pays, and keeps it within a latency budget where there is one.

    On a CPU most models compute a row no faster beside sixteen others than beside eight: a larger batch only makes all
    of its callers wait for the last row, and whoever comes next. So sizes are doubled as long as rows get cheaper by
    it, or the run stays short. Where weights take longer to read than rows to compute, they go on getting cheaper.
    """

    def __init__(self, budget_seconds: float = 0.0) -> None:
        self._budget_seconds = budget_seconds
        self._row_seconds: float | None = None
        self._sizes: dict[int, _Size] = {}
        self._content = 0

    def observe(self, rows: int, seconds: float) -> None:
        """Take note of how long a run took."""
        rows = max(rows, 1)
        each, known = seconds / rows, self._row_seconds
        self._row_seconds = each if known is None else known + WEIGHT * (each - known)
        self._sizes.setdefault(1 << (rows.bit_length() - 1), _Size()).add(each)

    def most_rows(self, most: int) -> int:
        """How many rows to put together, of ``most`` at most; always one."""
        if self._budget_seconds and self._row_seconds:
            most = max(1, int(min(most, self._budget_seconds / self._row_seconds)))
        known = sorted(size for size in self._sizes if size <= most)
        if not known:
            return 1
        size = known[0]
        if self._sizes[size].row_seconds * most <= SHORT_SECONDS:
            return most
        for larger in known[1:]:
            if self._sizes[larger].runs < TRIALS:
                return larger
            if not self._pays(size, larger):
                return self._settled(size, larger)
            size = larger
        return min(2 * size, most)

    def _pays(self, size: int, larger: int) -> bool:
        row_seconds = self._sizes[larger].row_seconds
        return row_seconds * larger <= SHORT_SECONDS or row_seconds <= PAYS * self._sizes[size].row_seconds

    def _settled(self, size: int, larger: int) -> int:
        self._content += 1
        if self._content == TRIED_AGAIN_AFTER:
            self._content = 0
            del self._sizes[larger]
        return size
