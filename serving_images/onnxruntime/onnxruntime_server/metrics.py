"""What is counted and how Prometheus reads it. Names are Triton's where Triton has one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODEL_LABELS: Final = ("model", "version")
_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COUNTERS: Final = {
    "nv_inference_request_success": ("success", "Requests answered."),
    "nv_inference_count": ("inferences", "Inferences computed; a request of several rows counts each."),
    "nv_inference_exec_count": ("executions", "Model runs."),
    "nv_inference_request_duration_us": ("request_us", "Time from request to answer, summed, in microseconds."),
    "nv_inference_queue_duration_us": ("queue_us", "Time spent waiting for a thread, summed, in microseconds."),
    "nv_inference_compute_input_duration_us": ("input_us", "Time spent reading requests, summed, in microseconds."),
    "nv_inference_compute_infer_duration_us": ("infer_us", "Time spent in the model, summed, in microseconds."),
    "nv_inference_compute_output_duration_us": ("output_us", "Time spent writing answers, summed, in microseconds."),
}
_TRITON_COUNTER_HEAD: Final = re.compile(rb"^(# (?:HELP|TYPE) nv_\w+)_total ", re.MULTILINE)


@dataclass(slots=True)
class ModelStatistics:
    """The counts of one version of a model. Only the event loop's thread writes them."""

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

    queue_us: float = 0
    """Time spent waiting for a thread."""

    input_us: float = 0
    """Time spent reading requests."""

    infer_us: float = 0
    """Time spent in the model."""

    output_us: float = 0
    """Time spent writing answers."""


class Metrics(Collector):
    """All counts of the server, and their Prometheus text."""

    responses: Counter[int]
    """HTTP answers by status code."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves its result out
        self.responses = Counter()
        self._models: dict[tuple[str, str], ModelStatistics] = {}
        self._registry = CollectorRegistry()
        self._durations = Histogram(
            "onnxruntime_server_request_duration_seconds",
            "Time from request to answer, answered requests only.",
            _MODEL_LABELS,
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def of(self, model: str, version: str) -> ModelStatistics:
        """The counts of a model that exists; never called with a name that a client made up."""
        if (statistics := self._models.get((model, version))) is None:
            statistics = self._models[model, version] = ModelStatistics()
            self._durations.labels(model, version)
        return statistics

    def answered(self, model: str, version: str, seconds: float) -> None:
        """Add an answered request to the distribution of durations."""
        self._durations.labels(model, version).observe(seconds)

    def collect(self) -> Iterator[Metric]:
        """The counts as metric families."""
        for name, (attribute, text) in _COUNTERS.items():
            family = Metric(name, text, "counter")
            for (model, version), statistics in self._models.items():
                labels = {"model": model, "version": version}
                family.add_sample(name, labels, int(getattr(statistics, attribute)))
            yield family
        yield self._failures()
        pending = GaugeMetricFamily(
            "nv_inference_pending_request_count", "Requests being worked on.", labels=_MODEL_LABELS
        )
        for key, statistics in self._models.items():
            pending.add_metric(key, statistics.pending)
        yield pending
        responses = CounterMetricFamily("onnxruntime_server_http_responses", "HTTP answers.", labels=("status",))
        for status, count in self.responses.items():
            responses.add_metric((str(status),), count)
        yield responses

    def _failures(self) -> Metric:
        name = "nv_inference_request_failure"
        family = Metric(name, "Requests not answered, by reason.", "counter")
        for (model, version), statistics in self._models.items():
            for reason in ("REJECTED", "CANCELED", "BACKEND", "OTHER"):
                labels = {"model": model, "reason": reason, "version": version}
                family.add_sample(name, labels, statistics.failures[reason])
        return family

    def text(self) -> bytes:
        """The Prometheus text format."""
        # The library ends the name of every counter with _total in its head lines; Triton's names have no such end.
        return _TRITON_COUNTER_HEAD.sub(rb"\1 ", generate_latest(self._registry))
