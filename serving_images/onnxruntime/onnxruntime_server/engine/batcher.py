"""The queue of one model: what waits while a run is under way is the next run."""

from __future__ import annotations

import time
from bisect import insort
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from onnxruntime_server.engine.batch import compute, deliver, elements_of, shapes_of_a_row
from onnxruntime_server.engine.session import Halt
from onnxruntime_server.errors import ClientGoneError, ExpiredError, FullError, ServerError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onnxruntime_server.engine.batch_size import BatchSize
    from onnxruntime_server.engine.cost import InlineBudget
    from onnxruntime_server.engine.scheduler import Scheduler
    from onnxruntime_server.engine.session import Session
    from onnxruntime_server.engine.work import Work
    from onnxruntime_server.protocol.messages import Array

GROWN: Final = 4
"""How many times smaller than the largest run since then a run is that gives back memory."""

SMALL_SECONDS: Final = 1.0
"""How long runs have been that small by then."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What bounds a run and what waits for it."""

    rows: int
    """Most rows of a run; 1 where requests are never put together."""

    waiting: int
    """Most requests in the queue."""


class Batcher:
    """Takes work in and runs it on the scheduler's threads: at once where nothing runs, else with what came meanwhile.

    Nothing ever waits for a batch to fill. Work is put together whose tensors agree in everything but their rows.
    """

    def __init__(
        self, session: Session, scheduler: Scheduler, limits: QueueLimits, size: BatchSize, inline: InlineBudget
    ) -> None:
        self._session = session
        self._inline = inline
        self._scheduler = scheduler
        self._limits = limits
        self._size = size
        self._waiting: list[Work] = []
        self._running = 0
        self._closed = False
        self._largest = 0
        self._large_at = 0.0
        scheduler.add(self)

    def submit(self, work: Work) -> None:
        """Queue it. Delivers a refusal where the queue is full or closed."""
        refusal: ServerError | None = None
        gone: list[Work] = []
        with self._scheduler.changed:
            if len(self._waiting) >= self._limits.waiting:
                gone = [each for each in self._waiting if each.abandoned]
                self._waiting = [each for each in self._waiting if not each.abandoned]
            if self._closed:
                refusal = UnavailableError("the model is being unloaded")
            elif len(self._waiting) >= self._limits.waiting:
                refusal = FullError(f"the queue is full: {len(self._waiting)} requests are waiting")
            else:
                work.queued_at = time.monotonic()
                insort(self._waiting, work, key=_urgency)
                self._scheduler.changed.notify()
        for each in gone:
            deliver(each, ClientGoneError())
        if refusal is not None:
            deliver(work, refusal)

    def close(self, seconds: float) -> None:
        """Take nothing more in, wait for what is there as long as told, then refuse the rest."""
        deadline = time.monotonic() + seconds
        with self._scheduler.changed:
            self._closed = True
            while self._waiting or self._running:
                if not self._scheduler.changed.wait(max(0.0, deadline - time.monotonic())):
                    break
            late, self._waiting = self._waiting, []
        for work in late:
            deliver(work, UnavailableError("the model was unloaded before the request's turn came"))
        self._scheduler.remove(self)

    def head(self) -> tuple[int, float] | None:
        """Priority and age of what waits first."""
        return _urgency(self._waiting[0]) if self._waiting else None

    def take(self) -> list[Work]:
        """The most urgent work and what can be put together with it, and all that nobody waits for any more."""
        most = self._size.most_rows(self._limits.rows)
        now = time.monotonic()
        taken: list[Work] = []
        left: list[Work] = []
        rows, shapes = 0, None
        for work in self._waiting:
            if work.abandoned or (work.deadline is not None and now >= work.deadline):
                taken.append(work)
            elif shapes is None:
                shapes, rows = shapes_of_a_row(work), work.rows
                taken.append(work)
            elif rows and work.rows and rows + work.rows <= most and shapes_of_a_row(work) == shapes:
                rows += work.rows
                taken.append(work)
            else:
                left.append(work)
        self._waiting = left
        self._running += 1
        return taken

    def run(self, batch: list[Work]) -> None:
        """Compute what somebody still waits for, tell the others why not."""
        now = time.monotonic()
        live: list[Work] = []
        for work in batch:
            work.queue_seconds = now - work.queued_at
            if work.abandoned:
                deliver(work, ClientGoneError())
            elif work.deadline is not None and now >= work.deadline:
                deliver(work, ExpiredError(f"the request waited {work.queue_seconds:.3f} s and was not begun in time"))
            else:
                live.append(work)
        if live:
            with broken_off_for_nobody(live) as halt:
                seconds = compute(live, partial(self._compute, halt))
            if not halt.asked_for:
                self._size.observe(sum(work.rows for work in live), seconds)
        with self._scheduler.changed:
            self._running -= 1
            if self._closed:
                self._scheduler.changed.notify_all()

    def tidy(self) -> None:
        """Give back the memory of large runs, by a run as small as can be."""
        if self._largest:
            self._largest = 0
            try:
                sample = self._session.sample(rows=1, ones=False)
                self._session.run(sample, [self._session.outputs[0].name], shrink=True)
            except ServerError:
                return

    def _compute(self, halt: Halt, inputs: dict[str, Array], outputs: Sequence[str]) -> list[Array]:
        elements = elements_of(inputs)
        shrink = self._has_shrunk_to(elements)
        started = time.thread_time()
        found = self._session.run(inputs, outputs, shrink=shrink, halt=halt)
        self._inline.observe(elements, time.thread_time() - started)
        return found

    def _has_shrunk_to(self, elements: int) -> bool:
        """Whether runs have been small for a while. Memory that the next run needs again is not worth giving back."""
        now = time.monotonic()
        if elements * GROWN > self._largest:
            self._largest = max(self._largest, elements)
            self._large_at = now
            return False
        if now - self._large_at < SMALL_SECONDS:
            return False
        self._largest, self._large_at = elements, now
        return True


@contextmanager
def broken_off_for_nobody(batch: Sequence[Work]) -> Iterator[Halt]:
    """Break the batch's run off as soon as nobody waits for any of it."""
    halt = Halt()

    def look() -> None:
        if all(work.abandoned for work in batch):
            halt.now()

    for work in batch:
        work.watch(look)
    yield halt
    # Work that still knew of its batch would hold all inputs until garbage is looked for.
    for work in batch:
        work.unwatch(look)


def _urgency(work: Work) -> tuple[int, float]:
    return work.priority, work.queued_at
