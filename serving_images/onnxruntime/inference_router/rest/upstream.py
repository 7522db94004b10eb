"""Connections to a runtime over HTTP/1.1, kept for the next request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, cast

import httptools

if TYPE_CHECKING:
    from inference_router.backends.address import Address

MOST_HEADER_BYTES: Final = 64 * 1024
"""Most bytes of an answer's headers."""

JOINED_BYTES: Final = 64 * 1024
"""A longer body is written by itself."""

LOST, NOT_HTTP, UNCONNECTED = "connection_lost", "not_http", "no_connection"
"""Causes of an answer that does not come."""

_DROPPED: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"content-length",
        b"date",
        b"x-request-id",
    }
)
"""Headers of an answer that are a connection's own, or that the router writes itself."""


class Listener(Protocol):
    """Who waits for an answer."""

    def answer_came(self, answer: UpstreamAnswer) -> None:
        """The head of an answer, and what else came with it."""

    def answer_goes_on(self, piece: bytes) -> None:
        """More of its body."""

    def answer_ended(self) -> None:
        """All of it was there."""

    def lost(self, cause: str) -> None:
        """There will be no more of it."""

    def pause_upload(self) -> None:
        """Send no more of the request for now."""

    def resume_upload(self) -> None:
        """Send on."""


class UpstreamAnswer:
    """An answer as far as it has come."""

    __slots__ = ("chunked", "complete", "headers", "length", "pieces", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers = b""
        """The lines that are passed on, each with its end."""
        self.length: int | None = None
        """Of the body, where it is said."""
        self.chunked = False
        """Whether it says itself where it ends; one that says neither ends with its connection."""
        self.pieces: list[bytes] = []
        self.complete = False


class Upstream(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, pool: Pool) -> None:
        self.used = False
        """Whether it has carried a request before the present one."""
        self._pool = pool
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._listener: Listener | None = None
        self._answer: UpstreamAnswer | None = None
        self._told = False
        self._lines: list[bytes] = []
        self._header_bytes = 0
        self._sent_all = False
        self._keep = False
        self.closed = False
        self.idle_since = 0.0

    def send(self, head: bytes, body: bytes, listener: Listener) -> None:
        """Begin a request; all of it, unless more is given to ``send_more``, which then ends with ``end_request``."""
        self._listener = listener
        self._told = self._sent_all = False
        if len(body) <= JOINED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    def send_more(self, data: bytes) -> None:
        """The next piece of the request's body."""
        self._transport.write(data)

    def end_request(self) -> None:
        """All of the request was given."""
        self._sent_all = True

    def give_up(self) -> None:
        """Nobody waits for the answer: close, which is how HTTP/1.1 tells the runtime."""
        self._listener = None
        self.close()

    def close(self) -> None:
        """Carry no more requests."""
        self.closed = True
        self._transport.abort()

    def pause(self) -> None:
        """Take in no more of the answer for now. Of one that is whole there is no more, and what comes is another's."""
        if not self.closed and self._listener is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Take in the rest."""
        if not self.closed:
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone; an answer that ends with its connection is whole."""
        self.closed = True
        self._pool.left(self)
        listener, self._listener = self._listener, None
        answer = self._answer
        self._answer = None
        if listener is None:
            return
        if self._told and exc is None and answer is not None and answer.length is None and not answer.chunked:
            listener.answer_ended()
        else:
            listener.lost(LOST)

    def eof_received(self) -> None:
        """The runtime has closed its side."""

    def pause_writing(self) -> None:
        """The runtime takes in less than comes."""
        if self._listener is not None:
            self._listener.pause_upload()

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._listener is not None:
            self._listener.resume_upload()

    def data_received(self, data: bytes) -> None:
        """Take in an answer, or parts of one. Anything else ends the connection."""
        if self._listener is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.fail(NOT_HTTP)
            return
        self._tell()

    def on_message_begin(self) -> None:
        """An answer's first byte. Nobody asked for a second one."""
        if self._answer is not None and self._answer.complete:
            raise ValueError("two answers")
        self._answer = UpstreamAnswer()
        self._lines = []
        self._header_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is passed over."""
        answer = self._answer
        if answer is None or answer.status:
            return
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MOST_HEADER_BYTES:
            raise ValueError("headers too long")
        lowered = name.lower()
        if lowered == b"content-length":
            answer.length = int(value)
        elif lowered == b"transfer-encoding":
            answer.chunked = True
        if lowered not in _DROPPED:
            self._lines.append(b"%b: %b\r\n" % (lowered, value))

    def on_headers_complete(self) -> None:
        """The end of the headers."""
        answer = self._answer
        if answer is not None:
            answer.status = self._parser.get_status_code()
            answer.headers = b"".join(self._lines)

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._answer is not None:
            self._answer.pieces.append(data)

    def on_message_complete(self) -> None:
        """The end of an answer; those that only say that one will come are passed over."""
        answer = self._answer
        if answer is None:
            return
        if answer.status < 200:  # noqa: PLR2004 - 100 Continue and its like
            self._answer = None
            return
        answer.complete = True
        self._keep = self._parser.should_keep_alive()

    def _tell(self) -> None:
        """Pass on what came."""
        answer, listener = self._answer, self._listener
        if answer is None or listener is None or not answer.status or answer.status < 200:  # noqa: PLR2004 - as above
            return
        if answer.complete:
            self._finish(answer, listener)
            return
        if not self._told:
            self._told = True
            listener.answer_came(answer)
            answer.pieces = []
            return
        pieces, answer.pieces = answer.pieces, []
        for piece in pieces:
            listener.answer_goes_on(piece)

    def _finish(self, answer: UpstreamAnswer, listener: Listener) -> None:
        """The answer is whole: the connection is free for another request, where both sides are done with this one."""
        told = self._told
        self._answer = self._listener = None
        self.used = True
        if self._keep and self._sent_all and not self.closed:
            self._pool.put_back(self)
        else:
            self.close()
        if not told:
            listener.answer_came(answer)
            return
        for piece in answer.pieces:
            listener.answer_goes_on(piece)
        listener.answer_ended()

    def fail(self, cause: str) -> None:
        """End it, and tell whoever waits."""
        listener, self._listener = self._listener, None
        self.close()
        if listener is not None:
            listener.lost(cause)


class Pool:
    """The connections to one runtime."""

    def __init__(self, address: Address, connect_seconds: float) -> None:
        self._address = address
        self._connect_seconds = connect_seconds
        self._idle: list[Upstream] = []
        self._busy: set[Upstream] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self) -> Upstream | None:
        """A connection that is open and free; nothing where there is none."""
        while self._idle:
            upstream = self._idle.pop()
            if not upstream.closed:
                self._busy.add(upstream)
                return upstream
        return None

    def connect(self, ready: Callable[[Upstream], None], failed: Callable[[str], None]) -> None:
        """Make another one, then call one of the two."""
        task = asyncio.get_running_loop().create_task(self._connect(ready, failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def put_back(self, upstream: Upstream) -> None:
        """It is free."""
        self._busy.discard(upstream)
        self._idle.append(upstream)
        upstream.idle_since = asyncio.get_running_loop().time()

    def left(self, upstream: Upstream) -> None:
        """It is gone."""
        self._busy.discard(upstream)
        if upstream in self._idle:
            self._idle.remove(upstream)

    def lose(self, why: str) -> None:
        """The runtime does not answer: whoever waits for it is told."""
        for upstream in (*self._idle, *self._busy):
            upstream.fail(why)

    @property
    def empty(self) -> bool:
        """Whether no connection is open, nor being made."""
        return not self._idle and not self._busy and not self._tasks

    def prune(self, idle_before: float) -> None:
        """Close what has not been used since: before the runtime does, as a request comes."""
        for upstream in tuple(self._idle):
            if upstream.idle_since < idle_before:
                upstream.close()

    async def _connect(self, ready: Callable[[Upstream], None], failed: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, upstream = await loop.create_connection(
                    lambda: Upstream(self), self._address.host, self._address.http_port
                )
        except (OSError, TimeoutError):
            failed(UNCONNECTED)
            return
        self._busy.add(upstream)
        ready(upstream)
