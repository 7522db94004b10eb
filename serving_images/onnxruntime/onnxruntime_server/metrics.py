"""What is counted. Names are Triton's where Triton has one."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from onnxruntime_server.errors import ClientGoneError, InvalidArgumentError, TooLargeError, UnavailableError

if TYPE_CHECKING:
    from onnxruntime_server.engine.work import Work
    from onnxruntime_server.errors import ServerError
    from onnxruntime_server.exposition import Exposition

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_REASONS: Final[tuple[tuple[type[ServerError], str], ...]] = (
    (ClientGoneError, "CANCELED"),
    (UnavailableError, "REJECTED"),
    (InvalidArgumentError, "OTHER"),
    (TooLargeError, "OTHER"),
)


@dataclass(slots=True)
class StepStatistics:
    """The counts of one step of an ensemble or cascade."""

    requests: int = 0
    """Requests it was given."""

    rows: int = 0
    """Rows it was given."""

    failures: int = 0
    """Requests it had no answer for."""

    us: float = 0
    """Time spent in it, in microseconds."""


@dataclass(slots=True)
class ModelStatistics:
    """The counts of one version of a model. Its methods may be called from any thread."""

    success: int = 0
    """Requests answered."""

    failures: Counter[str] = field(default_factory=Counter)
    """Requests not answered, by Triton's reasons: REJECTED, CANCELED, BACKEND, OTHER."""

    inferences: int = 0
    """Rows computed."""

    executions: int = 0
    """Runs of the model."""

    pending: int = 0
    """Requests being worked on."""

    request_us: float = 0
    """Time from request to answer."""

    success_us: float = 0
    """The same of the requests that were answered."""

    queue_us: float = 0
    """Time spent waiting for a run."""

    input_us: float = 0
    """Time spent reading requests."""

    infer_us: float = 0
    """Time spent in the model."""

    output_us: float = 0
    """Time spent writing answers."""

    cache_hits: int = 0
    """Requests answered from the response cache."""

    cache_misses: int = 0
    """Requests that the response cache had no answer for."""

    durations: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    """Requests answered, by how long that took."""

    steps: dict[str, StepStatistics] = field(default_factory=dict)
    """The counts of an ensemble's or cascade's steps, by their labels."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    """Guards all of them."""

    def begun(self) -> None:
        """A request came in."""
        with self.lock:
            self.pending += 1

    def ran(self, work: Work) -> None:
        """Add what a run took of a request that then was not answered."""
        with self.lock:
            self._add(work)

    def _add(self, work: Work) -> None:
        self.queue_us += work.queue_seconds * 1e6
        self.infer_us += work.infer_seconds * 1e6
        self.executions += work.first_of_run
        if work.infer_seconds:
            self.inferences += work.rows or 1

    def answered(self, work: Work, seconds: float, input_seconds: float, output_seconds: float) -> None:
        """A request was answered."""
        with self.lock:
            self._add(work)
            self.durations[bisect_left(BUCKETS, seconds)] += 1
            self.pending -= 1
            self.success += 1
            self.success_us += seconds * 1e6
            self.request_us += seconds * 1e6
            self.input_us += input_seconds * 1e6
            self.output_us += output_seconds * 1e6

    def failed(self, error: ServerError, seconds: float) -> None:
        """A request was not answered."""
        reason = next((word for kind, word in _REASONS if isinstance(error, kind)), "BACKEND")
        with self.lock:
            self.pending -= 1
            self.failures[reason] += 1
            self.request_us += seconds * 1e6

    def looked_up(self, *, hit: bool) -> None:
        """The response cache was asked."""
        with self.lock:
            if hit:
                self.cache_hits += 1
            else:
                self.cache_misses += 1

    def step(self, label: str, rows: int, seconds: float, *, failed: bool) -> None:
        """A step of an ensemble or cascade is done."""
        with self.lock:
            step = self.steps.setdefault(label, StepStatistics())
            step.requests += 1
            step.rows += rows
            step.failures += failed
            step.us += seconds * 1e6


class Metrics:
    """All counts of the server."""

    responses: Counter[int]
    """HTTP answers by status code."""

    calls: Counter[str]
    """gRPC answers by status name."""

    def __init__(self) -> None:
        self.responses = Counter()
        self.calls = Counter()
        self.cache_bytes = 0
        self.models: dict[tuple[str, str], ModelStatistics] = {}
        self._rendering = threading.Lock()
        self._exposition: Exposition | None = None

    def of(self, model: str, version: str) -> ModelStatistics:
        """The counts of a model that exists; never called with a name that a client made up."""
        if (statistics := self.models.get((model, version))) is None:
            statistics = self.models[model, version] = ModelStatistics()
        return statistics

    def text(self) -> bytes:
        """The Prometheus text format. Takes a while the first time: to be called off the event loop."""
        # Imported here: a start does not wait for what only a scrape needs.
        from onnxruntime_server.exposition import Exposition  # noqa: PLC0415 - see above

        with self._rendering:
            if self._exposition is None:
                self._exposition = Exposition(self)
            return self._exposition.text()
