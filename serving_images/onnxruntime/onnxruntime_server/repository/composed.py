"""What ensembles and cascades have in common: they answer work by giving work to other models."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from onnxruntime_server.engine.batch import deliver
from onnxruntime_server.engine.signature import bind
from onnxruntime_server.engine.work import Outcome, Servable, Work
from onnxruntime_server.errors import (
    ClientGoneError,
    ExpiredError,
    FullError,
    ModelFailedError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.protocol.messages import Array, InferRequest, ModelMetadata, RequestedOutput, Tensor, TensorSpec

if TYPE_CHECKING:
    from onnxruntime_server.metrics import ModelStatistics
    from onnxruntime_server.repository.configuration import ModelSettings

Resolver: TypeAlias = Callable[[str, str | None], Servable]
"""The model of a name and version at this moment; raises a ServerError where none serves."""

Settle: TypeAlias = Callable[[Sequence[Array]], None]
"""Takes the outputs of a step."""

PLATFORM: Final = "ensemble"
"""Triton's name for models that are made of models."""

_LOG = logging.getLogger(__name__)
_generations = itertools.count(-1, -1)  # those of models count upwards: no two have one name in the cache


class StepWork(Work):
    """Work for one step. It is abandoned as soon as the request it belongs to is, or has failed elsewhere."""

    __slots__ = ("run",)

    run: Run

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for it."""
        return self.run.is_over

    @abandoned.setter
    def abandoned(self, value: bool) -> None:
        """It follows from the request."""

    def watch(self, act: Callable[[], None]) -> None:
        """Have this done when the request is abandoned."""
        self.run.work.watch(act)

    def unwatch(self, act: Callable[[], None]) -> None:
        """Have that done no more."""
        self.run.work.unwatch(act)


class Run:
    """One request on its way through the steps. Answers it once, whatever the steps do."""

    def __init__(self, composed: Composed, work: Work) -> None:
        self.work = work
        self.lock = threading.RLock()
        self._composed = composed
        self._done = False

    @property
    def is_over(self) -> bool:
        """Whether it is answered, or nobody waits for the answer."""
        return self._done or self.work.abandoned

    def finish(self, outcome: Outcome) -> None:
        """Answer the request, unless it is answered already."""
        with self.lock:
            if self._done:
                return
            self._done = True
        self._composed.left()
        deliver(self.work, outcome)

    def step(
        self, label: str, servable: Callable[[], Servable], inputs: dict[str, Array], outputs: list[str], settle: Settle
    ) -> None:
        """Have a model compute the outputs of a step. A step that fails fails the request."""
        if (reason := self._hindrance()) is not None:
            self.finish(reason)
            return
        started = time.perf_counter()

        def take(work: Work, outcome: Outcome) -> None:
            self._count(label, work, outcome, time.perf_counter() - started)
            if isinstance(outcome, ServerError):
                self.finish(_named(label, outcome))
                return
            self.guarded(label, lambda: settle(outcome))

        def begin() -> None:
            model = servable()
            model.submit(self._work_for(model, inputs, outputs, take))

        self.guarded(label, begin)

    def guarded(self, label: str, part: Callable[[], None]) -> None:
        """Do a part of a step. Whatever goes wrong in it, the request is answered."""
        try:
            part()
        except ServerError as error:
            self.finish(_named(label, error))
        except Exception:  # noqa: BLE001 - who waits must be told; the log says what happened
            _LOG.exception("a step failed", extra={"facts": {"model": self._composed.name, "step": label}})
            self.finish(ModelFailedError(f"step '{label}': the server failed; its log says where"))

    def _work_for(
        self, model: Servable, inputs: dict[str, Array], outputs: list[str], take: Callable[[Work, Outcome], None]
    ) -> StepWork:
        """The step's work; the model's own checks are made, as its tensors come from no client."""
        specs = {spec.name: spec for spec in model.metadata.inputs}
        tensors = tuple(Tensor(name, specs[name].datatype, array) for name, array in inputs.items() if name in specs)
        asked = tuple(RequestedOutput(name, binary=False) for name in outputs)
        bound, names = bind(model.metadata, InferRequest(tensors, asked))
        work = StepWork(bound, names, take, self.work.priority, self.work.deadline)
        work.run = self
        return work

    def _hindrance(self) -> ServerError | None:
        """Why no further step is worth its cost."""
        if self.work.abandoned:
            return ClientGoneError()
        if self.work.deadline is not None and time.monotonic() >= self.work.deadline:
            return ExpiredError("the request's time has passed")
        return None

    def _count(self, label: str, work: Work, outcome: Outcome, seconds: float) -> None:
        rows = max(work.rows, 1)
        self._composed.statistics.step(label, rows, seconds, failed=isinstance(outcome, ServerError))
        with self.lock:
            self.work.queue_seconds += work.queue_seconds
            self.work.infer_seconds += work.infer_seconds
            self.work.rows = max(self.work.rows, rows)
            self.work.first_of_run = True


class Composed:
    """A model that is made of models. Refuses requests while ``max_waiting`` of them are under way."""

    def __init__(
        self, name: str, version: str, settings: ModelSettings, statistics: ModelStatistics, resolve: Resolver
    ) -> None:
        self.name = name
        self.version = version
        self.settings = settings
        self.statistics = statistics
        self.generation = next(_generations) if settings.response_cache else None
        self.metadata = ModelMetadata(name, (version,), (), (), PLATFORM)
        self.resolve = resolve
        self._under_way = 0
        self._changed = threading.Condition()
        self._closed = False

    def submit(self, work: Work) -> None:
        """Take in work that fits the signature, from any thread."""
        with self._changed:
            full = self._under_way >= self.settings.max_waiting
            closed = self._closed
            self._under_way += not (full or closed)
        if closed:
            deliver(work, UnavailableError("the model is being unloaded"))
        elif full:
            deliver(work, FullError(f"the queue is full: {self.settings.max_waiting} requests are under way"))
        else:
            self.start(Run(self, work))

    def start(self, run: Run) -> None:
        """Begin the first steps."""
        raise NotImplementedError

    def left(self) -> None:
        """A request is answered."""
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def warm_up(self) -> dict[str, object]:
        """Nothing: its models are warm before it is made."""
        return {}

    def close(self, seconds: float) -> None:
        """Take nothing more in and wait for what is under way."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._under_way, seconds)


def merged(first: TensorSpec, second: TensorSpec) -> TensorSpec | None:
    """What fits both; nothing where no tensor does."""
    if first.datatype is not second.datatype or len(first.shape) != len(second.shape):
        return None
    if any(-1 not in pair and pair[0] != pair[1] for pair in zip(first.shape, second.shape, strict=True)):
        return None
    shape = tuple(max(pair) for pair in zip(first.shape, second.shape, strict=True))
    return TensorSpec(first.name, first.datatype, shape, first.symbols)


def shown(spec: TensorSpec) -> str:
    """A tensor's datatype and shape for a message."""
    return f"{spec.datatype} {list(spec.shape)}"


def _named(label: str, error: ServerError) -> ServerError:
    """The error, with the step that it came from."""
    if isinstance(error, ClientGoneError):
        return error
    return type(error)(f"step '{label}': {error}")
