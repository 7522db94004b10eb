"""What gRPC needs of the rest of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from onnxruntime_server.engine.work import Servable
from onnxruntime_server.protocol.messages import InferRequest, InferResponse, ModelMetadata
from onnxruntime_server.tracing import TraceContext


class Service(Protocol):
    """Answers inference requests."""

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
        """The answer; blocks until it is there."""


class Models(Protocol):
    """The models there are."""

    @property
    def ready(self) -> bool:
        """Whether every model was tried and one of them serves."""

    def servable(self, name: str, version: str | None) -> Servable:
        """What answers for a version, the newest where none is given."""

    def metadata(self, name: str, version: str | None) -> ModelMetadata:
        """What a client is told about a model."""

    def index(self) -> list[dict[str, Any]]:
        """Every version with its state, as Triton lists them."""

    def load_model(self, name: str) -> None:
        """Read a model again from its folder; blocks."""

    def unload_model(self, name: str) -> None:
        """Serve a model no more; blocks."""


class Counts(Protocol):
    """What is counted."""

    calls: Counter[str]


class Tracer(Protocol):
    """Where spans go to."""

    def record(
        self, name: str, context: TraceContext | None, seconds: float, facts: Mapping[str, str | int], *, failed: bool
    ) -> None:
        """Note a request that ended now and took so long."""
