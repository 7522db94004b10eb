"""The HTTP server: listens, looks at deadlines and certificates, and ends without dropping what is in flight."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from onnxruntime_server.http.connection import Connection
from onnxruntime_server.http.listening import Listening, ListeningOptions
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.state import State

if TYPE_CHECKING:
    from onnxruntime_server.http.backend import Answering, Counts
    from onnxruntime_server.http.body import Memory
    from onnxruntime_server.tracing import Tracer

LONGEST_TICK: Final = 0.5
"""How much later than its time a deadline may be acted on, in seconds."""

_TICKS_PER_TIME: Final = 4
_SHORTEST_TICK: Final = 0.01


class HttpServer:
    """Serves the protocol over HTTP/1.1 on sockets that are bound already. Takes the sockets over."""

    def __init__(
        self,
        endpoints: Answering,
        counts: Counts,
        options: HttpOptions,
        tracer: Tracer | None = None,
        connection: Callable[[State], Connection] = Connection,
    ) -> None:
        """To be made on the event loop. ``connection`` makes what speaks with one client."""
        self._loop = asyncio.get_running_loop()
        self._endpoints = endpoints
        self._state = State(options, endpoints, counts, tracer)
        self._listening = Listening(_listening(options), lambda: connection(self._state))
        self._tick: asyncio.TimerHandle | None = None
        times = (options.header_seconds, options.body_seconds, options.idle_seconds, options.write_seconds)
        shortest = min(*times, options.linger_seconds, options.certificate_seconds)
        self._tick_seconds = min(LONGEST_TICK, max(shortest / _TICKS_PER_TIME, _SHORTEST_TICK))

    @property
    def draining(self) -> bool:
        """Whether the server is on its way out: not ready, and every answer the last on its connection."""
        return self._state.draining

    @draining.setter
    def draining(self, draining: bool) -> None:
        """Take it out of service, without refusing anybody."""
        self._state.draining = self._endpoints.draining = draining

    @property
    def starting(self) -> bool:
        """Whether another way in is not open yet: until it is, the server answers and is not ready."""
        return self._endpoints.starting

    @starting.setter
    def starting(self, starting: bool) -> None:
        """Say that it is open, or not yet."""
        self._endpoints.starting = starting

    @property
    def memory(self) -> Memory:
        """How much of requests and of unread answers is held."""
        return self._state.memory

    async def start(self, listeners: list[socket.socket]) -> None:
        """Accept connections."""
        await self._listening.start(listeners)
        self._tick = self._loop.call_later(self._tick_seconds, self._look)

    async def stop(self, grace_seconds: float) -> None:
        """Accept no more, close what is idle, and give the rest their time; what then is left is cut off."""
        self.draining = True
        await self._listening.stop()
        for connection in tuple(self._state.connections):
            connection.close_if_idle()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                await self._state.empty.wait()
        for connection in tuple(self._state.connections):
            connection.abort()
        await self._state.empty.wait()
        if self._tick is not None:
            self._tick.cancel()

    def _look(self) -> None:
        """See to deadlines and certificates, now and then: cheaper than a timer for every request."""
        now = self._state.now = self._loop.time()
        self._tick = self._loop.call_later(self._tick_seconds, self._look)
        self._state.heads.tell_time()
        for connection in tuple(self._state.connections):
            connection.check(now)
        if not self._state.draining:
            self._listening.look(now)


def _listening(options: HttpOptions) -> ListeningOptions:
    return ListeningOptions(
        options.certificates, options.header_seconds, options.linger_seconds, options.certificate_seconds
    )
