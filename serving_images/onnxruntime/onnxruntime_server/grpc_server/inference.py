"""The protocol's calls."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from google.protobuf.message import Message
from grpc import ServicerContext

from onnxruntime_server import __version__
from onnxruntime_server.errors import (
    ClientGoneError,
    InvalidArgumentError,
    RepositoryError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.grpc_server.backend import Service
from onnxruntime_server.grpc_server.calls import Answer, Calls
from onnxruntime_server.grpc_server.statuses import INTERNAL
from onnxruntime_server.protocol.grpc import answers, wire
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as messages
from onnxruntime_server.protocol.grpc.requests import decode_request, parse
from onnxruntime_server.protocol.messages import Limits
from onnxruntime_server.repository.view import Models
from onnxruntime_server.statistics import model_statistics

if TYPE_CHECKING:
    from onnxruntime_server.grpc_server.calls import Handler

SERVICE: Final = "inference.GRPCInferenceService"

EXTENSIONS: Final = ("model_repository", "parameters", "schedule_policy", "statistics")
"""Triton's names for what this server can do beyond the protocol's core."""

NO_DEADLINE: Final = 10.0 * 365 * 24 * 3600
"""grpcio tells of a call without a deadline that it has centuries."""

_LOG = logging.getLogger(__name__)
Question = TypeVar("Question", bound=Message)
_Control: TypeAlias = messages.RepositoryModelLoadRequest | messages.RepositoryModelUnloadRequest


class Inference:
    """Answers the calls of GRPCInferenceService."""

    serving: bool
    """Whether requests are to be sent here; not any more once the server is to stop."""

    def __init__(self, service: Service, models: Models, calls: Calls, limits: Limits) -> None:
        self.serving = True
        self._service = service
        self._models = models
        self._calls = calls
        self._limits = limits

    def handlers(self) -> dict[str, Handler]:
        """The handler of each call by its name."""
        answers_of = {
            "ModelInfer": self._infer,
            "ServerLive": _answered(messages.ServerLiveRequest, self._server_live),
            "ServerReady": _answered(messages.ServerReadyRequest, self._server_ready),
            "ModelReady": _answered(messages.ModelReadyRequest, self._model_ready),
            "ServerMetadata": _answered(messages.ServerMetadataRequest, self._server_metadata),
            "ModelMetadata": _answered(messages.ModelMetadataRequest, self._model_metadata),
            "ModelStatistics": _answered(messages.ModelStatisticsRequest, self._model_statistics),
            "RepositoryIndex": _answered(messages.RepositoryIndexRequest, self._index),
            "RepositoryModelLoad": _answered(messages.RepositoryModelLoadRequest, self._load),
            "RepositoryModelUnload": _answered(messages.RepositoryModelUnloadRequest, self._unload),
        }
        handlers = {name: self._calls.unary(name, answer) for name, answer in answers_of.items()}
        handlers["ModelStreamInfer"] = self._calls.stream("ModelStreamInfer", self._stream)
        return handlers

    def _infer(self, data: bytes, context: ServicerContext) -> bytes:
        """A prediction."""
        return self._predict(_Infer(), data, context)

    def _stream(self, requests: Iterator[bytes], context: ServicerContext) -> Iterator[bytes]:
        """Predictions one after the other, in the order they were asked for; a refusal does not end the stream."""
        for data in requests:
            infer = _Infer()
            try:
                with self._calls.memory.holding(len(data)):
                    answer = wire.streamed(self._predict(infer, data, context))
            except ClientGoneError:
                return
            except ServerError as error:
                answer = infer.refusal(str(error))
            except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the place
                _LOG.exception("a request of a stream was not handled")
                answer = infer.refusal(INTERNAL)
            yield answer

    def _predict(self, infer: _Infer, data: bytes, context: ServicerContext) -> bytes:
        received = time.perf_counter()
        rest, raw = wire.split(data)
        with self._calls.memory.parsing(len(rest)):
            message = infer.message = parse(messages.ModelInferRequest, rest)
            name, version = message.model_name, message.model_version or None
            servable = self._models.servable(name, version)
            try:
                request = decode_request(message, raw, self._limits)
            except ServerError as error:
                servable.statistics.begun()
                servable.statistics.failed(error, time.perf_counter() - received)
                raise
            infer.forget_contents()
            del message
        response = self._service.answer(
            name,
            version,
            request,
            received=received,
            timeout_seconds=_remaining(context),
            abandoned=lambda: not context.is_active(),
        )
        return answers.encode_response(response)

    def _server_live(self, question: messages.ServerLiveRequest) -> Message:
        """Whether the process runs."""
        del question
        return messages.ServerLiveResponse(live=True)

    def _server_ready(self, question: messages.ServerReadyRequest) -> Message:
        """Whether requests are to be sent here."""
        del question
        return messages.ServerReadyResponse(ready=self.ready)

    def _model_ready(self, question: messages.ModelReadyRequest) -> Message:
        """Whether a model can be asked."""
        return messages.ModelReadyResponse(ready=self.is_ready(question.name, question.version or None))

    @property
    def ready(self) -> bool:
        """Whether requests are to be sent here."""
        return self.serving and self._models.ready

    def is_ready(self, name: str, version: str | None) -> bool:
        """Whether a model can be asked. Refuses a model that there is not."""
        try:
            self._models.servable(name, version)
        except UnavailableError:
            return False
        return self.serving

    def _server_metadata(self, question: messages.ServerMetadataRequest) -> Message:
        """What this server is."""
        del question
        return messages.ServerMetadataResponse(name="onnxruntime_server", version=__version__, extensions=EXTENSIONS)

    def _model_metadata(self, question: messages.ModelMetadataRequest) -> Message:
        """What a model takes and gives."""
        return answers.metadata(self._models.metadata(question.name, question.version or None))

    def _model_statistics(self, question: messages.ModelStatisticsRequest) -> Message:
        """What was counted of a version, of all versions of a model, or of all models."""
        if question.name and question.version:
            wanted = [(question.name, question.version)]
        elif question.name:
            wanted = [(question.name, version) for version in self._models.metadata(question.name, None).versions]
        else:
            wanted = [(entry["name"], entry["version"]) for entry in self._models.index() if entry["state"] == "READY"]
        found = [model_statistics(self._models.servable(name, version)) for name, version in wanted]
        return messages.ModelStatisticsResponse(model_stats=found)

    def _index(self, question: messages.RepositoryIndexRequest) -> Message:
        """Every version with its state."""
        entry_of = messages.RepositoryIndexResponse.ModelIndex
        entries = [entry for entry in self._models.index() if not question.ready or entry["state"] == "READY"]
        return messages.RepositoryIndexResponse(
            models=[
                entry_of(
                    name=entry["name"],
                    version=entry.get("version", ""),
                    state=entry["state"],
                    reason=entry.get("reason", ""),
                )
                for entry in entries
            ]
        )

    def _load(self, question: messages.RepositoryModelLoadRequest) -> Message:
        """Read a model again from its folder."""
        _controlled(self._models.load_model, question)
        return messages.RepositoryModelLoadResponse()

    def _unload(self, question: messages.RepositoryModelUnloadRequest) -> Message:
        """Serve a model no more."""
        _controlled(self._models.unload_model, question)
        return messages.RepositoryModelUnloadResponse()


class _Infer:
    """A request as far as it is known: what a refusal of it can carry."""

    def __init__(self) -> None:
        self.message = messages.ModelInferRequest()

    def forget_contents(self) -> None:
        """Give back the memory of inputs that were made into arrays."""
        self.message.ClearField("inputs")

    def refusal(self, reason: str) -> bytes:
        """The message that says why there is no answer."""
        message = self.message
        return messages.ModelStreamInferResponse(
            error_message=reason,
            infer_response=messages.ModelInferResponse(
                model_name=message.model_name, model_version=message.model_version, id=message.id
            ),
        ).SerializeToString()


def _answered(kind: type[Question], answer: Callable[[Question], Message]) -> Answer:
    """An answer of bytes to bytes."""

    def answered(data: bytes, context: ServicerContext) -> bytes:
        del context
        return answer(parse(kind, data)).SerializeToString()

    return answered


def _controlled(action: Callable[[str], None], question: _Control) -> None:
    """Load or unload. Triton's own clients send parameters that are false; what is not false is not there.

    KServe's messages have the name of the model where Triton's have the repository's.
    """
    for name, value in question.parameters.items():
        if value.WhichOneof("parameter_choice") != "bool_param" or value.bool_param:
            raise InvalidArgumentError(f"parameter '{name[:64]}' is not supported by this server")
    try:
        action(question.model_name or question.repository_name)
    except RepositoryError as error:
        raise InvalidArgumentError(str(error)) from None


def _remaining(context: ServicerContext) -> float | None:
    """The seconds until the call's deadline; nothing where it has none."""
    seconds = context.time_remaining()
    return None if seconds > NO_DEADLINE else seconds
