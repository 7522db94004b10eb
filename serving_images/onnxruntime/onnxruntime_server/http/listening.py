"""Sockets that are listened on, always with the newest certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from onnxruntime_server.http.tls import CertificateFiles, Certificates, server_context

HTTP_1: Final = "http/1.1"
HTTP_2: Final = "h2"


@dataclass(frozen=True, slots=True)
class ListeningOptions:
    """How connections come about."""

    certificates: CertificateFiles | None
    """What TLS is spoken with; nothing for plain text."""

    handshake_seconds: float
    """How long a client may take to agree on TLS."""

    linger_seconds: float
    """How long it may take to end it."""

    certificate_seconds: float
    """How often the certificate's files are looked at."""

    protocol: str = HTTP_1
    """What is spoken within TLS, by its name in the handshake."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound. Raises an OSError where the address can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


class Listening:
    """Accepts connections on sockets that are bound already. Takes the sockets over."""

    def __init__(self, options: ListeningOptions, protocol: Callable[[], asyncio.Protocol]) -> None:
        """To be made on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._options = options
        self._protocol = protocol
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._look_at = self._loop.time() + options.certificate_seconds
        self.used: Certificates | None = None
        """What new connections are given."""
        self._again: asyncio.Task[None] | None = None

    async def start(self, sockets: list[socket.socket]) -> None:
        """Accept connections."""
        self._sockets = sockets
        await self._listen()

    async def stop(self) -> None:
        """Accept no more."""
        if self._again is not None:
            await self._again
        _close(self._servers)
        for each in self._sockets:
            each.close()

    def look(self, now: float) -> None:
        """Listen with another certificate where it has changed. To be called now and then."""
        certificates = self._options.certificates
        if certificates is None or now < self._look_at:
            return
        self._look_at = now + self._options.certificate_seconds
        certificates.refresh()  # whether it was this call that found a change is no matter: others look too
        if certificates.current is not self.used:
            self._again = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        """Listen with the newest certificate. What the kernel has accepted for a listener before waits for this one."""
        options = self._options
        context: ssl.SSLContext | None = None
        if options.certificates is not None:
            self.used = options.certificates.current
            context = server_context(self.used)
            context.set_alpn_protocols([options.protocol])
        servers = [
            await self._loop.create_server(
                self._protocol,
                sock=each.dup(),
                ssl=context,
                ssl_handshake_timeout=None if context is None else options.handshake_seconds,
                ssl_shutdown_timeout=None if context is None else options.linger_seconds,
            )
            for each in self._sockets
        ]
        self._servers, former = servers, self._servers
        _close(former)


def _close(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
