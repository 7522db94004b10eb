"""A version of a model as it is served: its session, its queue, and whether requests may be put together."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from onnxruntime_server.engine.batch import compute, deliver, elements_of, shapes_of_a_row
from onnxruntime_server.engine.batch_size import BatchSize
from onnxruntime_server.engine.batcher import Batcher, QueueLimits
from onnxruntime_server.engine.cost import InlineBudget
from onnxruntime_server.engine.session import Session
from onnxruntime_server.engine.signature import bind
from onnxruntime_server.errors import InvalidArgumentError, ModelFailedError, RepositoryError, UnavailableError
from onnxruntime_server.protocol.codec import decode_request
from onnxruntime_server.protocol.messages import Limits, ModelMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnxruntime_server.engine.scheduler import Scheduler
    from onnxruntime_server.engine.work import Work
    from onnxruntime_server.metrics import ModelStatistics
    from onnxruntime_server.protocol.messages import Array
    from onnxruntime_server.repository.configuration import ModelSettings

BATCHED_AS_ALONE = 1e-3
"""How far a row's result may move when it is computed beside others; kernels round differently by batch size."""

_generations = itertools.count()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all models of a process share."""

    scheduler: Scheduler
    threads: int
    """Threads of one run."""

    loop: asyncio.AbstractEventLoop | None = None
    """Where short runs are put together that were asked for from it; its thread is the one that makes models known."""

    loop_thread: int = 0
    """Identity of the loop's thread."""


