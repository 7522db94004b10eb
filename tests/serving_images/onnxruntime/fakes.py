"""Models for tests of what is made of models: they compute with numpy, when told to or at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from onnxruntime_server.engine.work import Servable, Work
from onnxruntime_server.errors import (
    ClientGoneError,
    ExpiredError,
    NotFoundError,
    RepositoryError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.metrics import ModelStatistics
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.messages import Array, ModelMetadata, TensorSpec
from onnxruntime_server.repository.configuration import ModelSettings

Compute = Callable[[Mapping[str, Array]], Mapping[str, Array]]


def spec(name: str, *shape: int, datatype: Datatype = Datatype.FP64) -> TensorSpec:
    return TensorSpec(name, datatype, shape or (-1,), ())


class FakeModel:
    """Answers in the thread that asks, or keeps work until it is released."""

    def __init__(
        self,
        name: str,
        compute: Compute,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        version: str = "1",
    ) -> None:
        self.name = name
        self.version = version
        self.metadata = ModelMetadata(name, (version,), tuple(inputs), tuple(outputs))
        self.statistics = ModelStatistics()
        self.settings = ModelSettings()
        self.generation: int | None = None
        self.compute = compute
        self.holds = False
        self.held: list[Work] = []
        self.seen: list[Work] = []
        self.refused: list[Work] = []
        self.closed = False
        self.warms = True

    def submit(self, work: Work) -> None:
        self.seen.append(work)
        if self.closed:
            work.deliver(work, UnavailableError("the model is being unloaded"))
        elif self.holds:
            self.held.append(work)
        else:
            self.answer(work)

    def release(self) -> None:
        """Answer what is held, as a worker thread would."""
        held, self.held = self.held, []
        with ThreadPoolExecutor(1) as pool:
            list(pool.map(self.answer, held))

    def answer(self, work: Work) -> None:
        if work.abandoned:
            self.refused.append(work)
            work.deliver(work, ClientGoneError("the client left before its answer was ready"))
            return
        if work.deadline is not None and time.monotonic() >= work.deadline:
            self.refused.append(work)
            work.deliver(work, ExpiredError("the request's time has passed"))
            return
        work.rows = max((array.shape[0] for array in work.inputs.values() if array.ndim), default=1)
        work.infer_seconds = 0.5
        try:
            found = self.compute(work.inputs)
        except ServerError as error:
            work.deliver(work, error)
            return
        work.deliver(work, [found[name] for name in work.outputs])

    def warm_up(self) -> dict[str, object]:
        if not self.warms:
            raise RepositoryError("its warm-up request is refused")
        return {}

    def close(self, seconds: float) -> None:
        del seconds
        self.closed = True


class Shelf:
    """Finds models by name."""

    def __init__(self, *models: Servable) -> None:
        self.models = {model.name: model for model in models}

    def __call__(self, name: str, version: str | None) -> Servable:
        found = self.models.get(name)
        if found is None or version not in {None, found.version}:
            raise NotFoundError(f"no model '{name}'")
        return found


class Answer:
    """What was delivered for one request, and how often."""

    def __init__(self, inputs: dict[str, Array], outputs: list[str], deadline: float | None = None) -> None:
        self.outcomes: list[Sequence[Array] | ServerError] = []
        self.done = threading.Event()
        self.work = Work(inputs, outputs, self._take, deadline=deadline)

    def _take(self, work: Work, outcome: Sequence[Array] | ServerError) -> None:
        del work
        self.outcomes.append(outcome)
        self.done.set()

    @property
    def arrays(self) -> Sequence[Array]:
        (outcome,) = self.outcomes
        assert not isinstance(outcome, ServerError), outcome
        return outcome

    @property
    def error(self) -> ServerError:
        (outcome,) = self.outcomes
        assert isinstance(outcome, ServerError)
        return outcome
