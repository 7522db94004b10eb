"""What HTTP needs of the rest of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from onnxruntime_server.engine.work import Work
from onnxruntime_server.errors import ServerError
from onnxruntime_server.protocol.messages import InferRequest, InferResponse


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


class Counts(Protocol):
    """What is counted."""

    responses: Counter[int]

    def text(self) -> bytes:
        """All counts, for Prometheus."""
