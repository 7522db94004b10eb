"""What is written down of requests, which paths lead where, and what may be remembered of them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from onnxruntime_server.http.exchange import Exchange
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.routes import MOST_KNOWN, ROUTES, Handler, Router, Target, path_of
from onnxruntime_server.http.state import State
from onnxruntime_server.logs import JsonFormatter
from onnxruntime_server.tracing import TraceContext

from tests.serving_images.http_layer import Reply, get, infer, layer, replies, run

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def ask(options: HttpOptions, *requests: bytes, tracer: Any = None) -> list[Reply]:  # noqa: ANN401 - a recorder
    async with layer(options, tracer=tracer) as running:
        return replies(await running.exchange(*requests, get("/v2", close=True)))


@pytest.mark.parametrize(
    ("given", "echoed"),
    [("7f-a!~", "7f-a!~"), ("x" * 128, "x" * 128), ("x" * 129, None), ("a b", None), ("\xe9", None), ("", None)],
)
def test_a_request_id_comes_back_where_it_is_one(given: str, echoed: str | None) -> None:
    request = get("/v2/health/live").replace(b"host: x", b"host: x\r\nx-request-id: " + given.encode("latin-1"))
    reply, after = run(ask(HttpOptions(), request))
    assert reply.headers.get("x-request-id") == echoed
    assert "x-request-id" not in after.headers


def test_the_id_in_a_body_comes_back_in_the_body() -> None:
    reply, _ = run(ask(HttpOptions(), infer(1, id="7")))
    assert reply.json["id"] == "7"


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(JsonFormatter().format(record)) for record in caplog.records]


def test_requests_are_logged_when_asked_for_with_their_ids_and_without_their_query(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "onnxruntime_server")
    named = get("/v2/health/live?token=784", "x-request-id: 7", f"traceparent: {TRACE}")
    run(ask(HttpOptions(log_requests=True), named, infer(784, model="nobody")))
    first, second, third = lines(caplog)
    assert first.pop("seconds") < 60
    assert {name: first[name] for name in first.keys() - {"time", "level", "logger"}} == {
        "message": "request",
        "method": "GET",
        "path": "/v2/health/live",
        "status": 200,
        "request_id": "7",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
    assert (second["path"], second["status"]) == ("/v2/models/nobody/infer", 404)
    assert "request_id" not in third
    assert "784" not in json.dumps([{**line, "time": "", "seconds": 0} for line in (first, second)])


def test_unasked_only_faults_of_the_server_are_logged_and_not_their_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "onnxruntime_server")
    reply, *_ = run(ask(HttpOptions(), infer(1, model="broken"), infer(1, model="nobody"), infer(1)))
    assert (reply.status, reply.error) == (500, "internal error; the server's log says where")
    fault, request = lines(caplog)
    assert (fault["message"], fault["exception"]) == ("a request was not handled", "RuntimeError")
    assert (request["message"], request["status"]) == ("request", 500)
    assert "784" not in json.dumps([{**line, "time": "", "seconds": 0} for line in (fault, request)])


class Recorder:
    """A tracer that keeps what it is told."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, TraceContext | None, dict[str, str | int], bool]] = []

    def record(
        self, name: str, context: TraceContext | None, seconds: float, facts: dict[str, str | int], *, failed: bool
    ) -> None:
        assert 0 <= seconds < 60
        self.spans.append((name, context, facts, failed))


def test_spans_are_named_by_route_and_follow_their_caller() -> None:
    tracer = Recorder()
    traced = infer(1, headers=(f"traceparent: {TRACE}",))
    run(ask(HttpOptions(), traced, infer(1, model="broken"), get("/nowhere"), tracer=tracer))
    context = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
    assert [(name, found, failed) for name, found, _, failed in tracer.spans] == [
        ("POST /v2/models/{name}/infer", context, False),
        ("POST /v2/models/{name}/infer", None, True),
        ("GET no such path", None, False),
        ("GET /v2", None, False),
    ]
    assert tracer.spans[0][2] == {"method": "POST", "path": "/v2/models/echo/infer", "status": 200}


def unused(exchange: Exchange, target: Target) -> None:
    raise NotImplementedError


HANDLERS: dict[str, Handler] = {name: unused for route in ROUTES for name in route.endpoints.values()}


@pytest.mark.parametrize(
    ("url", "name", "version"),
    [
        (b"/v2/models/a/infer", "a", None),
        (b"/v2/models/a/versions/12/infer", "a", "12"),
        (b"/v2/models/a%20b%2Fc/infer?x=/y#z", "a b/c", None),
        (b"http://host:80/v2/models/a/infer", "a", None),
        (b"/v2/models/versions/versions/versions/infer", "versions", "versions"),
        (b"/v2/models/stats/infer", "stats", None),
        (b"/v2/models//infer", None, None),
        (b"/v2/models/a/infer/", None, None),
        (b"/v2//models/a/infer", None, None),
        (b"/V2/models/a/infer", None, None),
        (b"/v2/models/%ff/infer", None, None),
        (b"*", None, None),
        (b"", None, None),
    ],
)
def test_paths_lead_to_models(url: bytes, name: str | None, version: str | None) -> None:
    router = Router(HANDLERS)
    for _ in range(2):  # the second time it is remembered
        target = router.find(url)
        if name is None:
            assert target is None
        else:
            assert target is not None
            assert target.route.endpoints == {"POST": "infer"}
            assert (target.name, target.version) == (name, version)


def test_what_is_remembered_of_paths_has_a_bound() -> None:
    router = Router(HANDLERS)
    for number in range(3 * MOST_KNOWN):
        assert router.find(b"/v2/models/%d/infer" % number) is not None
    assert len(router._known) <= MOST_KNOWN
    assert router.find(b"/v2/models/" + b"x" * 9000) is not None
    assert max(map(len, router._known)) < 300


def test_the_path_of_a_url_has_no_query_and_no_host() -> None:
    assert [path_of(url) for url in (b"/a?b", b"http://h/a?b", b"http://h", b"*")] == [b"/a", b"/a", b"/", b"*"]


def test_state_begins_without_connections() -> None:
    async def scenario() -> State:
        async with layer() as running:
            return running.server._state

    state = run(scenario())
    assert state.empty.is_set()
    assert state.connections == set()
