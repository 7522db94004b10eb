"""The protocol's REST endpoints as an ASGI application."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from onnxruntime_server import __version__
from onnxruntime_server.errors import (
    ClientGoneError,
    InvalidArgumentError,
    NotFoundError,
    ServerError,
    SlowClientError,
    TooLargeError,
    UnavailableError,
)
from onnxruntime_server.protocol.codec import decode_request, encode_response
from onnxruntime_server.service import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

    from onnxruntime_server.engine.repository import Repository
    from onnxruntime_server.http.body import BodyReader
    from onnxruntime_server.metrics import Metrics
    from onnxruntime_server.protocol.messages import Limits
    from onnxruntime_server.service import InferenceService

_LOG = logging.getLogger(__name__)
_JSON: Final = (b"content-type", b"application/json")
_BINARY: Final = (b"content-type", b"application/octet-stream")
_PROMETHEUS: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_JSON_LENGTH: Final = b"inference-header-content-length"
_CLIENT_GONE: Final = 499
_STATUS: Final[dict[type[ServerError], HTTPStatus]] = {
    InvalidArgumentError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    SlowClientError: HTTPStatus.REQUEST_TIMEOUT,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class _Request:
    """A request whose path is known."""

    scope: HTTPScope
    receive: ASGIReceiveCallable
    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer to be sent."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Application:
    """Routes a request to its answer. A refusal is ``{"error": "..."}`` with a status that says whose fault it is."""

    draining: bool
    """Whether the server is on its way out: not ready, and every answer closes its connection."""

    def __init__(
        self,
        repository: Repository,
        service: InferenceService,
        metrics: Metrics,
        body: BodyReader,
        limits: Limits,
        *,
        log_requests: bool,
    ) -> None:
        self.draining = False
        self._repository = repository
        self._service = service
        self._metrics = metrics
        self._body = body
        self._limits = limits
        self._log_requests = log_requests

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        try:
            reply = await self._reply(scope, receive)
        except ClientGoneError:
            self._note(scope, _CLIENT_GONE, started)
            return
        except ServerError as error:
            reply = _refusal(_STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR), str(error))
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the place
            _LOG.exception("a request was not handled")
            reply = _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error; the server's log says where")
        self._note(scope, reply.status, started)
        headers = [*reply.headers, (b"content-length", b"%d" % len(reply.body))]
        if self.draining or reply.status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": reply.body, "more_body": False})

    async def _reply(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> _Reply:
        path = scope["path"]
        for method, pattern, handler in _ROUTES:
            if (found := pattern.fullmatch(path)) is None:
                continue
            if scope["method"] != method:
                message = f"{scope['method']} is not allowed here; use {method}"
                return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, (b"allow", method.encode()))
            parts = found.groupdict()
            return await handler(self, _Request(scope, receive, parts.get("name", ""), parts.get("version")))
        raise NotFoundError(f"no such path: {path[:128]}")

    async def infer(self, request: _Request) -> _Reply:
        """A prediction."""
        self._repository.model(request.name, request.version)  # an unknown model is refused before its body is read
        headers = dict(request.scope["headers"])
        json_length = _json_length(headers)

        async def gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass

        async with self._body.read(headers, request.receive) as body:
            answer, answer_json_length = await self._service.infer(
                Call(
                    model=request.name,
                    version=request.version,
                    size=len(body),
                    decode=lambda: decode_request(body, json_length, self._limits),
                    encode=encode_response,
                    gone=gone,
                )
            )
        if answer_json_length is None:
            return _Reply(HTTPStatus.OK, (_JSON,), answer)
        return _Reply(HTTPStatus.OK, (_BINARY, (_JSON_LENGTH, b"%d" % answer_json_length)), answer)

    async def server_metadata(self, request: _Request) -> _Reply:
        """What this server is."""
        del request
        facts = {"name": "onnxruntime_server", "version": __version__, "extensions": ["binary_tensor_data"]}
        return _json(HTTPStatus.OK, facts)

    async def live(self, request: _Request) -> _Reply:
        """That the process runs and its event loop turns."""
        del request
        return _json(HTTPStatus.OK, {"live": True})

    async def ready(self, request: _Request) -> _Reply:
        """Whether every model is loaded and the server is not on its way out."""
        del request
        return self._readiness({}, ready=self._repository.ready)

    async def model_metadata(self, request: _Request) -> _Reply:
        """What a model takes and gives."""
        return _json(HTTPStatus.OK, self._repository.metadata(request.name, request.version).as_json())

    async def model_ready(self, request: _Request) -> _Reply:
        """Whether a model can be asked."""
        self._repository.model(request.name, request.version)
        return self._readiness({"name": request.name}, ready=True)

    async def metrics(self, request: _Request) -> _Reply:
        """All counts, for Prometheus."""
        del request
        return _Reply(HTTPStatus.OK, (_PROMETHEUS,), self._metrics.text())

    def _readiness(self, facts: dict[str, Any], *, ready: bool) -> _Reply:
        ready = ready and not self.draining
        return _json(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, {**facts, "ready": ready})

    def _note(self, scope: HTTPScope, status: int, started: float) -> None:
        self._metrics.responses[status] += 1
        if not self._log_requests and status != HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        facts = {"method": scope["method"], "path": scope["path"][:256], "status": int(status)}
        _LOG.info("request", extra={"facts": {**facts, "seconds": round(time.perf_counter() - started, 6)}})


_MODEL: Final = r"/v2/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?"
_ROUTES: Final[tuple[tuple[str, re.Pattern[str], Callable[[Application, _Request], Awaitable[_Reply]]], ...]] = (
    ("POST", re.compile(rf"{_MODEL}/infer"), Application.infer),
    ("GET", re.compile(r"/v2/?"), Application.server_metadata),
    ("GET", re.compile(r"/v2/health/live"), Application.live),
    ("GET", re.compile(r"/v2/health/ready"), Application.ready),
    ("GET", re.compile(_MODEL), Application.model_metadata),
    ("GET", re.compile(rf"{_MODEL}/ready"), Application.model_ready),
    ("GET", re.compile(r"/metrics"), Application.metrics),
)


def _json(status: int, document: dict[str, Any]) -> _Reply:
    return _Reply(status, (_JSON,), orjson.dumps(document))


def _refusal(status: int, message: str, *more: tuple[bytes, bytes]) -> _Reply:
    retry = ((b"retry-after", b"1"),) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
    return _Reply(status, (_JSON, *retry, *more), orjson.dumps({"error": message}))


def _json_length(headers: dict[bytes, bytes]) -> int | None:
    """Where the JSON of a body ends, if raw tensors follow it."""
    if (value := headers.get(_JSON_LENGTH)) is None:
        return None
    if not value.isdigit():
        raise InvalidArgumentError("Inference-Header-Content-Length must be a non-negative integer")
    return int(value)
