"""gRPC's own health calls, for the server as a whole and for each model by its name.

Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from grpc import ServicerContext
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from onnxruntime_server.errors import NotFoundError
from onnxruntime_server.grpc_server.calls import Calls, given
from onnxruntime_server.grpc_server.inference import SERVICE as INFERENCE
from onnxruntime_server.grpc_server.inference import Inference
from onnxruntime_server.protocol.grpc.requests import parse

if TYPE_CHECKING:
    from onnxruntime_server.grpc_server.calls import Handler

SERVICE: Final = "grpc.health.v1.Health"
LOOK_SECONDS: Final = 0.5
"""How often a watched model is looked at; what the whole server does is told at once."""


class Health:
    """Answers Check and Watch: SERVING is only what takes requests now."""

    def __init__(self, inference: Inference, calls: Calls) -> None:
        self._inference = inference
        self._calls = calls
        self._changed = threading.Condition()

    def handlers(self) -> dict[str, Handler]:
        """The handler of each call by its name."""
        return {"Check": self._calls.unary("Check", self._check), "Watch": self._calls.stream("Watch", self._watch)}

    def look_again(self) -> None:
        """Tell those who watch now."""
        with self._changed:
            self._changed.notify_all()

    def _check(self, data: bytes, context: ServicerContext) -> bytes:
        del context
        return _told(self._status(_asked(data)))

    def _watch(self, requests: Iterator[bytes], context: ServicerContext) -> Iterator[bytes]:
        """The status now and whenever it changes, until the client leaves or the server stops."""
        name, told = _asked(given(next(requests, None))), None
        while context.is_active():
            ends = self._calls.watch.stopping
            try:
                status = self._status(name)
            except NotFoundError:
                status = HealthCheckResponse.SERVICE_UNKNOWN
            if status != told:
                yield _told(status)
                told = status
            if ends:
                return
            with self._changed:
                self._changed.wait(LOOK_SECONDS)

    def _status(self, name: str) -> HealthCheckResponse.ServingStatus:
        ready = self._inference.ready if name in {"", INFERENCE} else self._inference.is_ready(name, None)
        return HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING


def _asked(data: bytes) -> str:
    name: str = parse(HealthCheckRequest, data).service
    return name


def _told(status: HealthCheckResponse.ServingStatus) -> bytes:
    message: bytes = HealthCheckResponse(status=status).SerializeToString()
    return message
