"""What each path answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from onnxruntime_server import __version__
from onnxruntime_server.errors import (
    ClientGoneError,
    InvalidArgumentError,
    RepositoryError,
    ServerError,
)
from onnxruntime_server.http import answers
from onnxruntime_server.http.answers import Answer
from onnxruntime_server.http.body import inflate
from onnxruntime_server.http.openapi import document
from onnxruntime_server.http.routes import ROUTES, Handler, Target, nowhere
from onnxruntime_server.protocol.codec import decode_request, encode_response
from onnxruntime_server.statistics import model_statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnxruntime_server.engine.work import Servable
    from onnxruntime_server.http.backend import Counts, Service
    from onnxruntime_server.http.exchange import Exchange
    from onnxruntime_server.protocol.messages import InferRequest, InferResponse, Limits
    from onnxruntime_server.repository.view import Models

EXTENSIONS: Final = ("binary_tensor_data", "model_repository", "parameters", "schedule_policy", "statistics")
"""Triton's names for what this server can do beyond the protocol's core."""

_JSON_LENGTH: Final = b"inference-header-content-length"
_MOST_DIGITS: Final = 18
_LOG = logging.getLogger(__name__)


class Endpoints:
    """Answers requests that are complete. A refusal is ``{"error": "..."}``, and nothing is raised to the caller."""

    draining: bool
    """Whether the server is on its way out, and so not ready."""

    starting: bool
    """Whether another way in is not open yet, and so the server not ready."""

    def __init__(self, service: Service, models: Models, counts: Counts, limits: Limits) -> None:
        self.draining = False
        self.starting = False
        self._service = service
        self._models = models
        self._counts = counts
        self._limits = limits
        self._openapi: bytes | None = None
        self._tasks: set[asyncio.Future[None]] = set()
        self.handlers: dict[str, Handler] = {
            name: getattr(self, f"_{name}") for route in ROUTES for name in route.endpoints.values()
        }
        """What answers at each endpoint."""

    def handle(self, exchange: Exchange) -> None:
        """Answer, now or later."""
        try:
            target = exchange.target
            if target is not None and (handler := target.handlers.get(exchange.method)) is not None:
                answer = handler(exchange, target)
            else:
                answer = nowhere(exchange)
        except ServerError as error:
            answer = answers.of_error(error)
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the place
            _LOG.exception("a request was not handled")
            answer = answers.internal_error()
        if answer is not None:
            exchange.reply(answer)

    def refusal_before_body(self, exchange: Exchange) -> Answer | None:
        """Why a request's body need not be read, where that is known."""
        target = exchange.target
        if target is None or exchange.method not in target.handlers:
            return nowhere(exchange)
        try:
            if target.route.endpoints.get("POST") == "infer":
                self._models.servable(target.name, target.version)
        except ServerError as error:
            return answers.of_error(error)
        return None

    def _infer(self, exchange: Exchange, target: Target) -> None:
        headers = exchange.headers
        try:
            body = exchange.body if b"content-encoding" not in headers else self._body(exchange)
            json_length = _json_length(headers) if _JSON_LENGTH in headers else None
            request = decode_request(body, json_length, self._limits)
        except ServerError as error:
            statistics = self._models.servable(target.name, target.version).statistics
            statistics.begun()
            statistics.failed(error, time.perf_counter() - exchange.started)
            raise
        deliver = partial(self._deliver, exchange, request)
        work = self._service.submit(target.name, target.version, request, deliver, received=exchange.started)
        if exchange.answer is None:
            exchange.work = work

    def _deliver(self, exchange: Exchange, request: InferRequest, outcome: InferResponse | ServerError) -> None:
        """Write an answer where there still is a client; to write it may fail, and then the failure is delivered."""
        if exchange.connection is None:
            exchange.give_back()
            if isinstance(outcome, ServerError):
                return
            raise ClientGoneError
        if isinstance(outcome, ServerError):
            exchange.reply(answers.of_error(outcome))
            return
        body, json_length = encode_response(outcome, request)
        if json_length is None:
            exchange.reply(Answer(answers.OK, answers.JSON, body))
            return
        length = b"%s: %d\r\n" % (_JSON_LENGTH, json_length)
        exchange.reply(Answer(answers.OK, answers.BINARY + length, body))

    def _body(self, exchange: Exchange) -> bytes:
        encoding = exchange.headers.get(b"content-encoding", b"identity")
        if encoding == b"identity":
            return exchange.body
        body = inflate(exchange.body, encoding, self._limits.body_bytes)
        exchange.hold(len(body))
        return body

    def _server_metadata(self, exchange: Exchange, target: Target) -> Answer:
        del exchange, target
        return answers.of_json({"name": "onnxruntime_server", "version": __version__, "extensions": EXTENSIONS})

    def _live(self, exchange: Exchange, target: Target) -> Answer:
        del exchange, target
        return answers.of_json({"live": True})

    def _ready(self, exchange: Exchange, target: Target) -> Answer:
        del exchange, target
        return self._readiness({}, ready=self._models.ready)

    def _model_metadata(self, exchange: Exchange, target: Target) -> Answer:
        del exchange
        return answers.of_json(self._models.metadata(target.name, target.version).as_json())

    def _model_ready(self, exchange: Exchange, target: Target) -> Answer:
        del exchange
        self._models.servable(target.name, target.version)
        return self._readiness({"name": target.name}, ready=True)

    def _readiness(self, facts: dict[str, Any], *, ready: bool) -> Answer:
        ready = ready and not self.draining and not self.starting
        return answers.of_json({**facts, "ready": ready}, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    def _metrics(self, exchange: Exchange, target: Target) -> None:
        del target
        self._in_thread(exchange, lambda: Answer(answers.OK, answers.PROMETHEUS, self._counts.text()))

    def _statistics(self, exchange: Exchange, target: Target) -> Answer:
        del exchange
        if target.version is not None:
            servables = [self._models.servable(target.name, target.version)]
        else:
            versions = self._models.metadata(target.name, None).versions
            servables = [self._models.servable(target.name, version) for version in versions]
        return _counted(servables)

    def _all_statistics(self, exchange: Exchange, target: Target) -> Answer:
        del exchange, target
        served = [entry for entry in self._models.index() if entry.get("state") == "READY"]
        servables = [self._models.servable(entry["name"], entry["version"]) for entry in served]
        return _counted(servables)

    def _openapi_document(self, exchange: Exchange, target: Target) -> Answer:
        del exchange, target
        if self._openapi is None:
            self._openapi = orjson.dumps(document())
        return Answer(answers.OK, answers.JSON, self._openapi)

    def _index(self, exchange: Exchange, target: Target) -> Answer:
        del target
        wanted = self._object(exchange).get("ready", False)
        if not isinstance(wanted, bool):
            raise InvalidArgumentError("'ready' must be true or false")
        return answers.of_json([entry for entry in self._models.index() if not wanted or entry["state"] == "READY"])

    def _load(self, exchange: Exchange, target: Target) -> None:
        self._change(exchange, self._models.load_model, target.name)

    def _unload(self, exchange: Exchange, target: Target) -> None:
        self._change(exchange, self._models.unload_model, target.name)

    def _change(self, exchange: Exchange, act: Callable[[str], None], name: str) -> None:
        self._refuse_parameters(exchange)

        def changed() -> Answer:
            act(name)
            return Answer(answers.OK, b"", b"")

        self._in_thread(exchange, changed)

    def _refuse_parameters(self, exchange: Exchange) -> None:
        """Triton's own clients send parameters that are false; what is not false is not there."""
        parameters = self._object(exchange).get("parameters", {})
        if not isinstance(parameters, dict):
            raise InvalidArgumentError("'parameters' must be an object")
        for name, value in parameters.items():
            if value is not False:
                raise InvalidArgumentError(f"parameter '{name[:64]}' is not supported by this server")

    def _object(self, exchange: Exchange) -> dict[str, Any]:
        """A small body that may be left out."""
        if not (body := self._body(exchange)):
            return {}
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise InvalidArgumentError(f"the body is not JSON: {error.msg}") from None
        if not isinstance(found, dict):
            raise InvalidArgumentError("the body must be a JSON object")
        return found

    def _in_thread(self, exchange: Exchange, action: Callable[[], Answer]) -> None:
        """Answer what takes a while, and let the other connections have their turn."""
        task = asyncio.ensure_future(self._act(exchange, action))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _act(self, exchange: Exchange, action: Callable[[], Answer]) -> None:
        try:
            answer = await asyncio.to_thread(action)
        except ServerError as error:
            exchange.reply(answers.of_error(error))
        except RepositoryError as error:
            exchange.reply(answers.refusal(HTTPStatus.BAD_REQUEST, str(error)))
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the place
            _LOG.exception("a request was not handled")
            exchange.reply(answers.internal_error())
        else:
            exchange.reply(answer)


def _json_length(headers: dict[bytes, bytes]) -> int:
    """Where the JSON of a body ends and raw tensors follow."""
    value = headers[_JSON_LENGTH]
    if not value.isdigit() or len(value) > _MOST_DIGITS:
        raise InvalidArgumentError("Inference-Header-Content-Length must be a non-negative integer")
    return int(value)


def _counted(servables: Sequence[Servable]) -> Answer:
    return answers.of_json({"model_stats": [{**model_statistics(each), "batch_stats": []} for each in servables]})
