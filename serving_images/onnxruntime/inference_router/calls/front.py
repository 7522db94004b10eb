"""The gRPC way in: clients' connections, calls that are open, and what every call needs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from onnxruntime_server.http.listening import HTTP_2, Listening, ListeningOptions
from onnxruntime_server.tracing import trace_context

from inference_router.calls import words
from inference_router.calls.head import CallHead
from inference_router.calls.relay import Relay
from inference_router.http2.client import GrpcPool
from inference_router.http2.frames import Code
from inference_router.http2.server import ServerConnection

if TYPE_CHECKING:
    from collections import Counter
    from socket import socket

    from onnxruntime_server.http.body import Memory
    from onnxruntime_server.http.tls import CertificateFiles
    from onnxruntime_server.tracing import Tracer

    from inference_router.backends.fleet import Endpoint
    from inference_router.dispatcher import Dispatcher
    from inference_router.http2.fields import Fields
    from inference_router.http2.stream import Stream

IDLE_SECONDS: Final = 600.0
"""How long a client's connection may have no call before it is closed; clients connect again by themselves."""

RUNTIME_IDLE_SECONDS: Final = 240.0
"""How long a connection to a runtime is kept without a call."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FrontOptions:
    """Limits and times."""

    connections: int
    """Most connections; those above are closed."""

    certificates: CertificateFiles | None
    """What TLS is spoken with; nothing for plain text."""

    log_calls: bool
    """Whether every call is logged."""

    handshake_seconds: float = 10.0
    linger_seconds: float = 1.0
    certificate_seconds: float = 10.0


@dataclass(slots=True, eq=False)
class Surroundings:
    """What every call needs."""

    dispatcher: Dispatcher
    memory: Memory
    """Bytes of calls that are held, all together."""
    now: Callable[[], float]
    note: Callable[[str, int, float, CallHead], None]
    """Told of every call that is over: its method, its status, when it began, its head."""
    answer_seconds: float
    """How long a runtime may be silent."""
    message_seconds: float
    """How long the message of a call may take to arrive."""
    connect_seconds: float
    """How long connecting to a runtime may take."""
    most_held: int
    """Bytes of one call that are kept for another attempt."""
    caller_header: bytes | None = None
    most_calls: int = 1024
    """Most calls at a time, streams included."""
    open: set[Relay] = field(default_factory=set)
    """Calls that are on their way."""
    _pools: dict[Endpoint, GrpcPool] = field(default_factory=dict)

    def pool_of(self, endpoint: Endpoint) -> GrpcPool:
        """The connections to a runtime."""
        if (pool := self._pools.get(endpoint)) is None:
            pool = self._pools[endpoint] = GrpcPool(endpoint.address, self.connect_seconds, self.now)
            endpoint.on_gone.append(pool.lose)
        return pool

    def look(self, known: set[Endpoint]) -> None:
        """Break off what has taken too long; close what is not used. To be called now and then."""
        for relay in [each for each in self.open if each.is_late]:
            relay.late()
        now = self.now()
        for endpoint, pool in tuple(self._pools.items()):
            pool.look(now, now - RUNTIME_IDLE_SECONDS if endpoint in known else now)
            if endpoint not in known and not endpoint.in_flight and pool.empty:
                del self._pools[endpoint]

    async def close(self) -> None:
        """Close every connection to a runtime."""
        for pool in self._pools.values():
            pool.lose("stopped")
        while not all(pool.empty for pool in self._pools.values()):  # noqa: ASYNC110 - it ends within a turn or two
            await asyncio.sleep(0)


class Front:
    """Takes calls on a port of their own."""

    def __init__(self, options: FrontOptions, calls: Counter[str], tracer: Tracer | None) -> None:
        """To be made on the event loop."""
        self._options = options
        self._calls = calls
        self._tracer = tracer
        self._around: Surroundings
        self._connections: set[ServerConnection] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        listening = ListeningOptions(
            options.certificates,
            options.handshake_seconds,
            options.linger_seconds,
            options.certificate_seconds,
            HTTP_2,
        )
        self._listening = Listening(listening, lambda: ServerConnection(self, self._around.now))

    async def start(self, sockets: list[socket], around: Surroundings) -> None:
        """Take calls."""
        self._around = around
        await self._listening.start(sockets)

    def drain(self) -> None:
        """Ask clients to make new calls elsewhere, without refusing anybody."""
        for connection in self._connections:
            connection.advise_leaving()

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, and give those there are their time; what then is left is cut off."""
        await self._listening.stop()
        for connection in tuple(self._connections):
            connection.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                await self._empty.wait()
        for connection in tuple(self._connections):
            connection.abort()
        await self._empty.wait()
        await self._around.close()

    def look(self, known: set[Endpoint]) -> None:
        """See to what depends on time. To be called a few times a second."""
        now = self._around.now()
        self._around.look(known)
        self._listening.look(now)
        for connection in tuple(self._connections):
            connection.look(now)
            if connection.is_mute(now):
                connection.abort()
            elif connection.idle_since(now - IDLE_SECONDS):
                connection.finish()

    def joined(self, connection: ServerConnection) -> None:
        """A client has come."""
        self._connections.add(connection)
        self._empty.clear()
        if len(self._connections) > self._options.connections:
            connection.fail(Code.ENHANCE_YOUR_CALM)

    def left(self, connection: ServerConnection) -> None:
        """A client has gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def call_came(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        """A client asks."""
        head = CallHead.of(fields)
        if not head.is_call:
            stream.send_fields([(b":status", b"415")], end=True)
            stream.reset(Code.NO_ERROR)
            return
        try:
            Relay(self._around, stream, head, ended=ended).begin()
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the place
            _LOG.exception("a call was not handled")
            stream.reset(Code.INTERNAL_ERROR)

    def note(self, path: str, status: int, started: float, head: CallHead) -> None:
        """Count a call that is over; log it, and give the tracer a span, where that is wanted."""
        name = words.name_of(status)
        self._calls[name] += 1
        if not self._options.log_calls and self._tracer is None:
            return
        seconds = self._around.now() - started
        context = trace_context(head.fields.get(b"traceparent", b"").decode("latin-1"))
        method = path.rpartition("/")[2] if path in words.PASSED_ON else "no such method"
        if self._options.log_calls:
            facts: dict[str, object] = {"method": method, "status": name, "seconds": round(seconds, 6)}
            if context is not None:
                facts |= {"trace_id": context.trace_id, "span_id": context.span_id}
            _LOG.info("call", extra={"facts": facts})
        if self._tracer is not None:
            facts_of_span: dict[str, str | int] = {"rpc.method": method, "rpc.grpc.status_code": status}
            self._tracer.record(method, context, seconds, facts_of_span, failed=status == words.INTERNAL)
