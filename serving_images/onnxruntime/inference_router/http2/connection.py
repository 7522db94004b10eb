"""One end of an HTTP/2 connection: streams, windows, and a bound on everything that the other end can ask."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from math import inf
from typing import ClassVar, Final, cast

from inference_router.http2 import frames
from inference_router.http2.compression import TABLE_BYTES, CompressionError, FieldReader, TooManyFieldsError
from inference_router.http2.fields import Fields, FieldsError, check
from inference_router.http2.frames import Code
from inference_router.http2.parser import BrokenProtocolError, FrameParser
from inference_router.http2.sender import Sender
from inference_router.http2.stream import Stream
from inference_router.http2.turn import TURN

STREAM_WINDOW: Final = 256 * 1024
"""Bytes of one stream that may be on their way, or wait to go on."""

CONNECTION_WINDOW: Final = 4 * 1024 * 1024
"""The same of all streams of a connection."""

WRITE_BUFFER: Final = 256 * 1024
"""Bytes that may wait for the other end to read them before bodies are held back."""

MOST_UNREAD: Final = 1024 * 1024
"""Bytes that may wait for the other end to read them before it is cut off that asks for more."""

MOST_RESETS: Final = 500
"""Streams that a client may break off, or make this end break off, between two looks."""

KEEPALIVE_SECONDS: Final = 60.0
"""How long a client may be silent while streams are open before it is asked whether it is there."""

KEEPALIVE_ANSWER_SECONDS: Final = 20.0
"""How long it may take to say so."""

STALL_SECONDS: Final = 30.0
"""How long the other end may leave a body without room before its stream is broken off, or the end of a connection
unread before it is cut off."""

_LOG = logging.getLogger(__name__)
_WORTH_A_FRAME: Final = CONNECTION_WINDOW // 4
_NO_FIELDS: Final[frozenset[bytes]] = frozenset()
_REMEMBERED: Final = 256
_PING: Final = b"falaj\0\0\0"


class Http2Connection(asyncio.Protocol, ABC):
    """What both ends have in common. Nothing that the other end sends makes it raise."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.streams: dict[int, Stream] = {}
        self.greeted = True
        """Whether the other end has said that it speaks HTTP/2, where it has to."""
        self.closed = False
        self.going = False
        """Whether it takes no new streams."""
        self.heard = now()
        """When the other end was heard last."""
        self.sender = Sender(self._forget_if_done, now)
        self.turn = TURN
        self._now = now
        self._transport: asyncio.Transport
        self._parser = FrameParser(self)
        self._fields = FieldReader()
        self._receive_window = CONNECTION_WINDOW
        self._owed = 0
        self._reset_lately: deque[int] = deque(maxlen=_REMEMBERED)
        self._resets = 0
        self._pinged: float | None = None
        self._ends_by = inf

    keepalive_seconds: ClassVar[float] = KEEPALIVE_SECONDS
    """How long the other end may be silent while streams are open before it is asked whether it is there."""

    most_resets: ClassVar[float] = MOST_RESETS
    """Streams that the other end may break off, or make this end break off, between two looks."""

    expected_fields: frozenset[bytes]
    """The pseudo-headers of the messages that come in."""

    @abstractmethod
    def greeting(self) -> bytes:
        """What is said first."""

    @abstractmethod
    def is_idle(self, number: int) -> bool:
        """Whether no stream had this number yet."""

    @abstractmethod
    def on_go_away(self, last: int) -> None:
        """The other end is leaving."""

    @property
    @abstractmethod
    def last_of_theirs(self) -> int:
        """The last stream that the other end opened."""

    def greet(self, data: bytes) -> bytes:
        """What follows the other end's greeting, where it has one."""
        self.greeted = True
        return data

    def opened(self, number: int) -> Stream | None:
        """The stream that the other end opens with this number; nothing where it is passed over.

        The answer of a call that was broken off may still come, however many have been since.
        """
        if self.is_idle(number):
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        self._parser.count_control()
        return None

    def message_began(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        """The other end opened a stream."""

    def settled(self) -> None:
        """The other end has said what it takes."""

    def stream_ended(self) -> None:
        """There is room for another stream, or nothing left to wait for."""

    def lost(self) -> None:
        """The connection is gone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say what this end takes."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self.sender.begin(self._transport, self.turn)
        more = frames.window_update(0, CONNECTION_WINDOW - frames.DEFAULT_WINDOW)
        self.sender.write(self.greeting() + more)

    def connection_lost(self, exc: Exception | None) -> None:
        """Every stream is lost with it."""
        del exc
        self._shut()
        streams, self.streams = tuple(self.streams.values()), {}
        for stream in streams:
            stream.open = False
            if stream.owner is not None:
                stream.owner.stream_lost(stream, Code.CONNECT_ERROR, harmless=False)
        self.lost()

    def pause_writing(self) -> None:
        """The other end does not read: hold bodies back."""
        self.sender.paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self.sender.paused = False
        self.sender.go_on()

    def data_received(self, data: bytes) -> None:
        """Take frames in."""
        self.heard = self._now()
        self._pinged = None
        if self.sender.paused and self._transport.get_write_buffer_size() > MOST_UNREAD:
            self.abort()
            return
        turn = self.turn
        turn.depth += 1
        try:
            self._parser.feed(data if self.greeted else self.greet(data))
        except BrokenProtocolError as error:
            self.fail(error.code)
        except CompressionError:
            self.fail(Code.COMPRESSION_ERROR)
        except TooManyFieldsError:
            self.fail(Code.ENHANCE_YOUR_CALM)
        except Exception:  # noqa: BLE001 - whatever it is, it stays within this connection, and the log says where
            _LOG.exception("frames were not handled")
            self.fail(Code.INTERNAL_ERROR)
        finally:
            turn.depth -= 1
            if not turn.depth:
                turn.end()

    def on_data(self, number: int, data: bytes, size: int, *, ended: bool) -> None:
        """A piece of a body; ``size`` is what it takes of the windows."""
        self._receive_window -= size
        if self._receive_window < 0:
            raise BrokenProtocolError(Code.FLOW_CONTROL_ERROR)
        stream = self.streams.get(number)
        if stream is None or stream.received_all:
            self._data_on_closed(number, size, stream)
            return
        stream.receive_window -= size
        stream.unconsumed += size
        if stream.receive_window < 0 or not stream.fields_read:
            code = Code.PROTOCOL_ERROR if stream.receive_window >= 0 else Code.FLOW_CONTROL_ERROR
            self._refuse(stream, code)
            return
        stream.received_all = ended
        if size > len(data):
            self.consumed(stream, size - len(data))
        if stream.owner is not None:
            stream.owner.data_came(stream, data, ended=ended)
        if ended and stream.sent_all:
            self._forget_if_done(stream)

    def _data_on_closed(self, number: int, size: int, stream: Stream | None) -> None:
        if self.is_idle(number):
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        self._give_back(size)
        if stream is not None:
            self._refuse(stream, Code.STREAM_CLOSED)
        elif number not in self._reset_lately:
            self._parser.count_control()
            self.sender.write(frames.reset(number, Code.STREAM_CLOSED))

    def on_block(self, number: int, block: bytes, *, ended: bool) -> None:
        """A header block. It is decoded in any case: those after it depend on it."""
        fields = self._fields.read(block)
        stream = self.streams.get(number)
        if stream is None:
            if number in self._reset_lately or (stream := self.opened(number)) is None:
                return
        elif stream.received_all:
            raise BrokenProtocolError(Code.STREAM_CLOSED)
        if not ended and _is_informational(fields) and b":status" in self.expected_fields:
            return
        trailers = stream.fields_read
        try:
            check(fields, _NO_FIELDS if trailers else self.expected_fields)
        except FieldsError:
            self._refuse(stream, Code.PROTOCOL_ERROR)
            return
        if trailers and not ended:
            self._refuse(stream, Code.PROTOCOL_ERROR)
            return
        stream.fields_read = True
        stream.received_all = ended
        if stream.owner is None:
            self.message_began(stream, fields, ended=ended)
        else:
            stream.owner.fields_came(stream, fields, ended=ended)
        if ended and stream.sent_all:
            self._forget_if_done(stream)

    def on_settings(self, values: list[tuple[int, int]]) -> None:
        """What the other end takes."""
        for key, value in values:
            if key == frames.INITIAL_WINDOW_SIZE:
                self.sender.set_stream_window(value, self.streams.values())
            elif key == frames.MAX_FRAME_SIZE:
                self.sender.set_frame(value)
            elif key == frames.ENABLE_PUSH and value > 1:
                raise BrokenProtocolError(Code.PROTOCOL_ERROR)
            elif key == frames.MAX_CONCURRENT_STREAMS:
                self.streams_allowed(value)
            elif key == frames.HEADER_TABLE_SIZE and value < TABLE_BYTES:
                self.sender.say_that_no_table_is_used()
        self.sender.write(frames.frame(frames.SETTINGS, frames.ACK, 0))
        self.sender.go_on()
        self.settled()

    def streams_allowed(self, most: int) -> None:
        """The other end takes so many streams at a time."""

    def on_ping(self, payload: bytes) -> None:
        """A question whether this end is there."""
        self.sender.write(frames.frame(frames.PING, frames.ACK, 0, payload))

    def on_reset(self, number: int, code: int) -> None:
        """The end of a stream."""
        stream = self.streams.get(number)
        if stream is None and self.is_idle(number):
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        self._count_reset()
        if stream is not None:
            self.break_off(stream, code, harmless=code == Code.REFUSED_STREAM)

    def on_window_update(self, number: int, size: int) -> None:
        """Room for more."""
        if not number:
            self.sender.grow(size)
            return
        stream = self.streams.get(number)
        if stream is None:
            if self.is_idle(number):
                raise BrokenProtocolError(Code.PROTOCOL_ERROR)
            self._parser.count_control()
            return
        stream.send_window += size
        if not size or stream.send_window > frames.LARGEST_WINDOW:
            self._refuse(stream, Code.FLOW_CONTROL_ERROR if size else Code.PROTOCOL_ERROR)
        elif stream.waits:
            self.sender.body(stream)

    def consumed(self, stream: Stream, size: int) -> None:
        """Bytes of a stream have gone on: the other end may send more, and is told once that is worth a frame."""
        size = min(size, stream.unconsumed)
        stream.unconsumed -= size
        self._owed += size
        if self._owed >= _WORTH_A_FRAME:
            self._give_back(0)
        if stream.received_all or not stream.open:
            return
        stream.owed += size
        if stream.owed >= STREAM_WINDOW // 2:
            stream.receive_window += stream.owed
            self.sender.write(frames.window_update(stream.id, stream.owed))
            stream.owed = 0

    def _give_back(self, size: int) -> None:
        self._owed += size
        if self._owed >= _WORTH_A_FRAME:
            self._receive_window += self._owed
            self.sender.write(frames.window_update(0, self._owed))
            self._owed = 0

    def reset(self, stream: Stream, code: int, *, tell: bool = False) -> None:
        """Break a stream off. Its owner is told only where ``tell`` says so: mostly it knows."""
        if not stream.open:
            return
        self._reset_lately.append(stream.id)
        self.sender.write(frames.reset(stream.id, code))
        if tell:
            self.break_off(stream, code, harmless=False)
        else:
            self._drop(stream)

    def _refuse(self, stream: Stream, code: int) -> None:
        """Break a stream off on which the other end broke the protocol: as if it had broken the stream off itself."""
        self._count_reset()
        self.reset(stream, code, tell=True)

    def _count_reset(self) -> None:
        self._resets += 1
        if self._resets > self.most_resets:
            raise BrokenProtocolError(Code.ENHANCE_YOUR_CALM)

    def break_off(self, stream: Stream, code: int, *, harmless: bool) -> None:
        """Nothing more happens on a stream; its owner is told."""
        self._drop(stream)
        if stream.owner is not None:
            stream.owner.stream_lost(stream, code, harmless=harmless)

    def _forget_if_done(self, stream: Stream) -> None:
        if stream.received_all and stream.sent_all and stream.open:
            self._drop(stream)

    def _drop(self, stream: Stream) -> None:
        del self.streams[stream.id]
        stream.open = False
        self.sender.forget(stream)
        if not stream.received_all or stream.owner is None:
            unconsumed, stream.unconsumed = stream.unconsumed, 0
            self._give_back(unconsumed)
        self.stream_ended()

    def look(self, now: float) -> None:
        """See to what depends on time. To be called a few times a second."""
        self._parser.look()
        self._resets = 0
        for stream in self.sender.stalled(now - STALL_SECONDS):
            self.reset(stream, Code.CANCEL, tell=True)
        if now > self._ends_by:
            self.abort()
        if self.closed or not self.streams or now - self.heard < self.keepalive_seconds:
            return
        if self._pinged is None:
            self._pinged = now
            self.sender.write(frames.frame(frames.PING, 0, 0, _PING))
        elif now - self._pinged > KEEPALIVE_ANSWER_SECONDS:
            self.abort()

    def fail(self, code: Code) -> None:
        """End the connection: the other end broke the protocol, or asked for too much."""
        self.sender.write(frames.go_away(self.last_of_theirs, code))
        self.close()

    def close(self) -> None:
        """End it; what was written still goes out, if the other end reads it before long."""
        if not self.closed:
            self._shut()
            self._ends_by = self._now() + STALL_SECONDS
            self._transport.close()

    def abort(self) -> None:
        """End it whatever is open."""
        self._shut()
        self._transport.abort()

    def _shut(self) -> None:
        self.closed = self.going = self._parser.stopped = True
        self.sender.end()


def _is_informational(fields: Fields) -> bool:
    return bool(fields) and fields[0][0] == b":status" and fields[0][1].startswith(b"1")
