"""Where a request belongs in a trace, and spans for those who want them.

Source: https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from onnxruntime_server import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRACE_PARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII)
_SAMPLED: Final = 1


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The caller's place in a trace."""

    trace_id: str
    """32 hexadecimal digits."""

    span_id: str
    """16 hexadecimal digits: the caller's span."""

    sampled: bool
    """Whether the caller keeps its spans."""


def trace_context(header: str | None) -> TraceContext | None:
    """What a ``traceparent`` header says; nothing where it says nothing valid, which is no fault of the request."""
    if header is None or (match := _TRACE_PARENT.fullmatch(header.strip())) is None:
        return None
    trace_id, span_id, flags = match.groups()
    if header.startswith("ff") or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


class Tracer:
    """Sends a span for each request whose caller keeps its own, over OTLP/HTTP, from a thread of its own.

    Holds names, sizes, times and outcomes of requests; never what a client sent or a model said. The libraries are
    imported here alone: whoever wants no spans does not pay for them.
    """

    def __init__(self, endpoint: str) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - see above
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - see above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - see above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - see above

        self._trace = trace
        resource = Resource({"service.name": "onnxruntime_server", "service.version": __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("onnxruntime_server", __version__)

    def record(
        self, name: str, context: TraceContext | None, seconds: float, facts: Mapping[str, str | int], *, failed: bool
    ) -> None:
        """Note a request that ended now and took so long; nothing where its caller keeps no spans."""
        if context is None or not context.sampled:
            return
        trace = self._trace
        parent = trace.NonRecordingSpan(
            trace.SpanContext(
                int(context.trace_id, 16), int(context.span_id, 16), is_remote=True, trace_flags=trace.TraceFlags(1)
            )
        )
        ended = time.time_ns()
        span = self._tracer.start_span(
            name,
            trace.set_span_in_context(parent),
            kind=trace.SpanKind.SERVER,
            attributes=dict(facts),
            start_time=ended - int(seconds * 1e9),
        )
        if failed:
            span.set_status(trace.StatusCode.ERROR)
        span.end(ended)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
