"""The OpenAPI 3.1 document of this server: every path, every status."""

from __future__ import annotations

import re
from typing import Any, Final

from onnxruntime_server import __version__
from onnxruntime_server.http.routes import ROUTES, Route
from onnxruntime_server.protocol.datatypes import Datatype

_STATUSES: Final = {
    400: "The request is malformed, does not fit the model, or holds values that the model can't compute.",
    403: "The operator has not switched this on.",
    404: "No such path, model or version.",
    405: "Another method; the header Allow names those that there are.",
    408: "The headers, or the body, took too long.",
    413: "Body, tensors or elements over the limit.",
    417: "An Expect other than 100-continue.",
    431: "The request line and headers are over 32 KiB.",
    500: "The model ran out of memory, or a fault of the server.",
    503: "Loading, full or stopping; the same request may succeed after Retry-After seconds.",
    504: "The time that the client gave its request has passed.",
}
_ANYWHERE: Final = (400, 405, 408, 413, 417, 431, 500, 503)


def document() -> dict[str, Any]:
    """The document, as it is served and as it is tested."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Open Inference Protocol v2",
            "summary": "ONNX models on CPU.",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {route.path: _path(route) for route in ROUTES},
        "components": {"schemas": _SCHEMAS, "responses": {str(status): _refusal(status) for status in _STATUSES}},
    }


def _path(route: Route) -> dict[str, Any]:
    """Each method of a path; HEAD is where GET is and gives the same without a body."""
    item: dict[str, Any] = {}
    for method, endpoint in route.endpoints.items():
        item[method.lower()] = _operation(route, method, endpoint)
        if method == "GET":
            item["head"] = _operation(route, "HEAD", endpoint)
    names = re.findall(r"{(\w+)}", route.path)
    if names:
        item["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in names
        ]
    return item


def _operation(route: Route, method: str, endpoint: str) -> dict[str, Any]:
    words, statuses, answer = _ENDPOINTS[endpoint]
    versioned = "_of_version" if "{version}" in route.path else ""
    responses: dict[str, Any] = {
        str(status): {"$ref": f"#/components/responses/{status}"} for status in (*_ANYWHERE, *statuses)
    }
    responses["200"] = {"description": words, **answer}
    if endpoint in {"ready", "model_ready"}:
        either = {"oneOf": [_schema("Readiness"), _schema("Error")]}
        responses["503"] = {"description": "Not ready, or no room.", "content": _json(either)}
    if method == "HEAD":
        responses = {status: {"description": _description(status, words)} for status in responses}
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}_{endpoint}{versioned}",
        "summary": words,
        "responses": dict(sorted(responses.items())),
    }
    if method == "POST":
        operation["requestBody"] = _REQUEST_BODIES[endpoint]
    if endpoint == "infer":
        operation["parameters"] = _INFER_HEADERS
    return operation


def _description(status: str, words: str) -> str:
    return _STATUSES.get(int(status), words)


def _schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _refusal(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {"description": _STATUSES[status], "content": _json(_schema("Error"))}
    if status == 503:  # noqa: PLR2004 - the one refusal that passes by itself
        found["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    if status == 405:  # noqa: PLR2004 - the one refusal that HTTP wants a header with
        found["headers"] = {"Allow": {"description": "The methods there are.", "schema": {"type": "string"}}}
    return found


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON Schema
    return {"type": "object", "required": list(required), "properties": properties}


def _list(of: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON Schema
    return {"type": "array", "items": of, **more}


_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_NAME: Final = {"type": "string", "minLength": 1}
_SHAPE: Final = _list(_COUNT, maxItems=32)
_DATATYPE: Final = {"type": "string", "enum": [str(datatype) for datatype in Datatype]}
_DATA: Final = {"type": "array", "description": "All values, flat in row order or nested like the shape."}
_BINARY: Final = {
    "application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
}
_LENGTH: Final = "Where the JSON ends and raw tensors begin."
_INFER_HEADERS: Final = [
    {"name": "Inference-Header-Content-Length", "in": "header", "description": _LENGTH, "schema": _COUNT},
    {
        "name": "Content-Encoding",
        "in": "header",
        "description": "How the body is compressed.",
        "schema": {"type": "string", "enum": ["identity", "gzip", "deflate"]},
    },
]

_SCHEMAS: Final[dict[str, Any]] = {
    "Error": _object(("error",), error=_TEXT),
    "Live": _object(("live",), live={"const": True}),
    "Readiness": _object(("ready",), name=_TEXT, ready={"type": "boolean"}),
    "Server": _object(("name", "version", "extensions"), name=_TEXT, version=_TEXT, extensions=_list(_TEXT)),
    "TensorSpec": _object(
        ("name", "datatype", "shape"),
        name=_TEXT,
        datatype=_DATATYPE,
        shape=_list({"type": "integer", "minimum": -1, "description": "-1 where any size is taken."}),
    ),
    "Model": _object(
        ("name", "versions", "platform", "inputs", "outputs"),
        name=_TEXT,
        versions=_list(_TEXT),
        platform=_TEXT,
        inputs=_list(_schema("TensorSpec")),
        outputs=_list(_schema("TensorSpec")),
    ),
    "RequestInput": {
        **_object(
            ("name", "datatype", "shape"),
            name=_NAME,
            datatype=_DATATYPE,
            shape=_SHAPE,
            data=_DATA,
            parameters=_object((), binary_data_size=_COUNT),
        ),
        "oneOf": [
            {"required": ["data"]},
            {"required": ["parameters"], "properties": {"parameters": {"required": ["binary_data_size"]}}},
        ],
    },
    "RequestOutput": _object(("name",), name=_NAME, parameters=_object((), binary_data={"type": "boolean"})),
    "InferRequest": _object(
        ("inputs",),
        id=_TEXT,
        inputs=_list(_schema("RequestInput"), minItems=1),
        outputs=_list(_schema("RequestOutput")),
        parameters=_object(
            (),
            binary_data_output={"type": "boolean"},
            priority={**_COUNT, "maximum": 2**53, "description": "1 comes first; 0 leaves it to the model."},
            timeout={**_COUNT, "maximum": 2**53, "description": "Microseconds; 0 for none."},
        ),
    ),
    "AnswerOutput": _object(
        ("name", "datatype", "shape"),
        name=_TEXT,
        datatype=_DATATYPE,
        shape=_SHAPE,
        data=_DATA,
        parameters=_object(("binary_data_size",), binary_data_size=_COUNT),
    ),
    "InferAnswer": _object(
        ("model_name", "model_version", "outputs"),
        model_name=_TEXT,
        model_version=_TEXT,
        id=_TEXT,
        outputs=_list(_schema("AnswerOutput")),
    ),
    "Index": _list(_object(("name",), name=_TEXT, version=_TEXT, state=_TEXT, reason=_TEXT)),
    "IndexRequest": _object((), ready={"type": "boolean", "description": "Only what serves."}),
    "ControlRequest": _object((), parameters={"type": "object", "additionalProperties": {"const": False}}),
    "Duration": _object(("count", "ns"), count=_COUNT, ns=_COUNT),
    "Statistics": _object(
        ("model_stats",),
        model_stats=_list(
            _object(
                ("name", "version", "inference_count", "execution_count", "inference_stats", "batch_stats"),
                name=_TEXT,
                version=_TEXT,
                inference_count=_COUNT,
                execution_count=_COUNT,
                inference_stats={"type": "object", "additionalProperties": _schema("Duration")},
                batch_stats=_list({}),
            )
        ),
    ),
}
_REQUEST_BODIES: Final[dict[str, Any]] = {
    "infer": {"required": True, "content": {**_json(_schema("InferRequest")), **_BINARY}},
    "index": {"content": _json(_schema("IndexRequest"))},
    "load": {"content": _json(_schema("ControlRequest"))},
    "unload": {"content": _json(_schema("ControlRequest"))},
}
_ENDPOINTS: Final[dict[str, tuple[str, tuple[int, ...], dict[str, Any]]]] = {
    "server_metadata": ("What this server is.", (), {"content": _json(_schema("Server"))}),
    "live": ("The process runs.", (), {"content": _json(_schema("Live"))}),
    "ready": ("Every model was tried, and one serves.", (), {"content": _json(_schema("Readiness"))}),
    "model_metadata": ("What a model takes and gives.", (404,), {"content": _json(_schema("Model"))}),
    "model_ready": ("Whether a model serves.", (404,), {"content": _json(_schema("Readiness"))}),
    "infer": (
        "A prediction.",
        (404, 504),
        {
            "content": {**_json(_schema("InferAnswer")), **_BINARY},
            "headers": {"Inference-Header-Content-Length": {"description": _LENGTH, "schema": _COUNT}},
        },
    ),
    "statistics": ("A model's counts.", (404,), {"content": _json(_schema("Statistics"))}),
    "all_statistics": ("The counts of all models.", (404,), {"content": _json(_schema("Statistics"))}),
    "index": ("Every version of every model, and its state.", (), {"content": _json(_schema("Index"))}),
    "load": ("The model was read again from its folder.", (403, 404), {}),
    "unload": ("The model is served no more.", (403, 404), {}),
    "metrics": ("All counts, for Prometheus.", (), {"content": {"text/plain": {"schema": _TEXT}}}),
    "openapi_document": ("This document.", (), {"content": _json({"type": "object"})}),
}
