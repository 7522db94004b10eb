"""What is written down of a request: its place and its outcome, never what was sent or answered."""

from __future__ import annotations

import logging
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from onnxruntime_server.http.routes import path_of
from onnxruntime_server.tracing import trace_context

if TYPE_CHECKING:
    from onnxruntime_server.http.exchange import Exchange
    from onnxruntime_server.tracing import Tracer

_REQUEST_ID: Final = re.compile(rb"[!-~]{1,128}")
_LONGEST_PATH: Final = 256
_LOG = logging.getLogger(__name__)


def request_id_of(exchange: Exchange) -> bytes | None:
    """The client's name for its request, where it can be sent back and logged as it is."""
    found = exchange.headers.get(b"x-request-id", b"")
    return found if _REQUEST_ID.fullmatch(found) else None


def record(exchange: Exchange, status: int, tracer: Tracer | None, *, logged: bool) -> None:
    """Log a request where that is wanted, or was the server's fault; give the tracer a span."""
    seconds = time.perf_counter() - exchange.started
    facts: dict[str, str | int] = {
        "method": exchange.method.decode(),
        "path": path_of(exchange.url)[:_LONGEST_PATH].decode("latin-1"),
        "status": int(status),
    }
    context = trace_context(exchange.headers.get(b"traceparent", b"").decode("latin-1"))
    failed = status == HTTPStatus.INTERNAL_SERVER_ERROR
    if tracer is not None:
        name = exchange.target.route.path if exchange.target is not None else "no such path"
        tracer.record(f"{facts['method']} {name}", context, seconds, facts, failed=failed)
    if not logged and not failed:
        return
    line: dict[str, object] = {**facts, "seconds": round(seconds, 6)}
    if (request_id := request_id_of(exchange)) is not None:
        line["request_id"] = request_id.decode()
    if context is not None:
        line["trace_id"] = context.trace_id
    _LOG.info("request", extra={"facts": line})
