"""What the ways in need of the models."""

from __future__ import annotations

from typing import Protocol

from onnxruntime_server.engine.work import Servable
from onnxruntime_server.protocol.messages import ModelMetadata


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
