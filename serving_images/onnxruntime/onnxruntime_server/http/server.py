"""The HTTP server: listens, looks at deadlines and certificates, and ends without dropping what is in flight."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from onnxruntime_server.http.connection import Connection
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.state import State
from onnxruntime_server.http.tls import Certificates, server_context

if TYPE_CHECKING:
    from onnxruntime_server.http.backend import Answering, Counts
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
        self._options = options
        self._endpoints = endpoints
        self._connection = connection
        self._state = State(options, endpoints, counts, tracer)
        self._listeners: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._tick: asyncio.TimerHandle | None = None
        times = (options.header_seconds, options.body_seconds, options.idle_seconds, options.write_seconds)
        shortest = min(*times, options.linger_seconds, options.certificate_seconds)
        self._tick_seconds = min(LONGEST_TICK, max(shortest / _TICKS_PER_TIME, _SHORTEST_TICK))
        self._look_at_certificates = self._loop.time() + options.certificate_seconds
        self._certificates_used: Certificates | None = None
        self._relistening: asyncio.Task[None] | None = None

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

    async def start(self, listeners: list[socket.socket]) -> None:
        """Accept connections."""
        self._listeners = listeners
        await self._listen()
        self._tick = self._loop.call_later(self._tick_seconds, self._look)

    async def stop(self, grace_seconds: float) -> None:
        """Accept no more, close what is idle, and give the rest their time; what then is left is cut off."""
        self.draining = True
        if self._relistening is not None:
            await self._relistening
        self._close_servers(self._servers)
        for listener in self._listeners:
            listener.close()
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

    async def _listen(self) -> None:
        """Listen with the newest certificate. What the kernel has accepted for a listener before waits for this one."""
        context: ssl.SSLContext | None = None
        if self._options.certificates is not None:
            self._certificates_used = self._options.certificates.current
            context = server_context(self._certificates_used)
        servers = [
            await self._loop.create_server(
                lambda: self._connection(self._state),
                sock=listener.dup(),
                ssl=context,
                ssl_handshake_timeout=None if context is None else self._options.header_seconds,
                ssl_shutdown_timeout=None if context is None else self._options.linger_seconds,
            )
            for listener in self._listeners
        ]
        self._servers, former = servers, self._servers
        self._close_servers(former)

    def _close_servers(self, servers: list[asyncio.Server]) -> None:
        for server in servers:
            server.close()

    def _look(self) -> None:
        """See to deadlines and certificates, now and then: cheaper than a timer for every request."""
        now = self._state.now = self._loop.time()
        self._tick = self._loop.call_later(self._tick_seconds, self._look)
        self._state.heads.tell_time()
        for connection in tuple(self._state.connections):
            connection.check(now)
        certificates = self._options.certificates
        if certificates is None or now < self._look_at_certificates or self._state.draining:
            return
        self._look_at_certificates = now + self._options.certificate_seconds
        certificates.refresh()  # whether it was this call that found a change is no matter: others look too
        if certificates.current is not self._certificates_used:
            self._relistening = self._loop.create_task(self._listen())


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound. Raises an OSError where the address can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)
