"""The words of gRPC over HTTP/2: methods, statuses, times.

Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from inference_router.http2.fields import Fields

INFERENCE: Final = "/inference.GRPCInferenceService/"
INFER: Final = f"{INFERENCE}ModelInfer"
STREAM_INFER: Final = f"{INFERENCE}ModelStreamInfer"

STREAMING: Final = frozenset(
    {
        STREAM_INFER,
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    }
)
"""Methods with more than one message, whose calls may be quiet for as long as they like."""

PASSED_ON: Final = STREAMING | {
    "/grpc.health.v1.Health/Check",
    *(
        f"{INFERENCE}{name}"
        for name in (
            "ModelConfig",
            "ModelInfer",
            "ModelMetadata",
            "ModelReady",
            "ModelStatistics",
            "RepositoryIndex",
            "ServerLive",
            "ServerMetadata",
            "ServerReady",
        )
    ),
}
"""Methods that are passed on."""

OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE = (
    0, 1, 2, 4, 8, 12, 13, 14,
)  # fmt: skip
PERMISSION_DENIED: Final = 7
"""Statuses."""

NAMES: Final = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip

_RETRY_MS: Final = b"1000"
_TIMEOUT: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNITS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_MOST_COUNT: Final = 99_999_999
_STATUS: Final = re.compile(rb"[0-9]{1,2}")


def value_of(fields: Fields, wanted: bytes) -> bytes | None:
    """The first field of a name."""
    return next((value for name, value in fields if name == wanted), None)


def status_of(trailers: Fields) -> int:
    """The status that trailers tell; without one, or one that is none, that of a fault nobody knows of."""
    value = value_of(trailers, b"grpc-status")
    return int(value) if value is not None and _STATUS.fullmatch(value) else UNKNOWN


def name_of(status: int) -> str:
    """The status's name."""
    return NAMES[status] if status < len(NAMES) else "UNKNOWN"


def trailers(status: int, message: str) -> Fields:
    """The end of a call that was begun to be answered."""
    fields = [(b"grpc-status", b"%d" % status), (b"grpc-message", quote(message, safe=" ,;:'()/").encode())]
    if status == UNAVAILABLE:
        fields.append((b"grpc-retry-pushback-ms", _RETRY_MS))
    return fields


def refusal(status: int, message: str) -> Fields:
    """The whole answer of a call that is refused."""
    return [(b":status", b"200"), (b"content-type", b"application/grpc"), *trailers(status, message)]


def timeout_of(value: bytes) -> float | None:
    """The seconds that ``grpc-timeout`` says; what is not one says nothing."""
    match = _TIMEOUT.fullmatch(value)
    return None if match is None else int(match[1]) * _UNITS[match[2]]


def timeout(seconds: float) -> bytes:
    """The value of ``grpc-timeout`` for the time that is left, in the finest unit that has room for it."""
    for unit in (b"u", b"m", b"S"):
        count = max(1, int(seconds / _UNITS[unit]))
        if count <= _MOST_COUNT:
            break
    return b"%d%b" % (min(count, _MOST_COUNT), unit)
