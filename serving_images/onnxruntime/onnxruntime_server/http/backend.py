"""What HTTP needs of the rest of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from onnxruntime_server.engine.work import Servable, Work
from onnxruntime_server.errors import ServerError
from onnxruntime_server.protocol.messages import InferRequest, InferResponse, ModelMetadata


class Service(Protocol):
    """Answers inference requests."""

    def submit(
        self,
        name: str,
        version: str | None,
        request: InferRequest,
        deliver: Callable[[InferResponse | ServerError], None],
        *,
        received: float | None = None,
    ) -> Work | None:
        """Begin to answer. ``deliver`` is called on the event loop, perhaps before this returns, and may refuse."""


class Models(Protocol):
    """The models there are."""

    @property
    def ready(self) -> bool:
        """Whether every model was tried and one of them serves."""

    def servable(self, name: str, version: str | None) -> Servable:
        """What answers for a version, the newest where none is given."""

    def metadata(self, name: str, version: str | None) -> ModelMetadata:
        """What a client is told about a model."""

    def index(self) -> list[dict[str, str]]:
        """Every version with its state, as Triton lists them."""

    def load_model(self, name: str) -> None:
        """Read a model again from its folder; blocks."""

    def unload_model(self, name: str) -> None:
        """Serve a model no more; blocks."""


class Counts(Protocol):
    """What is counted."""

    responses: Counter[int]

    def text(self) -> bytes:
        """All counts, for Prometheus."""
