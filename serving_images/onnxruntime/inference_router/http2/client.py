"""Connections to a runtime over HTTP/2, each with many calls at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Final

from inference_router.http2 import frames
from inference_router.http2.connection import STREAM_WINDOW, Http2Connection
from inference_router.http2.fields import MOST_FIELD_BYTES
from inference_router.http2.frames import Code
from inference_router.http2.stream import Stream

if TYPE_CHECKING:
    from inference_router.backends.address import Address

MOST_CONNECTIONS: Final = 8
"""To one runtime, besides those that take no more calls."""

STREAMS_AT_FIRST: Final = 100
"""Streams of a connection until the runtime says how many it takes."""

KEEPALIVE_SECONDS: Final = 310.0
"""How long a runtime may be silent while streams are open before it is asked whether it is there.

Runtimes of gRPC's core end connections on which they are asked more often than each five minutes.
Source: https://github.com/grpc/grpc/blob/master/doc/keepalive.md
"""

_LAST_NUMBER: Final = 2**30

Connected = Callable[["ClientConnection"], None]
Failed = Callable[[str], None]


class ClientConnection(Http2Connection):
    """The router's end of a connection to a runtime."""

    expected_fields = frozenset({b":status"})
    keepalive_seconds = KEEPALIVE_SECONDS
    most_resets = inf  # what a runtime refuses goes elsewhere, and what it works on is not to be lost with it

    def __init__(self, pool: GrpcPool, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._pool = pool
        self._next = 1
        self._most_streams = STREAMS_AT_FIRST
        self.idle_since = now()

    @property
    def has_room(self) -> bool:
        """Whether it takes another stream."""
        return not self.going and len(self.streams) < self._most_streams

    def open_stream(self) -> Stream:
        """Another stream."""
        stream = Stream(self, self._next, self.sender.stream_window, STREAM_WINDOW)
        self.streams[stream.id] = stream
        self._next += 2
        self.going = self.going or self._next > _LAST_NUMBER
        return stream

    def greeting(self) -> bytes:
        """What is said first."""
        asked = (
            (frames.ENABLE_PUSH, 0),
            (frames.INITIAL_WINDOW_SIZE, STREAM_WINDOW),
            (frames.MAX_HEADER_LIST_SIZE, MOST_FIELD_BYTES),
        )
        return frames.PREFACE + frames.settings(asked)

    def is_idle(self, number: int) -> bool:
        """Whether no stream had this number yet."""
        return number >= self._next or number % 2 == 0

    @property
    def last_of_theirs(self) -> int:
        """A runtime opens none."""
        return 0

    def streams_allowed(self, most: int) -> None:
        """The runtime takes so many streams at a time."""
        self._most_streams = most

    def settled(self) -> None:
        """The runtime has said what it takes."""
        self._pool.room()

    def stream_ended(self) -> None:
        """There is room for another stream."""
        self.idle_since = self._now()
        if self.going and not self.streams:
            self.close()
        self._pool.room()

    def on_go_away(self, last: int) -> None:
        """The runtime is leaving: streams after the last one were not worked on."""
        self.going = True
        for number in [number for number in self.streams if number > last]:
            if (stream := self.streams.get(number)) is not None:
                self.break_off(stream, Code.REFUSED_STREAM, harmless=True)
        if not self.streams:
            self.close()

    def on_reset(self, number: int, code: int) -> None:
        """The end of a stream. After a refusal another connection takes the next: this one may be full for good."""
        if code == Code.REFUSED_STREAM and number in self.streams:
            self.going = True
        super().on_reset(number, code)

    def lost(self) -> None:
        """The connection is gone."""
        self._pool.left(self)


class GrpcPool:
    """The connections to one runtime."""

    def __init__(self, address: Address, connect_seconds: float, now: Callable[[], float]) -> None:
        self._address = address
        self._connect_seconds = connect_seconds
        self._now = now
        self._connections: list[ClientConnection] = []
        self._waiting: deque[tuple[Connected, Failed]] = deque()
        self._connecting: asyncio.Task[ClientConnection | None] | None = None

    def open_at_once(self) -> Stream | None:
        """Another stream on a connection that has room; nothing where none has."""
        connection = self._free()
        return None if connection is None else connection.open_stream()

    def wait(self, connected: Connected, failed: Failed) -> None:
        """Call one of the two: when a connection has room, or none can be made."""
        self._waiting.append((connected, failed))
        self._connect_if_useful()

    def room(self) -> None:
        """There may be room for those who wait."""
        while self._waiting:
            if (connection := self._free()) is None:
                self._connect_if_useful()
                return
            connected, _ = self._waiting.popleft()
            connected(connection)

    def left(self, connection: ClientConnection) -> None:
        """A connection is gone."""
        if connection in self._connections:
            self._connections.remove(connection)
        self._connect_if_useful()

    def lose(self, why: str) -> None:
        """The runtime does not answer: whoever waits for it is told."""
        for connection in tuple(self._connections):
            connection.abort()
        if self._connecting is not None:
            self._connecting.cancel()
        self._fail_waiting(why)

    @property
    def empty(self) -> bool:
        """Whether no connection is open, nor being made."""
        return not self._connections and self._connecting is None

    def look(self, now: float, idle_before: float) -> None:
        """See to what depends on time; close what has not been used since."""
        for connection in tuple(self._connections):
            connection.look(now)
            if not connection.streams and connection.idle_since < idle_before:
                connection.close()

    def _free(self) -> ClientConnection | None:
        for connection in self._connections:
            if connection.has_room:
                return connection
        return None

    def _connect_if_useful(self) -> None:
        staying = sum(not connection.going for connection in self._connections)
        if self._waiting and self._connecting is None and staying < MOST_CONNECTIONS:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
            self._connecting.add_done_callback(self._connected)

    def _fail_waiting(self, why: str) -> None:
        waiting, self._waiting = self._waiting, deque()
        for _, failed in waiting:
            failed(why)

    async def _connect(self) -> ClientConnection | None:
        """Another connection; nothing where none can be had."""
        loop, address = asyncio.get_running_loop(), self._address
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: ClientConnection(self, self._now), address.host, address.grpc_port or 0
                )
                return connection
        return None

    def _connected(self, connecting: asyncio.Task[ClientConnection | None]) -> None:
        self._connecting = None
        if not connecting.cancelled():
            connection = connecting.result()
            if connection is None or connection.closed:
                if all(each.going for each in self._connections):
                    self._fail_waiting("no_connection")
                return  # else those who wait are next on the connections that there are
            self._connections.append(connection)
        self.room()
