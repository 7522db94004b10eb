"""What gRPC needs of the rest of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from onnxruntime_server.protocol.messages import InferRequest, InferResponse


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


class Counts(Protocol):
    """What is counted."""

    calls: Counter[str]
