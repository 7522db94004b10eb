"""The other end of an HTTP/2 connection, by the package h2, which nobody here wrote, and what a router stands on."""

from __future__ import annotations

from typing import Any

import h2.config
import h2.connection
import h2.settings
from inference_router.http2 import frames
from inference_router.http2.connection import Http2Connection
from inference_router.http2.fields import Fields
from inference_router.http2.server import ServerConnection
from inference_router.http2.stream import Stream
from inference_router.http2.turn import Turn


class Clock:
    """Seconds that pass as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class LaterTurn(Turn):
    """Ends when the test says so, without an event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 1


class Transport:
    """Keeps what is written, and what is to be done soon."""

    def __init__(self, connection: Http2Connection) -> None:
        self.turn = LaterTurn()
        connection.turn = self.turn
        self.written: list[bytes] = []
        self.closed = self.aborted = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def set_write_buffer_limits(self, high: int) -> None:
        assert high > 0

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.written))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def take(self) -> bytes:
        self.turn.end()
        data = b"".join(self.written)
        self.written.clear()
        return data


class Owner:
    """Keeps what came on a stream."""

    def __init__(self, *, consumes: bool = True) -> None:
        self.fields: list[tuple[Fields, bool]] = []
        self.data = b""
        self.ended = False
        self.sent_bytes = 0
        self.lost: tuple[int, bool] | None = None
        self._consumes = consumes

    def fields_came(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        del stream
        self.fields.append((fields, ended))
        self.ended = self.ended or ended

    def data_came(self, stream: Stream, data: bytes, *, ended: bool) -> None:
        self.data += data
        self.ended = self.ended or ended
        if self._consumes:
            stream.connection.consumed(stream, len(data))

    def sent(self, stream: Stream, size: int) -> None:
        del stream
        self.sent_bytes += size

    def stream_lost(self, stream: Stream, code: int, *, harmless: bool) -> None:
        del stream
        self.lost = (code, harmless)


class Acceptor:
    """Keeps the calls that came."""

    def __init__(self, *, consumes: bool = True) -> None:
        self.calls: list[tuple[Stream, Fields, Owner]] = []
        self.connections = 0
        self._consumes = consumes

    def joined(self, connection: ServerConnection) -> None:
        del connection
        self.connections += 1

    def left(self, connection: ServerConnection) -> None:
        del connection
        self.connections -= 1

    def call_came(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        owner = Owner(consumes=self._consumes)
        owner.ended = ended
        stream.owner = owner
        self.calls.append((stream, fields, owner))


class Peer:
    """A connection of ours and h2's end of it; ``settle`` carries bytes to and fro until both are quiet."""

    def __init__(self, connection: Http2Connection, *, client: bool) -> None:
        self.connection = connection
        self.transport = Transport(connection)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=client, header_encoding=None))
        self.events: list[Any] = []
        connection.connection_made(self.transport)  # type: ignore[arg-type]  # what is used of one
        self.h2.initiate_connection()
        self.settle()

    def settle(self) -> list[Any]:
        """The events since the last time."""
        while True:
            ours, theirs = self.transport.take(), self.h2.data_to_send()
            if not ours and not theirs:
                events, self.events = self.events, []
                return events
            if ours:
                self.events += self.h2.receive_data(ours)
            if theirs:
                self.connection.data_received(theirs)


HEAD = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/inference.GRPCInferenceService/ModelInfer"),
    (b":authority", b"router"),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc"),
]


def asked(clock: Clock | None = None, *, consumes: bool = True) -> tuple[Peer, Acceptor, ServerConnection]:
    """A client of h2's before a server of ours."""
    acceptor = Acceptor(consumes=consumes)
    server = ServerConnection(acceptor, clock or Clock())
    return Peer(server, client=True), acceptor, server


def opened(clock: Clock | None = None) -> tuple[ServerConnection, Transport, Acceptor]:
    """A server of ours that a client has greeted, for frames that no client sends."""
    acceptor = Acceptor()
    server = ServerConnection(acceptor, clock or Clock())
    transport = Transport(server)
    server.connection_made(transport)  # type: ignore[arg-type]  # what is used of one
    server.data_received(frames.PREFACE + frames.settings([]))
    return server, transport, acceptor
