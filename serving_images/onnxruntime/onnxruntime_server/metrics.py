"""What is counted and how Prometheus reads it. Names are Triton's where Triton has one."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from onnxruntime_server.errors import ClientGoneError, InvalidArgumentError, TooLargeError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnxruntime_server.engine.work import Work
    from onnxruntime_server.errors import ServerError

_MODEL_LABELS: Final = ("model", "version")
_STEP_LABELS: Final = ("model", "version", "step")
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COUNTERS: Final = {
    "nv_inference_request_success": ("success", "Requests answered."),
    "nv_inference_count": ("inferences", "Inferences computed; a request of several rows counts each."),
    "nv_inference_exec_count": ("executions", "Model runs."),
    "nv_inference_request_duration_us": ("request_us", "Time from request to answer, summed, in microseconds."),
    "nv_inference_queue_duration_us": ("queue_us", "Time spent waiting for a run, summed, in microseconds."),
    "nv_inference_compute_input_duration_us": ("input_us", "Time spent reading requests, summed, in microseconds."),
    "nv_inference_compute_infer_duration_us": ("infer_us", "Time spent in the model, summed, in microseconds."),
    "nv_inference_compute_output_duration_us": ("output_us", "Time spent writing answers, summed, in microseconds."),
    "nv_cache_num_hits_per_model": ("cache_hits", "Requests answered from the response cache."),
    "nv_cache_num_misses_per_model": ("cache_misses", "Requests that the response cache had no answer for."),
}
_STEP_COUNTERS: Final = {
    "onnxruntime_server_step_requests": ("requests", "Requests that a step of an ensemble or cascade was given."),
    "onnxruntime_server_step_rows": ("rows", "Rows that a step was given."),
    "onnxruntime_server_step_failures": ("failures", "Requests that a step had no answer for."),
    "onnxruntime_server_step_duration_us": ("us", "Time spent in a step, summed, in microseconds."),
}
_REASONS: Final[tuple[tuple[type[ServerError], str], ...]] = (
    (ClientGoneError, "CANCELED"),
    (UnavailableError, "REJECTED"),
    (InvalidArgumentError, "OTHER"),
    (TooLargeError, "OTHER"),
)
_TRITON_COUNTER_HEAD: Final = re.compile(rb"^(# (?:HELP|TYPE) nv_\w+)_total ", re.MULTILINE)


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


class Metrics(Collector):
    """All counts of the server, and their Prometheus text."""

    responses: Counter[int]
    """HTTP answers by status code."""

    calls: Counter[str]
    """gRPC answers by status name."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves its result out
        self.responses = Counter()
        self.calls = Counter()
        self.cache_bytes = 0
        self._models: dict[tuple[str, str], ModelStatistics] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def of(self, model: str, version: str) -> ModelStatistics:
        """The counts of a model that exists; never called with a name that a client made up."""
        if (statistics := self._models.get((model, version))) is None:
            statistics = self._models[model, version] = ModelStatistics()
        return statistics

    def collect(self) -> Iterator[Metric]:
        """The counts as metric families."""
        models = dict(self._models)
        for name, (attribute, text) in _COUNTERS.items():
            family = Metric(name, text, "counter")
            for (model, version), statistics in models.items():
                labels = {"model": model, "version": version}
                family.add_sample(name, labels, int(getattr(statistics, attribute)))
            yield family
        yield self._failures(models)
        pending = GaugeMetricFamily(
            "nv_inference_pending_request_count", "Requests being worked on.", labels=_MODEL_LABELS
        )
        for key, statistics in models.items():
            pending.add_metric(key, statistics.pending)
        yield pending
        yield self._durations(models)
        yield from self._steps(models)
        yield from self._answers()

    def _failures(self, models: dict[tuple[str, str], ModelStatistics]) -> Metric:
        name = "nv_inference_request_failure"
        family = Metric(name, "Requests not answered, by reason.", "counter")
        for (model, version), statistics in models.items():
            for reason in ("REJECTED", "CANCELED", "BACKEND", "OTHER"):
                labels = {"model": model, "reason": reason, "version": version}
                family.add_sample(name, labels, statistics.failures[reason])
        return family

    def _durations(self, models: dict[tuple[str, str], ModelStatistics]) -> Metric:
        family = HistogramMetricFamily(
            "onnxruntime_server_request_duration_seconds",
            "Time from request to answer, answered requests only.",
            labels=_MODEL_LABELS,
        )
        bounds = [*map(floatToGoString, BUCKETS), "+Inf"]
        for key, statistics in models.items():
            with statistics.lock:
                counts, seconds = accumulate(statistics.durations), statistics.success_us / 1e6
                family.add_metric(key, list(zip(bounds, counts, strict=True)), seconds)
        return family

    def _steps(self, models: dict[tuple[str, str], ModelStatistics]) -> Iterator[Metric]:
        for name, (attribute, text) in _STEP_COUNTERS.items():
            family = CounterMetricFamily(name, text, labels=_STEP_LABELS)
            for key, statistics in models.items():
                for label, step in dict(statistics.steps).items():
                    family.add_metric((*key, label), int(getattr(step, attribute)))
            yield family

    def _answers(self) -> Iterator[Metric]:
        responses = CounterMetricFamily("onnxruntime_server_http_responses", "HTTP answers.", labels=("status",))
        for status, count in dict(self.responses).items():
            responses.add_metric((str(status),), count)
        yield responses
        calls = CounterMetricFamily("onnxruntime_server_grpc_responses", "gRPC answers.", labels=("status",))
        for name, count in dict(self.calls).items():
            calls.add_metric((name,), count)
        yield calls
        cache = GaugeMetricFamily("onnxruntime_server_cache_bytes", "Bytes that the response cache holds.")
        cache.add_metric((), self.cache_bytes)
        yield cache

    def text(self) -> bytes:
        """The Prometheus text format."""
        # The library ends the name of every counter with _total in its head lines; Triton's names have no such end.
        return _TRITON_COUNTER_HEAD.sub(rb"\1 ", generate_latest(self._registry))
