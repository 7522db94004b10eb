"""Which status belongs to an error."""

from __future__ import annotations

from typing import Final

from grpc import StatusCode

from onnxruntime_server.errors import (
    ClientGoneError,
    ExpiredError,
    ForbiddenError,
    FullError,
    InvalidArgumentError,
    ModelFailedError,
    NotFoundError,
    ServerError,
    SlowClientError,
    TooLargeError,
    UnavailableError,
)

INTERNAL: Final = "internal error; the server's log says where"
"""What a client reads about a fault of the server."""

_STATUS: Final[tuple[tuple[type[ServerError], StatusCode], ...]] = (
    (InvalidArgumentError, StatusCode.INVALID_ARGUMENT),
    (NotFoundError, StatusCode.NOT_FOUND),
    (FullError, StatusCode.RESOURCE_EXHAUSTED),
    (UnavailableError, StatusCode.UNAVAILABLE),
    (TooLargeError, StatusCode.RESOURCE_EXHAUSTED),
    (ExpiredError, StatusCode.DEADLINE_EXCEEDED),
    (ForbiddenError, StatusCode.PERMISSION_DENIED),
    (SlowClientError, StatusCode.CANCELLED),
    (ClientGoneError, StatusCode.CANCELLED),
    (ModelFailedError, StatusCode.INTERNAL),
)
_MOST_DETAIL_BYTES: Final = 2000


def status_of(error: ServerError) -> StatusCode:
    """The status code that belongs to an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), StatusCode.INTERNAL)


def details_of(error: ServerError) -> str:
    """What the client reads. It travels in a header, where clients take no more than 8 KiB: long names are cut."""
    details = str(error).encode()
    if len(details) <= _MOST_DETAIL_BYTES:
        return str(error)
    return details[:_MOST_DETAIL_BYTES].decode(errors="ignore") + "..."
