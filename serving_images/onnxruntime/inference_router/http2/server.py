"""The router's end of a client's connection over HTTP/2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from inference_router.http2 import frames
from inference_router.http2.connection import STREAM_WINDOW, Http2Connection
from inference_router.http2.fields import MOST_FIELD_BYTES, Fields
from inference_router.http2.frames import Code
from inference_router.http2.parser import BrokenProtocolError
from inference_router.http2.stream import Stream

MOST_STREAMS: Final = 128
"""Streams of one connection; those above are refused, and clients make them wait themselves."""

GREETING_SECONDS: Final = 10.0
"""How long a client may take to say that it speaks HTTP/2."""


class Acceptor(Protocol):
    """Who takes calls on."""

    def joined(self, connection: ServerConnection) -> None:
        """A client has come."""

    def left(self, connection: ServerConnection) -> None:
        """A client has gone."""

    def call_came(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        """A client asks."""


class ServerConnection(Http2Connection):
    """One client."""

    expected_fields = frozenset({b":method", b":scheme", b":path", b":authority"})

    def __init__(self, acceptor: Acceptor, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._acceptor = acceptor
        self.greeted = False
        self._preface = b""
        self._last = 0
        self._made = now()

    def greeting(self) -> bytes:
        """What is said first."""
        self._acceptor.joined(self)
        asked = (
            (frames.MAX_CONCURRENT_STREAMS, MOST_STREAMS),
            (frames.INITIAL_WINDOW_SIZE, STREAM_WINDOW),
            (frames.MAX_HEADER_LIST_SIZE, MOST_FIELD_BYTES),
        )
        return frames.settings(asked)

    def greet(self, data: bytes) -> bytes:
        """What follows the greeting; what does not begin as HTTP/2 does is cut off."""
        self._preface += data
        size = len(frames.PREFACE)
        if not frames.PREFACE.startswith(self._preface[:size]):
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        if len(self._preface) < size:
            return b""
        self.greeted = True
        rest, self._preface = self._preface[size:], b""
        return rest

    def opened(self, number: int) -> Stream | None:
        """A stream for another call; nothing where it is refused."""
        if number % 2 == 0 or number <= self._last:
            raise BrokenProtocolError(Code.STREAM_CLOSED if number <= self._last else Code.PROTOCOL_ERROR)
        self._last = number
        if self.going or len(self.streams) >= MOST_STREAMS:
            self._parser.count_control()
            self._reset_lately.append(number)
            self.sender.write(frames.reset(number, Code.REFUSED_STREAM))
            return None
        stream = self.streams[number] = Stream(self, number, self.sender.stream_window, STREAM_WINDOW)
        return stream

    def message_began(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        """A client asks."""
        self._acceptor.call_came(stream, fields, ended=ended)

    def is_idle(self, number: int) -> bool:
        """Whether no stream had this number yet."""
        return number > self._last or number % 2 == 0

    def on_go_away(self, last: int) -> None:
        """The client asks no more; what it has asked is still answered."""
        del last

    @property
    def last_of_theirs(self) -> int:
        """The last stream that the client opened."""
        return self._last

    def advise_leaving(self) -> None:
        """Ask the client to make new calls elsewhere; it may still make them here."""
        self.sender.write(frames.go_away(frames.LARGEST_WINDOW, Code.NO_ERROR))

    def finish(self) -> None:
        """Take no more calls, and end after those there are."""
        self.going = True
        self.sender.write(frames.go_away(self._last, Code.NO_ERROR))
        self.stream_ended()

    def stream_ended(self) -> None:
        """There is room for another stream, or nothing left to wait for."""
        if self.going and not self.streams:
            self.close()

    def idle_since(self, before: float) -> bool:
        """Whether nothing has been asked since then; or it has not even been said what is spoken."""
        return not self.streams and self.heard < before

    def is_mute(self, now: float) -> bool:
        """Whether the client has taken too long to say that it speaks HTTP/2."""
        return not self.greeted and now - self._made > GREETING_SECONDS

    def lost(self) -> None:
        """The client has gone."""
        self._acceptor.left(self)
