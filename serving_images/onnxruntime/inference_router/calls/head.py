"""The head of a call: what is read of it, and how it goes on to a runtime. Found out once for each that is the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inference_router.calls import words
from inference_router.decision.sides import Side
from inference_router.http2.fields import FieldList, Fields, write

_WISHES: Final = {side.encode(): side for side in Side}
_MILLISECONDS: Final = 1000
_MOST_DIGITS: Final = 7
_NOT_PASSED_ON: Final = frozenset({b"grpc-timeout", b"content-length", b":scheme"})


@dataclass(frozen=True, slots=True)
class CallHead:
    """What a client says before its first message."""

    is_call: bool
    """Whether it is one of gRPC at all."""

    path: str
    """Service and method."""

    streams: bool
    """Whether there may be more than one message."""

    fields: dict[bytes, bytes]
    """All of it by name."""

    timeout_seconds: float | None
    """How long the call may take."""

    target_seconds: float | None
    """How soon its client needs the answer."""

    wish: Side | None
    """The side that its client asks for."""

    request_id: str
    """What its client calls it."""

    block: bytes
    """All of it but its time, as a runtime gets it."""

    @classmethod
    def of(cls, fields: Fields) -> CallHead:
        """What the fields say."""
        if isinstance(fields, FieldList):
            if not isinstance(fields.known, cls):
                fields.known = cls._of(fields)
            return fields.known
        return cls._of(fields)

    def shown(self, name: bytes | None) -> str:
        """The field of a name, as it may be written down."""
        return "" if name is None else _shown(self.fields.get(name, b""))

    @classmethod
    def _of(cls, fields: Fields) -> CallHead:
        named = dict(fields)
        path = named.get(b":path", b"").decode("latin-1")
        given = named.get(b"grpc-timeout")
        told = named.get(b"falaj-latency-ms", b"")
        onward = [field for field in fields if field[0] not in _NOT_PASSED_ON]
        onward.insert(1, (b":scheme", b"http"))
        return cls(
            named.get(b":method") == b"POST" and named.get(b"content-type", b"").startswith(b"application/grpc"),
            path,
            path in words.STREAMING,
            named,
            None if given is None else words.timeout_of(given),
            int(told) / _MILLISECONDS if told.isdigit() and len(told) <= _MOST_DIGITS else None,
            _WISHES.get(named.get(b"falaj-route", b"").strip().lower()),
            _shown(named.get(b"x-request-id", b"")),
            write(onward),
        )


def _shown(value: bytes) -> str:
    return value[:128].decode("ascii", "backslashreplace")
