"""What goes out on a connection: bodies as far as the other end has room for them, everything else at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from inference_router.http2 import frames
from inference_router.http2.fields import NO_TABLE, Fields, write
from inference_router.http2.frames import Code
from inference_router.http2.parser import BrokenProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inference_router.http2.stream import Stream
    from inference_router.http2.turn import Turn

LARGEST_PIECE: Final = 256 * 1024
"""The largest frame that is sent, however much the other end would take."""


MOST_GATHERED: Final = 64 * 1024
"""Bytes of frames that are gathered; more go out at once."""


class Sender:
    """Writes frames, those of one turn of the event loop together: a call's answer is three of them, and one packet.

    Streams that have no room wait, and take turns when there is some.
    """

    def __init__(self, done: Callable[[Stream], None], now: Callable[[], float]) -> None:
        """``done`` is called when all of a stream is out."""
        self._now = now
        self.stream_window = frames.DEFAULT_WINDOW
        """What the other end gives a new stream."""
        self.paused = False
        """Whether the other end does not read at the moment."""
        self._transport: asyncio.Transport | None = None
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._done = done
        self._window = frames.DEFAULT_WINDOW
        self._frame = frames.LEAST_FRAME
        self._table_named = False
        """Whether the next block has to say how much of those before it is kept."""
        self._blocked: dict[int, Stream] = {}
        self._trailers: dict[int, bytes] = {}

    def begin(self, transport: asyncio.Transport, turn: Turn) -> None:
        """Write there from now on, at the end of each turn."""
        self._transport = transport
        self._turn = turn

    def end(self) -> None:
        """Write what was gathered, and no more."""
        self._flush()
        self._transport = None
        self._blocked.clear()
        self._trailers.clear()

    def write(self, data: bytes) -> None:
        """Send frames as they are."""
        if self._transport is None:
            return
        if not self._gathered:
            self._turn.add(self._flush)
        self._gathered.append(data)
        self._gathered_bytes += len(data)
        if self._gathered_bytes > MOST_GATHERED:
            self._flush()

    def _flush(self) -> None:
        """Write what was gathered."""
        gathered = self._gathered
        if not gathered or self._transport is None:
            return
        self._gathered, self._gathered_bytes = [], 0
        self._transport.write(gathered[0] if len(gathered) == 1 else b"".join(gathered))

    def fields(self, stream: Stream, fields: Fields, *, end: bool) -> None:
        """Send a head, or trailers."""
        self.block(stream, write(fields), end=end)

    def block(self, stream: Stream, block: bytes, *, end: bool) -> None:
        """Send fields as they were written before; trailers wait for the body before them."""
        if end and stream.waits:
            self._trailers[stream.id] = block
            return
        if self._table_named:
            block, self._table_named = NO_TABLE + block, False
        self.write(frames.headers(stream.id, block, end=end, largest=self._frame))
        if end:
            stream.sent_all = True
            if stream.received_all:
                self._done(stream)

    def body(self, stream: Stream) -> None:
        """Send of a stream's body what there is room for."""
        sent = 0
        while stream.waits:
            room = min(stream.send_window, self._window, self._frame)
            if self.paused or (room <= 0 and not stream.next_is_empty()):
                if stream.id not in self._blocked or sent:
                    stream.stalled_since = self._now()
                    self._blocked.pop(stream.id, None)  # behind those that wait for their turn
                self._blocked[stream.id] = stream
                break
            piece, last = stream.take(max(room, 0))
            size = len(piece)
            stream.send_window -= size
            self._window -= size
            sent += size
            self.write(frames.frame(frames.DATA, frames.END_STREAM if last else 0, stream.id, piece))
            stream.sent_all = last
        else:
            self._blocked.pop(stream.id, None)
            if (trailers := self._trailers.pop(stream.id, None)) is not None:
                self.block(stream, trailers, end=True)
        owner = stream.owner
        if stream.sent_all:
            self._done(stream)
        if sent and owner is not None:
            owner.sent(stream, sent)

    def at_once(self, stream: Stream, data: bytes, *, last: bool) -> bool:
        """Send a piece where nothing waits before it and there is room for all of it; whether that was so."""
        size = len(data)
        if self.paused or size > stream.send_window or size > self._window or size > self._frame:
            return False
        stream.send_window -= size
        self._window -= size
        self.write(frames.frame(frames.DATA, frames.END_STREAM if last else 0, stream.id, data))
        owner = stream.owner
        if last:
            stream.sent_all = True
            if stream.received_all:
                self._done(stream)
        if size and owner is not None:
            owner.sent(stream, size)
        return True

    def go_on(self) -> None:
        """There may be room now."""
        for stream in tuple(self._blocked.values()):
            if self.paused or self._window <= 0:
                return
            if stream.id in self._blocked:
                self.body(stream)

    def stalled(self, before: float) -> list[Stream]:
        """Streams that have had no room since."""
        return [stream for stream in self._blocked.values() if stream.stalled_since < before]

    def forget(self, stream: Stream) -> None:
        """Nothing more is to be sent on a stream."""
        self._blocked.pop(stream.id, None)
        self._trailers.pop(stream.id, None)

    def grow(self, size: int) -> None:
        """The other end has more room, of all streams together."""
        self._window += size
        if not size or self._window > frames.LARGEST_WINDOW:
            raise BrokenProtocolError(Code.FLOW_CONTROL_ERROR if size else Code.PROTOCOL_ERROR)
        self.go_on()

    def say_that_no_table_is_used(self) -> None:
        """The other end keeps less of what was in blocks, and takes the next one for broken if that says nothing."""
        self._table_named = True

    def set_frame(self, size: int) -> None:
        """The other end takes frames of this size."""
        if not frames.LEAST_FRAME <= size <= frames.LARGEST_FRAME:
            raise BrokenProtocolError(Code.PROTOCOL_ERROR)
        self._frame = min(size, LARGEST_PIECE)

    def set_stream_window(self, size: int, streams: Iterable[Stream]) -> None:
        """The other end gives each stream so much."""
        if size > frames.LARGEST_WINDOW:
            raise BrokenProtocolError(Code.FLOW_CONTROL_ERROR)
        grown, self.stream_window = size - self.stream_window, size
        for stream in streams:
            stream.send_window += grown
            if stream.send_window > frames.LARGEST_WINDOW:
                raise BrokenProtocolError(Code.FLOW_CONTROL_ERROR)
