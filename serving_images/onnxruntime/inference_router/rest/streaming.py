"""Bodies that pass through as they come: long requests before they are whole, long answers before they are."""

from __future__ import annotations

from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, cast

from onnxruntime_server.errors import ServerError, TooLargeError
from onnxruntime_server.http import answers
from onnxruntime_server.http.answers import Answer
from onnxruntime_server.http.connection import Connection
from onnxruntime_server.http.reader import BETWEEN, BODY, DEAF, LARGE_BYTES, RequestReader
from onnxruntime_server.http.records import request_id_of

if TYPE_CHECKING:
    from onnxruntime_server.http.exchange import Exchange
    from onnxruntime_server.http.state import State

MOST_BUFFERED: Final = 64 * 1024
"""Bytes of an answer that may wait for their turn before its source is asked to pause."""

_BROKEN: Final = "the runtime of this model broke off while it answered"


class Taker(Protocol):
    """Who sends a body on."""

    def body_goes_on(self, piece: bytes) -> None:
        """A piece of it."""

    def body_ended(self) -> None:
        """All of it was there."""

    def body_failed(self, answer: Answer) -> None:
        """There will be no more of it, for the reason that the answer tells."""


class Upload:
    """A request's body that is still coming in, with all that came: whoever sends it on may have to do so again."""

    def __init__(self, pieces: list[bytes], connection: StreamingConnection) -> None:
        self.pieces = pieces
        self.connection = connection
        self.complete = False
        self.failure: Answer | None = None
        self.taker: Taker | None = None
        self.abandoned = False
        """Whether nobody waits for the answer any more; whoever takes the body takes the place of this."""

    def piece(self, data: bytes) -> None:
        """More of it."""
        self.pieces.append(data)
        if self.taker is not None:
            self.taker.body_goes_on(data)

    def end(self) -> None:
        """All of it is there."""
        self.complete = True
        if self.taker is not None:
            self.taker.body_ended()

    def fail(self, answer: Answer) -> None:
        """The rest will not come."""
        self.failure = answer
        if self.taker is not None:
            self.taker.body_failed(answer)


class Source(Protocol):
    """Where an answer comes from."""

    def pause(self) -> None:
        """Give no more of it for now."""

    def resume(self) -> None:
        """Give the rest."""


class StreamedAnswer(Answer):
    """An answer whose body is still coming in."""

    __slots__ = ("_buffered", "_connection", "_paused", "chunked", "ended", "failed", "length", "source")

    def __init__(self, status: int, headers: bytes, length: int | None, source: Source) -> None:
        super().__init__(status, headers, b"")
        self.length = length
        self.chunked = False
        self.source = source
        self.ended = False
        self.failed = False
        """Whether it broke off before its turn came."""
        self._buffered: list[bytes] = []
        self._connection: StreamingConnection | None = None
        self._paused = False

    def add(self, piece: bytes) -> None:
        """More of its body: written where it is its turn, else kept until it is."""
        if self._connection is not None:
            self._connection.write_piece(self, piece)
            return
        self._buffered.append(piece)
        if not self._paused and sum(map(len, self._buffered)) > MOST_BUFFERED:
            self._paused = True
            self.source.pause()

    def end(self) -> None:
        """All of it was given."""
        self.ended = True
        if self._connection is not None:
            self._connection.end_stream(self)

    def fail(self) -> None:
        """The rest will not come: once it was begun, cutting the connection is all that is left to tell the client."""
        if self._connection is not None:
            self._connection.abort()
        else:
            self.failed = True

    def flow_to(self, connection: StreamingConnection) -> None:
        """It is its turn."""
        self._connection = connection
        if self._paused:  # the connection may pause it anew
            self._paused = False
            self.source.resume()
        buffered, self._buffered = self._buffered, []
        for piece in buffered:
            connection.write_piece(self, piece)
        if self.ended:
            connection.end_stream(self)


