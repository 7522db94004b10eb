"""Where a request belongs in a trace, and the spans that a collector gets when it is asked for."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from onnxruntime_server.tracing import TraceContext, trace_context
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.serving_images import models
from tests.serving_images.process import ServerProcess

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
REQUEST = {"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [4242.0]}]}


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"00-{TRACE}-{CALLER}-01", TraceContext(TRACE, CALLER, sampled=True)),
        (f" 00-{TRACE}-{CALLER}-00 ", TraceContext(TRACE, CALLER, sampled=False)),
        (f"cc-{TRACE}-{CALLER}-01-what-a-later-version-says", TraceContext(TRACE, CALLER, sampled=True)),
        (None, None),
        ("", None),
        (f"ff-{TRACE}-{CALLER}-01", None),
        (f"00-{'0' * 32}-{CALLER}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{CALLER}-01", None),
        (f"00-{TRACE}-{CALLER}", None),
    ],
)
def test_a_header_says_where_a_request_belongs_or_nothing(header: str | None, found: TraceContext | None) -> None:
    assert trace_context(header) == found


class Collector(HTTPServer):
    """Keeps the spans that are sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Take)
        self.spans: list[Span] = []
        self.raw = b""


class Take(BaseHTTPRequestHandler):
    """Takes spans over OTLP/HTTP."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert isinstance(self.server, Collector)
        self.server.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library calls it
        del format, args


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def test_a_collector_gets_the_spans_of_callers_that_keep_theirs(tmp_path: Path) -> None:
    models.save(models.reciprocal(), tmp_path, "reciprocal")
    with collecting() as collector:
        endpoint = f"http://127.0.0.1:{collector.server_port}/v1/traces"
        server = ServerProcess(tmp_path, "--drain-seconds", "0", "--otlp-endpoint", endpoint)
        try:
            with server.client() as client:
                for flags in ("01", "00"):
                    header = {"traceparent": f"00-{TRACE}-{CALLER}-{flags}"}
                    answer = client.post("/v2/models/reciprocal/infer", json=REQUEST, headers=header)
                    assert answer.status_code == 200
            assert server.terminate() == 0
        finally:
            server.close()

    (span,) = collector.spans
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, CALLER)
    assert span.name == "POST /v2/models/{name}/infer"
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert b"4242" not in collector.raw
    assert {each.key for each in span.attributes} == {"method", "path", "status"}
