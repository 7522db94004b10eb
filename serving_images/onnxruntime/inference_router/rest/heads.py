"""Heads of requests as they are passed on, and what the decision reads of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from onnxruntime_server.http.records import request_id_of
from onnxruntime_server.http.routes import path_of

from inference_router.decision.sides import Ask, Side

if TYPE_CHECKING:
    from onnxruntime_server.http.exchange import Exchange

ROUTE: Final = b"falaj-route"
"""The header, or the parameter, by which a client asks for a side: ``cpu`` or ``gpu``."""

TARGET: Final = b"falaj-latency-ms"
"""The header by which a client says how soon it needs the answer."""

LOOKED_AT: Final = 1024
"""Bytes of a JSON body that are searched for the shape of its first tensor, and for a wish."""

_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"expect",
        b"content-length",
        b"http2-settings",
    }
)
_SHAPE: Final = re.compile(rb'"shape"\s*:\s*\[\s*([0-9]{1,9})\s*[,\]]')
_WISH: Final = re.compile(rb'"falaj-route"\s*:\s*"(cpu|gpu)"')
_NUMBER: Final = re.compile(rb"[0-9]{1,7}(?:\.[0-9]{1,6})?")
_SIDES: Final = {side.encode(): side for side in Side}
_MILLISECONDS: Final = 1000.0


def request_head(exchange: Exchange, length: int) -> bytes:
    """The request's head as a runtime gets it: the client's own, but for what belongs to a connection."""
    headers = exchange.headers
    dropped = _HOP_BY_HOP
    if b"connection" in headers:
        named = (name.strip().lower() for name in headers[b"connection"].split(b","))
        dropped = dropped.union(named)
    method = b"GET" if exchange.method == b"HEAD" else exchange.method
    url = exchange.url if exchange.url.startswith(b"/") else path_of(exchange.url)
    lines = [b"%b %b HTTP/1.1\r\n" % (method, url)]
    lines += [b"%b: %b\r\n" % (name, value) for name, value in headers.items() if name not in dropped]
    if b"host" not in headers:
        lines.append(b"host: router\r\n")
    if length or method == b"POST":
        lines.append(b"content-length: %d\r\n" % length)
    lines.append(b"\r\n")
    return b"".join(lines)


def ask_of(exchange: Exchange, model: str, start: bytes, length: int) -> Ask:
    """What is known of a request for a prediction from its head and the start of its body."""
    headers = exchange.headers
    return Ask(
        model=model,
        rows=rows_of(start) if b"content-encoding" not in headers else None,
        body_bytes=length,
        wish=_SIDES.get(headers[ROUTE].strip().lower()) if ROUTE in headers else wish_of(start),
        target_seconds=_target(headers[TARGET]) if TARGET in headers else None,
    )


def rows_of(start: bytes) -> int | None:
    """The first dimension of the first tensor in a JSON body, where its shape is told early."""
    match = _SHAPE.search(start, 0, LOOKED_AT)
    return None if match is None else int(match[1])


def wish_of(start: bytes) -> Side | None:
    """The side that a parameter in a JSON body asks for."""
    match = _WISH.search(start, 0, LOOKED_AT) if ROUTE in start else None
    return None if match is None else _SIDES[match[1]]


def caller_of(exchange: Exchange, header: bytes | None) -> str:
    """Who asks, as the gateway says in a header."""
    if header is None:
        return ""
    return exchange.headers.get(header, b"")[:128].decode("ascii", "backslashreplace")


def request_id(exchange: Exchange) -> str:
    """What the client calls its request."""
    found = request_id_of(exchange)
    return "" if found is None else found.decode()


def _target(value: bytes) -> float | None:
    """What is not a number of milliseconds says nothing."""
    return float(value) / _MILLISECONDS if _NUMBER.fullmatch(value.strip()) else None