class StreamingReader(RequestReader):
    """Reads requests. Bodies that turn out to be long are handed over while they come in."""

    def __init__(self, connection: Connection, state: State) -> None:
        super().__init__(connection, state)
        self._upload: Upload | None = None

    @property
    def uploads(self) -> bool:
        """Whether a body is coming in that was handed over already."""
        return self._upload is not None and self.phase == BODY

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._upload is None:
            super().on_body(data)
            exchange = self._exchange
            if self._body_bytes > LARGE_BYTES and exchange is not None and _is_long(exchange):
                self._hand_over(exchange)
            return
        self._placed = True
        if (exchange := self._exchange) is None:
            return
        self._body_bytes += len(data)
        try:
            if self._body_bytes > self._options.limits.body_bytes:
                raise TooLargeError(
                    f"the body is longer; this server takes at most {self._options.limits.body_bytes} bytes"
                )
            exchange.hold(len(data))
        except ServerError as error:
            self._refuse(answers.of_error(error))
            return
        self._upload.piece(data)

    def _hand_over(self, exchange: Exchange) -> None:
        upload = self._upload = Upload(self._parts, cast("StreamingConnection", self._connection))
        self._parts = []
        exchange.work = upload
        self._connection.received(exchange)

    def on_message_complete(self) -> None:
        """The end of a request."""
        upload, exchange = self._upload, self._exchange
        if upload is None:
            super().on_message_complete()
            return
        if exchange is None:
            return
        self._placed = True
        self._upload = self._exchange = None
        self._body_bytes = 0
        self.phase = BETWEEN
        self.deadline = inf
        if not exchange.keep_alive:
            self.stop()
        upload.end()

    def stop(self) -> None:
        """Hear no more; what is half there is forgotten."""
        if self._upload is not None:
            self._upload = self._exchange = None  # what was handed over is not this reader's to give back
        super().stop()

    def _refuse(self, answer: Answer) -> None:
        upload, exchange = self._upload, self._exchange
        if upload is None or exchange is None or self.phase == DEAF:
            super()._refuse(answer)
            return
        self.stop()
        exchange.keep_alive = False
        exchange.lingers = True
        upload.fail(answer)


def _is_long(exchange: Exchange) -> bool:
    """Whether a body is worth to be passed on before it is whole. Not every runtime takes one of unknown length."""
    return exchange.answer is None and b"transfer-encoding" not in exchange.headers


class StreamingConnection(Connection):
    """A client whose long requests and answers pass through as they come."""

    reader_of: ClassVar[type[RequestReader]] = StreamingReader

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._streamed: StreamedAnswer | None = None
        self._upload_paused = False
        self._last = False

    @property
    def uploads(self) -> bool:
        """Whether a long body is coming in."""
        return cast("StreamingReader", self._reader).uploads

    def pause_upload(self) -> None:
        """Take in no more of the request for now."""
        self._upload_paused = True
        self._balance_reading()

    def resume_upload(self) -> None:
        """Take in the rest."""
        self._upload_paused = False
        self._balance_reading()

    def write_piece(self, answer: StreamedAnswer, piece: bytes) -> None:
        """Send more of the answer whose turn it is."""
        self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.chunked else piece)
        if self._unread_bytes:
            self._count_unread(self._transport.get_write_buffer_size())

    def end_stream(self, answer: StreamedAnswer) -> None:
        """The answer whose turn it was is whole; go on with the next."""
        exchange = self._open.popleft()
        exchange.give_back()
        self._streamed = None
        if answer.chunked:
            self._transport.write(b"0\r\n\r\n")
        if self._last:
            self._finish(lingers=exchange.lingers)
            return
        self._flush()
        self._dispatch()

    def pause_writing(self) -> None:
        """Answers pile up unread."""
        super().pause_writing()
        if self._streamed is not None:
            self._streamed.source.pause()

    def resume_writing(self) -> None:
        """Most of the answers are gone."""
        super().resume_writing()
        if self._streamed is not None:
            self._streamed.source.resume()

    def _write(self, exchange: Exchange, answer: Answer) -> None:
        if not isinstance(answer, StreamedAnswer):
            super()._write(exchange, answer)
            return
        if answer.failed:
            super()._write(exchange, answers.refusal(HTTPStatus.BAD_GATEWAY, _BROKEN))
            return
        exchange.answer = None
        self._open.appendleft(exchange)
        self._note(exchange, answer.status)
        is_last_asked = len(self._open) == 1 and not self._waiting and self._reader.phase == BETWEEN
        answer.chunked = answer.length is None and exchange.keep_alive
        self._last = not exchange.keep_alive or (self._state.draining and is_last_asked)
        self._transport.write(self._head_of(exchange, answer))
        self._streamed = answer
        answer.flow_to(self)

    def _head_of(self, exchange: Exchange, answer: StreamedAnswer) -> bytes:
        extra = answers.CLOSE if self._last else b""
        if b"x-request-id" in exchange.headers and (request_id := request_id_of(exchange)) is not None:
            extra += b"x-request-id: " + request_id + b"\r\n"
        if answer.length is not None:
            extra += b"content-length: %d\r\n" % answer.length
        elif answer.chunked:
            extra += b"transfer-encoding: chunked\r\n"
        return self._state.heads.start_of(answer.status) + answer.headers + extra + b"\r\n"

    def _balance_reading(self) -> None:
        if not self._upload_paused or self._closing:
            super()._balance_reading()
        elif not self._reading_paused:
            self._reading_paused = True
            self._reader.deadline = inf
            self._transport.pause_reading()
