"""One stream of a connection: what may still be sent on it, what waits to be sent, what was taken in."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from inference_router.http2.frames import Code

if TYPE_CHECKING:
    from inference_router.http2.connection import Http2Connection
    from inference_router.http2.fields import Fields


class Owner(Protocol):
    """Who a stream belongs to."""

    def fields_came(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        """The head of a message, or its trailers."""

    def data_came(self, stream: Stream, data: bytes, *, ended: bool) -> None:
        """A piece of its body. To be given back to its connection once it has gone on."""

    def sent(self, stream: Stream, size: int) -> None:
        """So much of what was to be sent has gone out."""

    def stream_lost(self, stream: Stream, code: int, *, harmless: bool) -> None:
        """The other end, or the connection, broke it off; ``harmless`` says that it was surely not worked on."""


class Stream:
    """A stream that is open, at least in one direction."""

    __slots__ = (
        "_ends",
        "_waiting",
        "connection",
        "fields_read",
        "id",
        "open",
        "owed",
        "owner",
        "receive_window",
        "received_all",
        "send_window",
        "sent_all",
        "stalled_since",
        "unconsumed",
    )

    def __init__(self, connection: Http2Connection, number: int, send_window: int, receive_window: int) -> None:
        self.id = number
        self.owner: Owner | None = None
        self.send_window = send_window
        self.receive_window = receive_window
        self.open = True
        """Whether anything may still happen on it."""
        self.unconsumed = 0
        """Bytes that came and have not gone on."""
        self.owed = 0
        """Bytes that have gone on, and the other end was not told yet."""
        self.received_all = False
        self.sent_all = False
        self.stalled_since = 0.0
        """When its body last had no room to go on."""
        self.fields_read = False
        """Whether the head of the message was read: what follows are trailers."""
        self.connection = connection
        """Takes back, with ``consumed``, what has gone on."""
        self._waiting: deque[bytes] = deque()
        self._ends = False

    @property
    def waits(self) -> bool:
        """Whether something of its body is to be sent."""
        return bool(self._waiting)

    def send_fields(self, fields: Fields, *, end: bool = False) -> None:
        """Send a head, or trailers; these wait for the body before them."""
        if self.open and not self.sent_all:
            self.connection.sender.fields(self, fields, end=end)

    def send_block(self, block: bytes, *, end: bool = False) -> None:
        """Send a head that was written before."""
        if self.open and not self.sent_all:
            self.connection.sender.block(self, block, end=end)

    def send(self, data: bytes, *, end: bool = False) -> None:
        """Send a piece of the body, now or when there is room."""
        if not self.open or self.sent_all:
            return
        self._ends = self._ends or end
        if not data and not end:
            return
        sender = self.connection.sender
        if self._waiting or not sender.at_once(self, data, last=self._ends):
            self._waiting.append(data)
            sender.body(self)

    def discard(self) -> None:
        """Nothing of what came will go on any more."""
        self.connection.consumed(self, self.unconsumed)

    def reset(self, code: int = Code.CANCEL) -> None:
        """Break it off."""
        self.connection.reset(self, code)

    def take(self, most: int) -> tuple[bytes, bool]:
        """The next piece that fits, and whether it is the last."""
        piece = self._waiting.popleft()
        if len(piece) > most:
            self._waiting.appendleft(piece[most:])
            piece = piece[:most]
        return piece, self._ends and not self._waiting

    def next_is_empty(self) -> bool:
        """Whether what is sent next needs no room: the end of a body."""
        return not self._waiting[0]