class ServedModel:
    """Answers work: short runs in the thread that asks, the others through the queue.

    ``model`` is its file or the bytes of it that were checked, ``external`` the checked bytes of files with weights by
    the names that the model has for them; ``warm_up`` holds requests as the protocol's bodies. A model that is not
    ``is_bounded`` may take any time over inputs of any size, and never runs in the thread that asks.
    """

    def __init__(
        self,
        name: str,
        version: str,
        model: Path | bytes,
        *,
        settings: ModelSettings,
        surroundings: Surroundings,
        statistics: ModelStatistics,
        warm_up: Sequence[bytes] = (),
        external: Mapping[str, bytes] | None = None,
        is_bounded: bool = True,
    ) -> None:
        self.name = name
        self.version = version
        self.settings = settings
        self.statistics = statistics
        self.generation = next(_generations) if settings.response_cache else None
        self._session = Session(name, model, surroundings.threads, external)
        self.metadata = ModelMetadata(name, (version,), self._session.inputs, self._session.outputs)
        self._loop = surroundings.loop
        self._loop_thread = surroundings.loop_thread
        self._warm_up = warm_up
        self._closed = False
        self._tick: list[Work] = []
        self._inline = InlineBudget(open_to_any=is_bounded)
        self._has_batch_axis = False
        rows = settings.max_batch_size
        self._most_rows = rows
        self._batcher = Batcher(
            self._session,
            surroundings.scheduler,
            QueueLimits(rows, settings.max_waiting),
            BatchSize(settings.latency_budget_ms / 1000),
            self._inline,
        )

    @property
    def has_batch_axis(self) -> bool:
        """Whether requests are put together: known once the model is warm."""
        return self._has_batch_axis

    def submit(self, work: Work) -> None:
        """Take in work that fits the signature, from any thread."""
        work.elements = elements_of(work.inputs)
        work.rows = self._rows(work)
        if not self._inline.allows(work.elements):
            self._batcher.submit(work)
        elif self._closed:
            deliver(work, UnavailableError("the model is being unloaded"))
        elif self._loop is None or threading.get_ident() != self._loop_thread:
            compute((work,), self._short_run)
        else:
            self._tick.append(work)
            if len(self._tick) == 1:
                self._loop.call_soon(self._end_tick)

    def warm_up(self) -> dict[str, object]:
        """Run the recorded requests or a synthesised one; find out whether there is a batch axis and what a run costs.

        Refuses a recorded request that the model can't compute.
        """
        facts: dict[str, object] = {}
        try:
            samples = [self._recorded(body) for body in self._warm_up] or [self._session.sample(rows=1, ones=False)]
            for sample in samples:
                self._session.run(sample, self._names)
                facts["run_seconds"] = round(self._timed(sample), 6)
        except (InvalidArgumentError, ModelFailedError) as error:
            if self._warm_up:
                raise RepositoryError(f"its warm-up request is refused: {error}") from None
            facts["warm_up"] = "the model refuses zeros; its first request will be slower"
        self._has_batch_axis = self._find_batch_axis()
        facts["batched"] = self._has_batch_axis and self._most_rows > 1
        return facts

    def close(self, seconds: float) -> None:
        """Answer what waits, refuse what comes."""
        self._closed = True
        self._batcher.close(seconds)

    @property
    def _names(self) -> list[str]:
        return [spec.name for spec in self._session.outputs]

    def _rows(self, work: Work) -> int:
        """Rows that may run beside others'; 0 for work that runs alone."""
        if not self._has_batch_axis:
            return 0
        sizes = {array.shape[0] for array in work.inputs.values()}
        return sizes.pop() if len(sizes) == 1 else 0

    def _end_tick(self) -> None:
        """Run what came in one turn of the event loop, as few times as the budget of a short run allows."""
        tick, self._tick = self._tick, []
        if len(tick) == 1:
            compute(tick, self._short_run)
            return
        groups: dict[object, list[Work]] = {}
        for number, work in enumerate(tick):
            groups.setdefault(shapes_of_a_row(work) if work.rows else number, []).append(work)
        for group in groups.values():
            part: list[Work] = []
            rows = elements = 0
            for work in group:
                rows += work.rows
                elements += work.elements
                if part and (rows > self._most_rows or elements > self._inline.most_elements):
                    compute(part, self._short_run)
                    part, rows, elements = [], work.rows, work.elements
                part.append(work)
            compute(part, self._short_run)

    def _short_run(self, inputs: dict[str, Array], outputs: Sequence[str]) -> list[Array]:
        started = time.thread_time()
        found = self._session.run(inputs, outputs)
        self._inline.observe(elements_of(inputs), time.thread_time() - started)
        return found

    def _recorded(self, body: bytes) -> dict[str, Array]:
        head = body.find(b"\n\n")
        request = decode_request(body, None if head < 0 else head, Limits(body_bytes=len(body)))
        return bind(self.metadata, request)[0]

    def _timed(self, sample: dict[str, Array]) -> float:
        started = time.thread_time()
        self._short_run(sample, self._names)
        return time.thread_time() - started

    def _find_batch_axis(self) -> bool:
        """Whether every tensor's first dimension counts rows that are computed each for itself."""
        if self.settings.batch_axis is not None:
            return self.settings.batch_axis
        specs = (*self._session.inputs, *self._session.outputs)
        if not self._session.inputs or any(spec.shape[:1] != (-1,) for spec in specs):
            return False
        if len({spec.symbols[0] for spec in specs if spec.symbols[0] is not None}) > 1:
            return False
        # Where the model refuses ones, two rows of zeros have to do.
        found = next(
            (apart for ones in (True, False) if (apart := self._rows_stay_apart(ones=ones)) is not None), False
        )
        return bool(found)

    def _rows_stay_apart(self, *, ones: bool) -> bool | None:
        """Whether two rows give the same together as alone; nothing where the model refuses them."""
        first, second = self._session.sample(rows=1, ones=ones), self._session.sample(rows=1, ones=False)
        try:
            alone = [self._session.run(sample, self._names) for sample in (first, second)]
            both = {name: np.concatenate([first[name], second[name]]) for name in first}
            together = self._session.run(both, self._names)
        except (InvalidArgumentError, ModelFailedError):
            return None
        return all(
            found.shape[:1] == (2,) and _alike(found[:1], one) and _alike(found[1:], other)
            for found, one, other in zip(together, *alone, strict=True)
        )


def _alike(found: Array, expected: Array) -> bool:
    if found.shape != expected.shape:
        return False
    if found.dtype.kind != "f":
        return bool(np.array_equal(found, expected))
    return bool(np.allclose(found, expected, rtol=BATCHED_AS_ALONE, atol=BATCHED_AS_ALONE, equal_nan=True))
