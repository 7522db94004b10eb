"""Answers inference requests: the one place where protocol, engine and counts meet. Knows no transport."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from onnxruntime_server.engine.signature import bind
from onnxruntime_server.errors import (
    ClientGoneError,
    InvalidArgumentError,
    ServerError,
    TooLargeError,
    UnavailableError,
)
from onnxruntime_server.protocol.messages import InferResponse, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from onnxruntime_server.engine.executor import Executor
    from onnxruntime_server.engine.model import Model
    from onnxruntime_server.engine.repository import Repository
    from onnxruntime_server.metrics import Metrics, ModelStatistics
    from onnxruntime_server.protocol.messages import Array, InferRequest

Answer = TypeVar("Answer")

INLINE_BYTES: Final = 64 * 1024
"""A longer request is read on the inference thread, so that others are served meanwhile."""

_REASONS: Final[tuple[tuple[type[ServerError], str], ...]] = (
    (ClientGoneError, "CANCELED"),
    (UnavailableError, "REJECTED"),
    (InvalidArgumentError, "OTHER"),
    (TooLargeError, "OTHER"),
)


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One request as a transport hands it over: still in the transport's bytes."""

    model: str
    """The model's name."""

    version: str | None
    """The version, or none for the newest."""

    size: int
    """How many bytes the request has."""

    decode: Callable[[], InferRequest]
    """Reads the request; may refuse it."""

    encode: Callable[[InferResponse, InferRequest], Answer]
    """Writes the answer in the transport's form."""

    gone: Callable[[], Coroutine[None, None, None]]
    """Returns when the client has left."""


class InferenceService:
    """Reads, checks, runs and answers; counts each step. Small work stays on the event loop, the rest is queued."""

    def __init__(self, repository: Repository, executor: Executor, metrics: Metrics) -> None:
        self._repository = repository
        self._executor = executor
        self._metrics = metrics

    async def infer(self, call: Call[Answer]) -> Answer:
        """The answer in the transport's form. Raises a ServerError where there is none."""
        model = self._repository.model(call.model, call.version)
        statistics = self._metrics.of(model.name, model.version)
        started = time.perf_counter()
        statistics.pending += 1
        try:
            answer = await self._answer(model, call, statistics)
        except ServerError as error:
            statistics.failures[_reason(error)] += 1
            raise
        finally:
            statistics.pending -= 1
            seconds = time.perf_counter() - started
            statistics.request_us += seconds * 1e6
        statistics.success += 1
        self._metrics.answered(model.name, model.version, seconds)
        return answer

    async def _answer(self, model: Model, call: Call[Answer], statistics: ModelStatistics) -> Answer:
        work = _Work(model, call)
        try:
            if call.size <= INLINE_BYTES:
                work.read()
                if work.is_short():
                    return work.compute()
            work.queued_at = time.perf_counter()
            return await self._executor.run(work.compute_off_loop, call.gone)
        finally:
            work.count(statistics)


class _Work(Generic[Answer]):
    """One request on its way through the steps, and how long each took."""

    def __init__(self, model: Model, call: Call[Answer]) -> None:
        self.queued_at = 0.0
        self._model = model
        self._call = call
        self._request: InferRequest | None = None
        self._inputs: dict[str, Array] = {}
        self._outputs: list[str] = []
        self._seconds = {"queue": 0.0, "input": 0.0, "infer": 0.0, "output": 0.0}
        self._executed = False

    def read(self) -> InferRequest:
        """Decode the request and hold it against the model's signature."""
        with self._timed("input"):
            request = self._call.decode()
            self._inputs, self._outputs = bind(self._model.metadata, request)
        self._request = request
        return request

    def is_short(self) -> bool:
        """Whether the run is expected to be too short to be worth another thread."""
        return self._model.inline.allows(self._elements())

    def compute(self, *, shrink: bool = False) -> Answer:
        """Run the model and write the answer."""
        request = self._request or self.read()
        processor_started = time.thread_time()
        with self._timed("infer"):
            arrays = self._model.run(self._inputs, self._outputs, shrink=shrink)
        self._executed = True
        self._model.inline.observe(self._elements(), time.thread_time() - processor_started)
        with self._timed("output"):
            return self._call.encode(self._response(request, arrays), request)

    def compute_off_loop(self) -> Answer:
        """The same on the inference thread, after a wait, giving back the memory of what may be a large run."""
        self._seconds["queue"] = time.perf_counter() - self.queued_at
        return self.compute(shrink=True)

    def count(self, statistics: ModelStatistics) -> None:
        """Add what was measured to the model's counts."""
        statistics.queue_us += self._seconds["queue"] * 1e6
        statistics.input_us += self._seconds["input"] * 1e6
        statistics.infer_us += self._seconds["infer"] * 1e6
        statistics.output_us += self._seconds["output"] * 1e6
        if self._executed:
            statistics.executions += 1
            statistics.inferences += self._rows()

    def _elements(self) -> int:
        return sum(array.size for array in self._inputs.values())

    def _rows(self) -> int:
        """The size of the batch, where the model leaves it open."""
        first = self._model.metadata.inputs[0] if self._model.metadata.inputs else None
        if first is None or first.shape[:1] != (-1,):
            return 1
        return int(self._inputs[first.name].shape[0])

    def _response(self, request: InferRequest, arrays: list[Array]) -> InferResponse:
        datatypes = {spec.name: spec.datatype for spec in self._model.metadata.outputs}
        tensors = tuple(Tensor(name, datatypes[name], array) for name, array in zip(self._outputs, arrays, strict=True))
        return InferResponse(self._model.name, self._model.version, tensors, request.id)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[step] = time.perf_counter() - started


def _reason(error: ServerError) -> str:
    """Triton's word for why a request was not answered."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "BACKEND")
