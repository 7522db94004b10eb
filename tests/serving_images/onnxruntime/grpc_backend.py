"""Stand-ins for what the gRPC server asks: a service that gives back what it takes, and its one model."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import numpy as np
from onnxruntime_server.engine.work import Servable
from onnxruntime_server.errors import (
    ClientGoneError,
    ForbiddenError,
    NotFoundError,
    RepositoryError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.grpc_server.options import GrpcOptions
from onnxruntime_server.grpc_server.server import GrpcServer
from onnxruntime_server.metrics import ModelStatistics
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as messages
from onnxruntime_server.protocol.messages import InferRequest, InferResponse, Limits, ModelMetadata, TensorSpec

LIMITS = Limits(body_bytes=100_000, tensors=20, elements=1000)
PATIENCE = 20.0
INFER = "/inference.GRPCInferenceService/ModelInfer"
STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"


def request(name: str = "m", **fields: str) -> bytes:
    """A request that any model of this name takes."""
    return messages.ModelInferRequest(
        model_name=name,
        inputs=[{"name": "x", "datatype": "FP32", "shape": [2]}],
        raw_input_contents=[np.array([1, 2], np.float32).tobytes()],
        **fields,  # type: ignore[arg-type]  # only fields of text are given
    ).SerializeToString()


@dataclass
class Echo:
    """Gives back the inputs as outputs; ``fault`` is raised instead, ``release`` waited for first."""

    fault: Exception | None = None
    release: threading.Event | None = None
    asked: list[tuple[str, str | None, InferRequest, float | None]] = field(default_factory=list)
    abandoned: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    def answer(
        self,
        name: str,
        version: str | None,
        request: InferRequest,
        *,
        received: float | None = None,
        timeout_seconds: float | None = None,
        abandoned: Callable[[], bool] = bool,
    ) -> InferResponse:
        assert received is not None
        self.asked.append((name, version, request, timeout_seconds))
        self.begun.set()
        while self.release is not None and not self.release.wait(0.01):
            if abandoned():
                self.abandoned.set()
                raise ClientGoneError("the client left before its answer was ready")
        if self.fault is not None:
            raise self.fault
        return InferResponse(name, version or "7", request.inputs, request.id)


@dataclass
class OneModel:
    """A repository of the model ``m`` in the versions 3 and 7."""

    name: str = "m"
    version: str = "7"
    statistics: ModelStatistics = field(default_factory=ModelStatistics)
    ready: bool = True
    loading: bool = False
    control: bool = False
    done: list[tuple[str, str]] = field(default_factory=list)

    def servable(self, name: str, version: str | None) -> Servable:
        if name != "m":
            raise NotFoundError(f"no model '{name}'; this server has 'm'")
        if version not in {None, "3", "7"}:
            raise NotFoundError(f"model 'm' has no version '{version}'; it has 3, 7")
        if self.loading:
            raise UnavailableError("model 'm' is still loading")
        return cast("Servable", self)

    def metadata(self, name: str, version: str | None) -> ModelMetadata:
        self.servable(name, version)
        inputs = (TensorSpec("x", Datatype.FP32, (-1, 2)),)
        return ModelMetadata("m", ("3", "7"), inputs, (TensorSpec("y", Datatype.INT64, ()),))

    def index(self) -> list[dict[str, Any]]:
        return [
            {"name": "m", "version": "7", "state": "READY", "reason": ""},
            {"name": "n", "version": "1", "state": "UNAVAILABLE", "reason": "its file is empty"},
        ]

    def load_model(self, name: str) -> None:
        self._control("load", name)

    def unload_model(self, name: str) -> None:
        self._control("unload", name)

    def _control(self, action: str, name: str) -> None:
        if not self.control:
            raise ForbiddenError("loading and unloading is off; --model-control switches it on")
        if name == "broken":
            raise RepositoryError("broken/1/model.onnx: no such file")
        self.done.append((action, name))


class Counts:
    """Counts of calls by status."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()


@dataclass
class Running:
    """A server in this process, and what it asks."""

    service: Echo
    models: OneModel
    counts: Counts
    server: GrpcServer
    port: int

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @contextmanager
    def channel(self) -> Iterator[Any]:
        """A connection; the stubs know too little of what it gives."""
        with grpc.insecure_channel(self.target) as opened:
            yield opened

    def call(
        self, method: str, message: bytes, timeout: float = 30.0, compression: grpc.Compression | None = None
    ) -> bytes:
        """One call as bytes."""
        with self.channel() as channel:
            ask = channel.unary_unary(f"/inference.GRPCInferenceService/{method}")
            answer = ask(message, timeout=timeout, compression=compression)
        assert isinstance(answer, bytes)
        return answer

    def refusal(
        self, method: str, message: bytes, timeout: float = 30.0, compression: grpc.Compression | None = None
    ) -> tuple[str, str | None]:
        """The status and the sentence of a call that is refused."""
        try:
            self.call(method, message, timeout, compression)
        except grpc.RpcError as error:
            return error.code().name, error.details()
        raise AssertionError("the call was answered")


@contextmanager
def running(fault: ServerError | Exception | None = None, **options: Any) -> Iterator[Running]:  # noqa: ANN401 - the fields of GrpcOptions
    """A server that runs while it is needed."""
    service, models, counts = Echo(fault), OneModel(), Counts()
    given = GrpcOptions("127.0.0.1", 0, **({"limits": LIMITS} | options))
    server = GrpcServer(service, models, given, counts)
    port = server.start()
    try:
        yield Running(service, models, counts, server, port)
    finally:
        if service.release is not None:
            service.release.set()
        server.stop(0)
