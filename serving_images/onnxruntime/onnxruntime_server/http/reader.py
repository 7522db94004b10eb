"""Requests out of bytes, with a bound on everything: headers, bodies, what is between them, and the time they take."""

from __future__ import annotations

import logging
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Final

import httptools

from onnxruntime_server.errors import ServerError, SlowClientError, TooLargeError
from onnxruntime_server.http import answers
from onnxruntime_server.http.answers import MOST_HEADER_BYTES, Answer
from onnxruntime_server.http.exchange import Exchange
from onnxruntime_server.http.known_head import KnownHead, known_head

if TYPE_CHECKING:
    from onnxruntime_server.http.connection import Connection
    from onnxruntime_server.http.state import State

LARGE_BYTES: Final = 64 * 1024
"""A longer body is taken in only where its request has a chance."""

_LOG = logging.getLogger(__name__)


BETWEEN, HEAD, BODY, DEAF = range(4)
"""What the next bytes belong to; plain numbers, because they are looked at several times for every request."""


class RequestReader:
    """The receiving side of a connection. Nothing that a client sends makes it raise."""

    deadline: float
    """When a part of a request is due, or a quiet connection ends; looked at now and then."""

    def __init__(self, connection: Connection, state: State) -> None:
        self.deadline = state.now + state.options.idle_seconds
        self._connection = connection
        self._state = state
        self._options = state.options
        self._few_digits = len(str(min(LARGE_BYTES, state.options.limits.body_bytes))) - 1
        self._parser = httptools.HttpRequestParser(self)
        self.phase = BETWEEN
        self._exchange: Exchange | None = None
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._header_bytes = 0
        self._parts: list[bytes] = []
        self._body_bytes = 0
        self._loose_bytes = 0
        self._placed = False
        self._upgrade = False
        self._resuming = False
        self._begun_with = b""
        self._known: KnownHead | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes in. Whole requests go to the connection, and refusals too."""
        if self.phase == DEAF or (self._known is not None and self._is_known(data, self._known)):
            return
        self._placed = False
        self._known = None
        self._begun_with = data if self.phase == BETWEEN else b""
        try:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._go_on(memoryview(data)[upgrade.args[0] :])
        except httptools.HttpParserCallbackError:
            _LOG.exception("a request was not read")
            self._refuse(answers.internal_error())
        except httptools.HttpParserError:
            self._refuse(answers.refusal(HTTPStatus.BAD_REQUEST, "the request is not valid HTTP/1.1"))
        self._begun_with = b""
        if self._placed:
            self._loose_bytes = 0
            return
        # What is not yet part of a whole head or of a body: a head's beginning, trailers, the sizes of chunks.
        self._loose_bytes += len(data)
        if self._loose_bytes > MOST_HEADER_BYTES:
            self._refuse(answers.headers_too_long())

    def _is_known(self, data: bytes, known: KnownHead) -> bool:
        """Take in a request whose head is that of the one before, byte for byte: most clients send the same again."""
        if self.phase != BETWEEN or len(data) != known.request_bytes or not data.startswith(known.head):
            return False
        exchange = Exchange(self._connection, self._state.memory, known.method, known.url, known.headers)
        exchange.target = known.target
        exchange.body = data[len(known.head) :]
        self.deadline = inf
        try:
            exchange.hold(len(exchange.body))
        except ServerError as error:
            self._exchange, self.phase = exchange, BODY
            self._refuse(answers.of_error(error))
            return True
        self._connection.received(exchange)
        return True

    def stop(self) -> None:
        """Hear no more; what is half there is forgotten."""
        self.phase = DEAF
        self.deadline = inf
        self._forget_body()
        self._exchange = None

    def resume(self, *, waits: bool) -> None:
        """Give the client its time anew, after a pause that was not its own. Where it waits, it may be quiet."""
        seconds = {
            BETWEEN: inf if waits else self._options.idle_seconds,
            HEAD: self._options.header_seconds,
            BODY: self._options.body_seconds,
            DEAF: inf,
        }
        self.deadline = self._state.now + seconds[self.phase]

    def release(self) -> None:
        """Let go of the parser, which holds this as this holds it."""
        self.stop()
        del self._parser

    def time_is_up(self) -> None:
        """Refuse a request whose next part did not come."""
        if self.phase == HEAD:
            what, seconds = "request line and headers", self._options.header_seconds
        else:
            what, seconds = "body", self._options.body_seconds
        self._refuse(answers.of_error(SlowClientError(f"the {what} did not arrive within {seconds:g} seconds")))

    def _go_on(self, rest: memoryview) -> None:
        """Read what is behind a request that asks for another protocol."""
        while self.phase != DEAF:
            self._ignore_upgrade()
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
            else:
                return

    def _ignore_upgrade(self) -> None:
        """Go on in HTTP/1.1, as a server may. The parser is done; another one is told what frames the body."""
        names = [name for name in (b"content-length", b"transfer-encoding") if name in self._headers]
        framing = [b"POST / HTTP/1.1", *(name + b": " + self._headers[name] for name in names)]
        self._parser = httptools.HttpRequestParser(self)
        self._upgrade, self._resuming = False, True
        self._begun_with = b""
        self._parser.feed_data(b"\r\n".join((*framing, b"", b"")))
        self._resuming = False

    def on_message_begin(self) -> None:
        """A request's first byte."""
        if self._resuming or self.phase == DEAF:
            return
        self.phase = HEAD
        self._url = b""
        self._headers = {}
        self._header_bytes = 0
        self.deadline = self._state.now + self._options.header_seconds

    def on_url(self, url: bytes) -> None:
        """A piece of the URL."""
        if self.phase == HEAD:
            self._url += url
            self._header_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is not looked at."""
        if self.phase == HEAD:
            name = name.lower()
            self._headers[name] = b"%b, %b" % (self._headers[name], value) if name in self._headers else value
            self._header_bytes += len(name) + len(value)
            if self._header_bytes > MOST_HEADER_BYTES:
                self._refuse(answers.headers_too_long())

    def on_headers_complete(self) -> None:
        """The end of a request's headers."""
        if self.phase != HEAD:
            return
        parser, headers, state = self._parser, self._headers, self._state
        self._placed = True
        self.phase = BODY
        self.deadline = state.now + self._options.body_seconds
        method = parser.get_method()
        exchange = self._exchange = Exchange(self._connection, state.memory, method, self._url, headers)
        exchange.target = state.router.find(self._url)
        exchange.keep_alive = parser.should_keep_alive() and method != b"CONNECT"
        self._upgrade = b"upgrade" in headers and parser.should_upgrade()
        if b"connection" in headers or b"host" not in headers:
            version = parser.get_http_version()
            exchange.keep_alive = exchange.keep_alive and version != "1.0"
            if version == "1.1" and b"host" not in headers:
                self._refuse(answers.refusal(HTTPStatus.BAD_REQUEST, "an HTTP/1.1 request needs a Host header"))
                return
        length = headers.get(b"content-length", b"")
        if len(length) > self._few_digits or b"expect" in headers or b"transfer-encoding" in headers:
            self._begun_with = b""
            self._consider(exchange, headers)

    def _consider(self, exchange: Exchange, headers: dict[bytes, bytes]) -> None:
        """Refuse before the body comes what is refused anyway, and tell a client that waits for it that it may send."""
        if (refusal := self._unwanted(headers)) is not None:
            self._refuse(refusal)
            return
        expected = b"expect" in headers
        exchange.answer = self._state.endpoints.refusal_before_body(exchange)
        if expected and exchange.answer is None:
            self._connection.wants_body()
        elif expected and exchange.answer is not None:
            self._refuse(exchange.answer)

    def _unwanted(self, headers: dict[bytes, bytes]) -> Answer | None:
        """Why a body is not taken in at all."""
        if (coding := headers.get(b"transfer-encoding", b"chunked").lower()) != b"chunked":
            shown = coding.decode("latin-1")[:32]
            message = f"Transfer-Encoding '{shown}' is not supported; use chunked or a Content-Length"
            return answers.refusal(HTTPStatus.BAD_REQUEST, message)
        digits = headers.get(b"content-length", b"").lstrip(b"0") or b"0"
        most = self._options.limits.body_bytes
        if len(digits) > len(str(most)) or int(digits) > most:
            return answers.of_error(_too_large(f"is {digits[:20].decode()} bytes long", most))
        if headers.get(b"expect", b"100-continue").lower() != b"100-continue":
            return answers.refusal(HTTPStatus.EXPECTATION_FAILED, "the only Expect this server knows is 100-continue")
        return None

    def on_body(self, data: bytes) -> None:
        """A piece of the body; kept only where it will be read."""
        exchange = self._exchange
        self._placed = True
        if exchange is None or exchange.answer is not None:
            return
        self._body_bytes += len(data)
        try:
            if self._body_bytes > self._options.limits.body_bytes:
                raise _too_large("is longer", self._options.limits.body_bytes)
            exchange.hold(len(data))
        except ServerError as error:
            self._refuse(answers.of_error(error))
            return
        self._parts.append(data)

    def on_message_complete(self) -> None:
        """The end of a request."""
        exchange = self._exchange
        if exchange is None or self._upgrade:
            return
        self._placed = True
        if self._parts:
            exchange.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._parts = []
            self._body_bytes = 0
        self._exchange = None
        self.phase = BETWEEN
        self.deadline = inf
        if not exchange.keep_alive:
            self.stop()
        elif self._begun_with:
            self._known = known_head(self._begun_with, exchange)
        self._connection.received(exchange)

    def _refuse(self, answer: Answer) -> None:
        """Answer once more and then no more: where a request ends can't be told, or it is not worth waiting for."""
        if self.phase == DEAF:
            return
        exchange = self._exchange
        if exchange is None:
            url, headers = (b"", {}) if self.phase == BETWEEN else (self._url, self._headers)
            exchange = Exchange(self._connection, self._state.memory, b"", url, headers)
        self.stop()
        exchange.keep_alive = False
        exchange.lingers = True
        exchange.answer = answer
        self._connection.received(exchange)

    def _forget_body(self) -> None:
        if self._exchange is not None:
            self._exchange.give_back()
        self._parts = []
        self._body_bytes = 0


def _too_large(found: str, most: int) -> TooLargeError:
    return TooLargeError(f"the body {found}; this server takes at most {most} bytes")
