"""Who runs next: the threads that run models, and the queues they serve."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from onnxruntime_server.engine.work import Work

IDLE_SECONDS: Final = 0.25
"""How long a thread has nothing to do before it has a model give back memory."""


class Queue(Protocol):
    """Work that waits for one model. The scheduler's lock is held in all but ``run`` and ``tidy``."""

    def head(self) -> tuple[int, float] | None:
        """Priority and age of what waits first; nothing where nothing waits."""

    def take(self) -> list[Work]:
        """What the next run computes, and what is only to be told that it won't be."""

    def run(self, batch: list[Work]) -> None:
        """Compute and deliver. Does not raise."""

    def tidy(self) -> None:
        """Give back what only a busy model needs. Does not raise."""


class Scheduler:
    """Runs what waits, the most urgent request's model first, the oldest among equals.

    One run at a time spreads over all usable cores; with ``side_by_side`` runs each has its share of them. However many
    models there are, no more threads compute than cores may be used.
    """

    def __init__(self, side_by_side: int = 1) -> None:
        self.changed = threading.Condition()
        """Guards every queue; notified when work comes in."""
        self._queues: list[Queue] = []
        self._untidy: list[Queue] = []
        self._ending = False
        self._threads = [
            threading.Thread(target=self._work, name=f"inference-{number}", daemon=True)
            for number in range(side_by_side)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, queue: Queue) -> None:
        """Serve a queue from now on."""
        with self.changed:
            self._queues.append(queue)

    def remove(self, queue: Queue) -> None:
        """Serve it no more."""
        with self.changed:
            self._queues = [each for each in self._queues if each is not queue]
            self._untidy = [each for each in self._untidy if each is not queue]

    def close(self) -> None:
        """Run what waits, then end the threads."""
        with self.changed:
            self._ending = True
            self.changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (found := self._next()) is not None:
            queue, batch = found
            if batch:
                queue.run(batch)
            else:
                queue.tidy()
            del found, batch  # or the last requests would be held until the next ones come

    def _next(self) -> tuple[Queue, list[Work]] | None:
        """The next run, or once nothing came for a while a queue to tidy up; nothing at the end."""
        with self.changed:
            while True:
                waiting = [(head, number) for number, queue in enumerate(self._queues) if (head := queue.head())]
                if waiting:
                    queue = self._queues[min(waiting)[1]]
                    if queue not in self._untidy:
                        self._untidy.append(queue)
                    return queue, queue.take()
                if self._ending:
                    return None
                if not self.changed.wait(IDLE_SECONDS if self._untidy else None) and self._untidy:
                    return self._untidy.pop(), []
