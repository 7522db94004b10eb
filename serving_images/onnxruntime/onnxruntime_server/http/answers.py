"""Answers as they go over the wire: status, headers and body, errors among them."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final

import orjson

from onnxruntime_server.errors import (
    ClientGoneError,
    ExpiredError,
    ForbiddenError,
    InvalidArgumentError,
    ModelFailedError,
    NotFoundError,
    ServerError,
    SlowClientError,
    TooLargeError,
    UnavailableError,
)

MOST_HEADER_BYTES: Final = 32 * 1024
"""Most bytes of a request line with its headers, and of what stands between the parts of a body."""

JSON: Final = b"content-type: application/json\r\n"
BINARY: Final = b"content-type: application/octet-stream\r\n"
PROMETHEUS: Final = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"
RETRY: Final = b"retry-after: 1\r\n"
CLOSE: Final = b"connection: close\r\n"
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
OK: Final = HTTPStatus.OK.value
INTERNAL_ERROR: Final = HTTPStatus.INTERNAL_SERVER_ERROR.value
CLIENT_GONE: Final = 499
"""What is counted where nobody was there to be answered; never sent."""

_STATUS: Final[tuple[tuple[type[ServerError], int], ...]] = (
    (InvalidArgumentError, HTTPStatus.BAD_REQUEST.value),
    (NotFoundError, HTTPStatus.NOT_FOUND.value),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE.value),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value),
    (ExpiredError, HTTPStatus.GATEWAY_TIMEOUT.value),
    (ForbiddenError, HTTPStatus.FORBIDDEN.value),
    (SlowClientError, HTTPStatus.REQUEST_TIMEOUT.value),
    (ClientGoneError, CLIENT_GONE),
    (ModelFailedError, HTTPStatus.INTERNAL_SERVER_ERROR.value),
)
_LINES: Final = {int(status): f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


@dataclass(slots=True)
class Answer:
    """What a request gets."""

    status: int
    """The status code, as a plain number: an HTTPStatus takes longer to look up than the answer to write."""

    headers: bytes
    """Header lines that belong to the body or the status, each with its end."""

    body: bytes
    """The body, whole."""


def of_json(document: object, status: int = OK) -> Answer:
    """An answer in JSON."""
    return Answer(int(status), JSON, orjson.dumps(document))


def of_error(error: ServerError) -> Answer:
    """The refusal that belongs to an error."""
    return refusal(status_of(error), str(error))


def status_of(error: ServerError) -> int:
    """The status code that belongs to an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), INTERNAL_ERROR)


def refusal(status: int, message: str, headers: bytes = b"") -> Answer:
    """``{"error": "..."}``; where the same request may succeed later, with the time to wait."""
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers += RETRY
    document: dict[str, Any] = {"error": message}
    return Answer(int(status), JSON + headers, orjson.dumps(document))


def too_many_connections() -> Answer:
    """For a connection above the limit."""
    return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the server is busy: it has as many connections as it takes")


def headers_too_long() -> Answer:
    """For a request that spends too much on what is not its body."""
    return refusal(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        f"the request line and headers are longer than {MOST_HEADER_BYTES} bytes",
    )


def internal_error() -> Answer:
    """For a fault of the server."""
    return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error; the server's log says where")


class Heads:
    """Writes what stands before the body of answers."""

    def __init__(self) -> None:
        self._starts: dict[int, bytes] = {}
        self.tell_time()

    def tell_time(self) -> None:
        """Take over the time of day; to be called about every second."""
        date = f"date: {formatdate(usegmt=True)}\r\n".encode()
        self._starts = {status: line + date for status, line in _LINES.items()}

    def start_of(self, status: int) -> bytes:
        """Status line and date."""
        return self._starts[status]

    def of(self, answer: Answer, extra: bytes) -> bytes:
        """Status line and headers."""
        start = self._starts[answer.status]
        return b"%b%bcontent-length: %d\r\n%b\r\n" % (start, answer.headers, len(answer.body), extra)
