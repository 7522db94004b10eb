"""What HTTP needs of the rest of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from onnxruntime_server.engine.work import Work
from onnxruntime_server.errors import ServerError
from onnxruntime_server.protocol.messages import InferRequest, InferResponse

if TYPE_CHECKING:
    from onnxruntime_server.http.answers import Answer
    from onnxruntime_server.http.exchange import Exchange
    from onnxruntime_server.http.routes import Handler


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


class Answering(Protocol):
    """Answers requests that are complete."""

    draining: bool
    """Whether the server is on its way out, and so not ready."""

    starting: bool
    """Whether another way in is not open yet, and so the server not ready."""

    handlers: dict[str, Handler]
    """What answers at each endpoint, by the endpoint's name."""

    def handle(self, exchange: Exchange) -> None:
        """Answer, now or later; raises nothing."""

    def refusal_before_body(self, exchange: Exchange) -> Answer | None:
        """Why a request's body need not be read, where that is known."""


class Counts(Protocol):
    """What is counted."""

    responses: Counter[int]

    def text(self) -> bytes:
        """All counts, for Prometheus."""
