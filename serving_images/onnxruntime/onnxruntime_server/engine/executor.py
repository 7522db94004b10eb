"""Runs what would hold up the event loop on a thread of its own, first come, first served."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from onnxruntime_server.errors import ClientGoneError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Answer = TypeVar("Answer")


class Executor:
    """One thread and a bounded queue before it.

    One is enough: a run already spreads over all usable cores, and two at once would share them.
    """

    def __init__(self, most_waiting: int) -> None:
        self._most_waiting = most_waiting
        self._waiting = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="inference")

    async def run(self, job: Callable[[], Answer], gone: Callable[[], Coroutine[None, None, None]]) -> Answer:
        """The job's result. Refuses when the queue is full; drops a queued job as soon as ``gone`` returns."""
        if self._waiting >= self._most_waiting:
            raise UnavailableError(f"the queue is full: {self._waiting} requests are waiting")
        self._waiting += 1
        submitted = self._pool.submit(job)
        work = asyncio.wrap_future(submitted)
        departure = asyncio.ensure_future(gone())
        try:
            await asyncio.wait((work, departure), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            submitted.cancel()
            raise ClientGoneError("the client left before its answer was ready")
        finally:
            self._waiting -= 1
            departure.cancel()

    def close(self) -> None:
        """End the thread once it is idle."""
        self._pool.shutdown(wait=False, cancel_futures=True)
