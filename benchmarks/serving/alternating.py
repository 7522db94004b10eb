"""One caller that asks two servers in turns, some calls each: what slows the machine for a while slows both alike.

Requests are made beforehand, and of an answer no more is read than shows that it is one, so that the caller itself
takes little of the core that it may share with a server.
"""

from __future__ import annotations

import socket
import time
from statistics import median
from typing import Final

from hpack import Encoder
from inference_router.http2 import frames

from benchmarks.serving.answers import HOST
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.open_loop import END_OF_HEAD, OK, complete
from benchmarks.serving.process import Server
from benchmarks.serving.requests import Protocol, Request, framed

CALLS: Final = 20
"""Of one server before it is the other's turn."""

TURNS: Final = 60
"""Of each server in a round."""

SLOWEST_ANSWER_SECONDS: Final = 10.0


class RestCaller:
    """A connection over HTTP/1.1."""

    def __init__(self, server: Server, request: Request) -> None:
        self._name = server.name
        self._socket = _connected(server.ports.http)
        headers = {"host": HOST, **request.headers, "content-length": str(len(request.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._request = f"POST {request.path} HTTP/1.1\r\n{lines}\r\n".encode() + request.body

    def seconds(self) -> float:
        """Ask once; how long the answer took. Refuses one that is no answer."""
        started = time.perf_counter()
        self._socket.sendall(self._request)
        received = b""
        while not complete(received):
            received += _more(self._socket, self._name)
        took = time.perf_counter() - started
        if received.split(maxsplit=2)[1] != OK:
            head = received.partition(END_OF_HEAD)[0].decode(errors="replace")
            raise MeasurementError(f"{self._name} answered: {head}")
        return took

    def close(self) -> None:
        """Ask no more."""
        self._socket.close()


class GrpcCaller:
    """A connection over HTTP/2; each call is a stream of it."""

    def __init__(self, server: Server, request: Request) -> None:
        self._name = server.name
        self._socket = _connected(server.ports.grpc)
        self._message = framed(request.body)
        self._encoder = Encoder()
        called = {":method": "POST", ":scheme": "http", ":path": request.path, ":authority": HOST}
        self._fields = [*called.items(), ("content-type", "application/grpc"), ("te", "trailers")]
        self._number = 1
        self._received = b""
        self._socket.sendall(frames.PREFACE + frames.settings([]) + frames.window_update(0, 2**30))

    def seconds(self) -> float:
        """Ask once; how long the answer took. Refuses one without a message, as errors are."""
        block = self._encoder.encode(self._fields)
        head = frames.headers(self._number, block, end=False, largest=frames.LEAST_FRAME)
        request = head + frames.frame(frames.DATA, frames.END_STREAM, self._number, self._message)
        started = time.perf_counter()
        self._socket.sendall(request)
        answered = self._answer()
        took = time.perf_counter() - started
        if not answered:
            raise MeasurementError(f"{self._name} answered a call with an error")
        self._number += 2
        return took

    def close(self) -> None:
        """Ask no more."""
        self._socket.close()

    def _answer(self) -> bool:
        """Read to the end of the call; whether there was a message."""
        answered = False
        while True:
            while (frame := self._next()) is None:
                self._received += _more(self._socket, self._name)
            kind, flags, number, payload = frame
            if kind in {frames.SETTINGS, frames.PING} and not flags & frames.ACK:
                self._socket.sendall(frames.frame(kind, frames.ACK, 0, payload if kind == frames.PING else b""))
            if number != self._number:
                continue
            if kind not in {frames.DATA, frames.HEADERS}:
                raise MeasurementError(f"{self._name} broke a call off")
            answered = answered or (kind == frames.DATA and bool(payload))
            if flags & frames.END_STREAM:
                return answered

    def _next(self) -> tuple[int, int, int, bytes] | None:
        """Kind, flags, stream and content of the next frame, where all of it has come."""
        data, start = self._received, frames.HEAD.size
        if len(data) < start:
            return None
        high, low, kind, flags, number = frames.HEAD.unpack_from(data)
        end = start + (high << 16 | low)
        if len(data) < end:
            return None
        self._received = data[end:]
        return kind, flags, number, data[start:end]


def medians(first: Server, second: Server, request: Request) -> tuple[float, float]:
    """The median time of a call to each, in milliseconds, of a round in which they are asked in turns."""
    make = GrpcCaller if request.protocol is Protocol.GRPC else RestCaller
    callers = make(first, request), make(second, request)
    times: tuple[list[float], list[float]] = [], []
    try:
        for caller in callers:
            for _ in range(CALLS):
                caller.seconds()
        for turn in range(2 * TURNS):
            which = (turn + turn // 2) % 2  # now one begins, now the other
            times[which].extend(callers[which].seconds() for _ in range(CALLS))
    finally:
        for caller in callers:
            caller.close()
    return median(times[0]) * 1000, median(times[1]) * 1000


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port), SLOWEST_ANSWER_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _more(connection: socket.socket, name: str) -> bytes:
    try:
        received = connection.recv(65536)
    except TimeoutError:
        raise MeasurementError(f"{name} did not answer within {SLOWEST_ANSWER_SECONDS:g} seconds") from None
    if not received:
        raise MeasurementError(f"{name} closed the connection")
    return received
