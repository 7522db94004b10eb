"""The OpenAPI document is valid, complete and true."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from onnxruntime_server.errors import ExpiredError, FullError, ModelFailedError, ServerError
from onnxruntime_server.http.openapi import document
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.routes import ROUTES
from onnxruntime_server.protocol.messages import Limits

from tests.serving_images.http_layer import FakeBackend, Reply, get, infer, layer, replies, run

DOCUMENT = document()
OPTIONS = HttpOptions(limits=Limits(body_bytes=1000), header_seconds=0.2, body_seconds=0.2, linger_seconds=0.1)
MODEL = "/v2/models/{name}"
CONTROL = "/v2/repository/models/{name}"


def test_is_an_openapi_document_and_a_spoilt_one_is_none() -> None:
    schemathesis.openapi.from_dict(document()).validate()
    spoilt = {**document(), "paths": {"/v2": {"get": {"responses": {"200": {"content": {}}}}}}}
    with pytest.raises(Exception, match="description"):
        schemathesis.openapi.from_dict(spoilt).validate()


def test_has_every_route_and_method_and_no_other() -> None:
    methods = {path: {method.upper() for method in item} - {"PARAMETERS"} for path, item in DOCUMENT["paths"].items()}
    routes = {
        route.path: set(route.endpoints) | {"HEAD"} & ({"HEAD"} if "GET" in route.endpoints else set())
        for route in ROUTES
    }
    assert methods == routes


def test_every_operation_has_a_name_of_its_own_and_every_variable_part_of_a_path_is_said() -> None:
    names = [
        operation["operationId"]
        for item in DOCUMENT["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(names) == len(set(names))
    for path, item in DOCUMENT["paths"].items():
        assert re.findall(r"{(\w+)}", path) == [each["name"] for each in item.get("parameters", [])]


@dataclass(frozen=True)
class Try:
    """A request and what it must get."""

    status: int
    path: str
    request: bytes
    refusal: ServerError | None = None
    control: bool = False


def post(path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: x", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


RAW = {"binary_data_output": True}
TRIES = [
    Try(200, "/v2", get("/v2")),
    Try(200, "/v2", get("/v2/")),
    Try(200, "/v2", get("http://server:80/v2?x=1")),
    Try(405, "/v2", get("/v2", method="OPTIONS")),
    Try(200, "/v2/health/live", get("/v2/health/live")),
    Try(200, "/v2/health/ready", get("/v2/health/ready")),
    Try(200, "/v2/models/stats", get("/v2/models/stats")),
    Try(200, MODEL, get("/v2/models/echo")),
    Try(200, MODEL, get("/v2/models/a%20b%2F%D9%81")),
    Try(404, MODEL, get("/v2/models/nobody")),
    Try(404, MODEL, get("/v2/models/%FF")),
    Try(404, MODEL, get("/v2/models/")),
    Try(200, f"{MODEL}/versions/{{version}}", get("/v2/models/echo/versions/1")),
    Try(404, f"{MODEL}/versions/{{version}}", get("/v2/models/echo/versions/2")),
    Try(200, f"{MODEL}/ready", get("/v2/models/echo/ready")),
    Try(200, f"{MODEL}/versions/{{version}}/ready", get("/v2/models/echo/versions/1/ready")),
    Try(200, f"{MODEL}/stats", get("/v2/models/echo/stats")),
    Try(200, f"{MODEL}/versions/{{version}}/stats", get("/v2/models/echo/versions/1/stats")),
    Try(200, f"{MODEL}/infer", infer(1, 2, id="7", outputs=[{"name": "out_x"}])),
    Try(200, f"{MODEL}/infer", infer(1, 2, parameters=RAW)),
    Try(
        200,
        f"{MODEL}/versions/{{version}}/infer",
        post("/v2/models/echo/versions/1/infer", infer(1).partition(b"\r\n\r\n")[2]),
    ),
    Try(400, f"{MODEL}/infer", post("/v2/models/echo/infer", b"{")),
    Try(400, f"{MODEL}/infer", post("/v2/models/echo/infer", b"{}", "inference-header-content-length: x")),
    Try(400, f"{MODEL}/infer", b"POST /v2/models/echo/infer HTTP/1.1\r\n\r\n"),
    Try(404, f"{MODEL}/infer", infer(1, model="nobody")),
    Try(405, f"{MODEL}/infer", get("/v2/models/echo/infer")),
    Try(408, f"{MODEL}/infer", post("/v2/models/echo/infer", b"{}")[:-1]),
    Try(413, f"{MODEL}/infer", post("/v2/models/echo/infer", b" " * 1001)),
    Try(417, f"{MODEL}/infer", infer(1, headers=("expect: more",))),
    Try(431, f"{MODEL}/infer", infer(1, headers=("x: " + "y" * 40000,))),
    Try(500, f"{MODEL}/infer", infer(1, model="broken")),
    Try(500, f"{MODEL}/infer", infer(1), ModelFailedError("model 'echo' ran out of memory on these inputs")),
    Try(503, f"{MODEL}/infer", infer(1), FullError("the queue is full")),
    Try(504, f"{MODEL}/infer", infer(1), ExpiredError("its time has passed")),
    Try(200, "/v2/repository/index", get("/v2/repository/index")),
    Try(200, "/v2/repository/index", post("/v2/repository/index", b'{"ready": true}')),
    Try(400, "/v2/repository/index", post("/v2/repository/index", b'{"ready": 1}')),
    Try(403, f"{CONTROL}/load", post("/v2/repository/models/echo/load")),
    Try(200, f"{CONTROL}/load", post("/v2/repository/models/echo/load"), control=True),
    Try(400, f"{CONTROL}/load", post("/v2/repository/models/echo/load", b'{"parameters": {"config": "{}"}}')),
    Try(
        200,
        f"{CONTROL}/unload",
        post("/v2/repository/models/echo/unload", b'{"parameters": {"unload_dependents": false}}'),
        control=True,
    ),
    Try(400, f"{CONTROL}/unload", post("/v2/repository/models/echo/unload", b"[]")),
    Try(403, f"{CONTROL}/unload", post("/v2/repository/models/echo/unload")),
    Try(200, "/metrics", get("/metrics")),
    Try(200, "/openapi.json", get("/openapi.json")),
]


async def answer(tried: Try) -> Reply:
    backend = FakeBackend(refusal=tried.refusal, control=tried.control)
    async with layer(OPTIONS, backend) as running:
        closing = get("/v2", close=True) if tried.status not in {408, 413, 417, 431} else b""
        return replies(await running.exchange(tried.request + closing))[0]


def test_what_the_server_answers_is_in_the_document() -> None:
    async def scenario() -> list[Reply]:
        return [await answer(tried) for tried in TRIES]

    for tried, reply in zip(TRIES, run(scenario()), strict=True):
        assert reply.status == tried.status, tried
        method = tried.request.split(b" ")[0].decode().lower()
        if tried.status != 405:
            check(DOCUMENT["paths"][tried.path][method]["responses"][str(tried.status)], reply)


def check(described: dict[str, Any], reply: Reply) -> None:
    """The answer's type and body are those that are described."""
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    for name in described.get("headers", {}):
        assert name.lower() in reply.headers or reply.headers["content-type"] == "application/json"
    if "content" not in described:
        assert reply.body == b""
        return
    kind = reply.headers["content-type"].partition(";")[0]
    schema = described["content"][kind]["schema"]
    if kind == "application/json":
        jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]}).validate(reply.json)


def test_every_status_that_a_prediction_may_get_is_met_by_the_tests() -> None:
    described = {int(status) for status in DOCUMENT["paths"][f"{MODEL}/infer"]["post"]["responses"]}
    assert described == {tried.status for tried in TRIES if tried.path == f"{MODEL}/infer"}


def test_every_path_is_met_by_the_tests() -> None:
    assert {tried.path for tried in TRIES if tried.status == 200} == set(DOCUMENT["paths"])


def test_readiness_is_described_where_it_is_not_given() -> None:
    async def scenario() -> Reply:
        async with layer(backend=FakeBackend(ready=False)) as running:
            return replies(await running.exchange(get("/v2/health/ready", close=True)))[0]

    reply = run(scenario())
    assert (reply.status, reply.json) == (503, {"ready": False})
    check(DOCUMENT["paths"]["/v2/health/ready"]["get"]["responses"]["503"], reply)


def test_the_document_is_served_as_it_is() -> None:
    async def scenario() -> Reply:
        async with layer(replace(OPTIONS)) as running:
            return replies(await running.exchange(get("/openapi.json", close=True)))[0]

    assert run(scenario()).json == DOCUMENT
