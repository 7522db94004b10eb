"""Frames out of bytes: their form is checked here, what they mean is the connection's to know."""

from __future__ import annotations

from typing import Final, Protocol

from inference_router.http2 import frames
from inference_router.http2.fields import MOST_FIELD_BYTES
from inference_router.http2.frames import Code

MOST_CONTROL: Final = 4000
"""Frames without content that the other end may send between two looks."""

_PLAIN: Final = frames.END_HEADERS | frames.PADDED | frames.PRIORITIZED
_CODE_BYTES: Final = 4
_PRIORITY_BYTES: Final = 5
_SETTING_BYTES: Final = 6
_PING_BYTES: Final = 8


class BrokenProtocolError(Exception):
    """What the other end did breaks the protocol, or asks for too much: the connection ends."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


class Handler(Protocol):
    """Who knows what frames mean."""

    def on_data(self, number: int, data: bytes, size: int, *, ended: bool) -> None:
        """A piece of a body; ``size`` is what it takes of the windows."""

    def on_block(self, number: int, block: bytes, *, ended: bool) -> None:
        """A whole header block."""

    def on_settings(self, values: list[tuple[int, int]]) -> None:
        """What the other end takes."""

    def on_ping(self, payload: bytes) -> None:
        """A question whether this end is there."""

    def on_reset(self, number: int, code: int) -> None:
        """The end of a stream."""

    def on_go_away(self, last: int) -> None:
        """The other end is leaving."""

    def on_window_update(self, number: int, size: int) -> None:
        """Room for more."""


class FrameParser:
    """Takes bytes in, whatever their pieces. Raises a BrokenProtocolError, after which it is not to be used."""

    def __init__(self, handler: Handler) -> None:
        self.stopped = False
        """Whether what is left is not to be read."""
        self._handler = handler
        self._unread = b""
        self._block: list[bytes] = []
        self._block_bytes = 0
        self._block_stream = 0
        self._block_ends = False
        self._control = 0

    def feed(self, data: bytes) -> None:
        """Handle every frame that is whole."""
        if self._unread:
            data = self._unread + data
        position, end = 0, len(data)
        unpack, head = frames.HEAD.unpack_from, frames.HEAD.size
        while end - position >= head and not self.stopped:
            high, low, kind, flags, number = unpack(data, position)
            length = high << 16 | low
            if length > frames.LEAST_FRAME:
                raise BrokenProtocolError(Code.FRAME_SIZE_ERROR)
            start = position + head
            if start + length > end:
                break
            position = start + length
            number &= 0x7FFFFFFF
            payload = data[start:position]
            if number and not self._block_stream:  # most frames are one of these two, and plain
                if kind == frames.HEADERS and flags & _PLAIN == frames.END_HEADERS:
                    self._handler.on_block(number, payload, ended=bool(flags & frames.END_STREAM))
                    continue
                if kind == frames.DATA and payload and not flags & frames.PADDED:
                    self._handler.on_data(number, payload, length, ended=bool(flags & frames.END_STREAM))
                    continue
            self._handle(kind, flags, number, payload)
        self._unread = data[position:]

    def look(self) -> None:
        """Count anew. To be called a few times a second."""
        self._control = 0

    def count_control(self) -> None:
        """One more frame without content; too many of them in a while are an attack."""
        self._control += 1
        if self._control > MOST_CONTROL:
            raise BrokenProtocolError(Code.ENHANCE_YOUR_CALM)

    def _handle(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if self._block_stream and (kind != frames.CONTINUATION or number != self._block_stream):
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        if kind == frames.DATA:
            self._on_data(flags, number, payload)
        elif kind == frames.HEADERS:
            self._on_headers(flags, number, payload)
        elif kind == frames.WINDOW_UPDATE:
            _expect(len(payload) == _CODE_BYTES)
            self._handler.on_window_update(number, frames.number(payload))
        else:
            self.count_control()
            self._on_control(kind, flags, number, payload)

    def _on_control(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if kind == frames.CONTINUATION:
            self._on_continuation(flags, number, payload)
        elif kind in {frames.SETTINGS, frames.PING, frames.GOAWAY}:
            if number:
                raise BrokenProtocolError(Code.PROTOCOL_ERROR)
            self._on_connection(kind, flags, payload)
        elif kind in {frames.RST_STREAM, frames.PRIORITY}:
            if not number:
                raise BrokenProtocolError(Code.PROTOCOL_ERROR)
            self._on_stream(kind, number, payload)
        elif kind == frames.PUSH_PROMISE:
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)

    def _on_connection(self, kind: int, flags: int, payload: bytes) -> None:
        """A frame of the connection as a whole."""
        acknowledges = bool(flags & frames.ACK)
        if kind == frames.SETTINGS:
            _expect(not payload if acknowledges else len(payload) % _SETTING_BYTES == 0)
            if not acknowledges:
                self._handler.on_settings(frames.read_settings(payload))
        elif kind == frames.PING:
            _expect(len(payload) == _PING_BYTES)
            if not acknowledges:
                self._handler.on_ping(payload)
        else:
            _expect(len(payload) >= 2 * _CODE_BYTES)
            self._handler.on_go_away(frames.number(payload))

    def _on_stream(self, kind: int, number: int, payload: bytes) -> None:
        """A frame of a stream, without content."""
        if kind == frames.RST_STREAM:
            _expect(len(payload) == _CODE_BYTES)
            self._handler.on_reset(number, frames.number(payload))
            return
        _expect(len(payload) == _PRIORITY_BYTES)
        if frames.number(payload) == number:
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        if not number:
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        data = _unpadded(payload) if flags & frames.PADDED else payload
        ended = bool(flags & frames.END_STREAM)
        if not data and not ended:
            self.count_control()
        self._handler.on_data(number, data, len(payload), ended=ended)

    def _on_headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number:
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        block = _unpadded(payload) if flags & frames.PADDED else payload
        if flags & frames.PRIORITIZED:
            _expect(len(block) >= _PRIORITY_BYTES)
            if frames.number(block) == number:
                raise BrokenProtocolError(Code.PROTOCOL_ERROR)
            block = block[_PRIORITY_BYTES:]
        ended = bool(flags & frames.END_STREAM)
        if flags & frames.END_HEADERS:
            self._handler.on_block(number, block, ended=ended)
            return
        self._block, self._block_bytes = [block], len(block)
        self._block_stream, self._block_ends = number, ended

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        if not self._block_stream:
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        self._block.append(payload)
        self._block_bytes += len(payload)
        if self._block_bytes > MOST_FIELD_BYTES:
            raise BrokenProtocolError(Code.ENHANCE_YOUR_CALM)
        if flags & frames.END_HEADERS:
            block, self._block, self._block_stream = b"".join(self._block), [], 0
            self._handler.on_block(number, block, ended=self._block_ends)


def _expect(fits: bool) -> None:
    if not fits:
        raise BrokenProtocolError(Code.FRAME_SIZE_ERROR)


def _unpadded(payload: bytes) -> bytes:
    if not payload or payload[0] >= len(payload):
        raise BrokenProtocolError(Code.PROTOCOL_ERROR)
    return payload[1 : len(payload) - payload[0]]
