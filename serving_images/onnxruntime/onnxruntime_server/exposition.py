"""How Prometheus reads what is counted."""

from __future__ import annotations

import re
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

from onnxruntime_server.metrics import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnxruntime_server.metrics import Metrics, ModelStatistics

_MODEL_LABELS: Final = ("model", "version")
_STEP_LABELS: Final = ("model", "version", "step")
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
_TRITON_COUNTER_HEAD: Final = re.compile(rb"^(# (?:HELP|TYPE) nv_\w+)_total ", re.MULTILINE)


class Exposition(Collector):
    """The counts in the Prometheus text format, and those of the process."""

    def __init__(self, metrics: Metrics) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves its result out
        self._metrics = metrics
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def collect(self) -> Iterator[Metric]:
        """The counts as metric families."""
        models = dict(self._metrics.models)
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
        for status, count in dict(self._metrics.responses).items():
            responses.add_metric((str(status),), count)
        yield responses
        calls = CounterMetricFamily("onnxruntime_server_grpc_responses", "gRPC answers.", labels=("status",))
        for name, count in dict(self._metrics.calls).items():
            calls.add_metric((name,), count)
        yield calls
        cache = GaugeMetricFamily("onnxruntime_server_cache_bytes", "Bytes that the response cache holds.")
        cache.add_metric((), self._metrics.cache_bytes)
        yield cache

    def text(self) -> bytes:
        """The Prometheus text format."""
        # The library ends the name of every counter with _total in its head lines; Triton's names have no such end.
        return _TRITON_COUNTER_HEAD.sub(rb"\1 ", generate_latest(self._registry))
