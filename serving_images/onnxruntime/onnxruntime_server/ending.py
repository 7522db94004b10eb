"""When the process is to end: told by signals, and only after a while in which it still answers."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Ending:
    """Waits for the end.

    The first SIGTERM takes the server out of service without refusing anybody: it is no longer ready and answers for a
    while, since until every gateway has taken note, new requests still arrive. Then, or at once on SIGINT or a second
    signal, it is to end what is in flight.
    """

    def __init__(self, drain_seconds: float, drain: Callable[[], None]) -> None:
        """To be made on the event loop. ``drain`` is called when requests are to go elsewhere, and again at the end."""
        self.draining = False
        """Whether the server is on its way out."""
        self._loop = asyncio.get_running_loop()
        self._drain_seconds = drain_seconds
        self._drain = drain
        self._stopped: asyncio.Future[int] = self._loop.create_future()

    def heed_signals(self) -> None:
        """Take note of SIGTERM and SIGINT from now on."""
        self._loop.add_signal_handler(signal.SIGTERM, self._terminate)
        self._loop.add_signal_handler(signal.SIGINT, self.stop, 0)

    async def wait(self) -> int:
        """Until what is in flight is to be ended; the exit code."""
        return await self._stopped

    def stop(self, exit_code: int) -> None:
        """End now."""
        self._begin()
        if not self._stopped.done():
            self._stopped.set_result(exit_code)

    def _terminate(self) -> None:
        if self.draining:
            self.stop(0)
            return
        self._begin()
        _LOG.info("draining")
        self._loop.call_later(self._drain_seconds, self.stop, 0)

    def _begin(self) -> None:
        self.draining = True
        self._drain()
