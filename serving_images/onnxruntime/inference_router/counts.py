"""What is counted, and what is believed, as Prometheus metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
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

if TYPE_CHECKING:
    from onnxruntime_server.http.body import Memory

    from inference_router.backends.fleet import Fleet
    from inference_router.decision.chooser import Switch
    from inference_router.decision.estimates import Estimates
    from inference_router.decision.sides import Reason, Side

MOST_ESTIMATES: Final = 500
"""Estimates that are shown; of more the ones that rest on the most answers."""

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Counts(Collector):
    """All counts of the router. To be written on the event loop alone."""

    responses: Counter[int]
    """HTTP answers by status code."""

    calls: Counter[str]
    """gRPC answers by status name."""

    def __init__(self, fleets: dict[Side, Fleet], estimates: Estimates) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves its result out
        self.responses = Counter()
        self.calls = Counter()
        self._fleets = fleets
        self._estimates = estimates
        self._routed: Counter[tuple[Side, Reason, str]] = Counter()
        self._unanswered: Counter[tuple[Side, str]] = Counter()
        self._refused: Counter[str] = Counter()
        self.memories: dict[str, Memory] = {}
        """How much of requests and of unread answers is held, by protocol."""
        self._switches: Counter[tuple[Side, str]] = Counter()
        self._durations = {side: [0] * (len(BUCKETS) + 1) for side in fleets}
        self._seconds = dict.fromkeys(fleets, 0.0)
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def routed(self, side: Side, reason: Reason, protocol: str) -> None:
        """A request, or another attempt of one, went to a side."""
        self._routed[side, reason, protocol] += 1

    def unanswered(self, side: Side, cause: str) -> None:
        """An attempt found no answer; ``cause`` is one of a few words."""
        self._unanswered[side, cause] += 1

    def refused(self, protocol: str) -> None:
        """Nobody took a request."""
        self._refused[protocol] += 1

    def switched(self, switch: Switch) -> None:
        """Requests of some kind go to another side from now on."""
        self._switches[switch.to, switch.reason] += 1

    def took(self, side: Side, seconds: float) -> None:
        """A request for a prediction was answered."""
        self._durations[side][bisect_left(BUCKETS, seconds)] += 1
        self._seconds[side] += seconds

    def collect(self) -> Iterator[Metric]:
        """The counts as metric families."""
        routed = CounterMetricFamily(
            "inference_router_requests",
            "Requests by where they went and why; every further attempt counts again, with reason retry.",
            labels=("side", "reason", "protocol"),
        )
        for key, count in dict(self._routed).items():
            routed.add_metric(key, count)
        yield routed
        unanswered = CounterMetricFamily(
            "inference_router_unanswered", "Attempts that found no answer, by cause.", labels=("side", "cause")
        )
        for where, count in dict(self._unanswered).items():
            unanswered.add_metric(where, count)
        yield unanswered
        refused = CounterMetricFamily("inference_router_refused", "Requests that no side took.", labels=("protocol",))
        for protocol, count in dict(self._refused).items():
            refused.add_metric((protocol,), count)
        yield refused
        switches = CounterMetricFamily(
            "inference_router_switches", "Changes of where requests go.", labels=("to", "reason")
        )
        for change, count in dict(self._switches).items():
            switches.add_metric(change, count)
        yield switches
        yield self._durations_family()
        yield from self._sides()
        yield self._believed()
        yield from self._answers()

    def _durations_family(self) -> Metric:
        family = HistogramMetricFamily(
            "inference_router_backend_duration_seconds",
            "Time from sending a request for a prediction to its whole answer, by side.",
            labels=("side",),
        )
        bounds = [*map(floatToGoString, BUCKETS), "+Inf"]
        for side, durations in self._durations.items():
            family.add_metric((side,), list(zip(bounds, accumulate(durations), strict=True)), self._seconds[side])
        return family

    def _sides(self) -> Iterator[Metric]:
        def gauge(name: str, text: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"inference_router_{name}", text, labels=("side",))

        ready, in_flight = (
            gauge("ready_endpoints", "Endpoints that take requests."),
            gauge("in_flight", "Requests of this router that are not answered yet."),
        )
        others = gauge("waiting_of_others", "Requests of others, when the endpoints' metrics were read last.")
        fault = gauge("fault", "Whether the side's hardware reports a fault.")
        utilisation = gauge("gpu_utilisation", "Of the busiest GPU, where the endpoints' metrics tell it, from 0 to 1.")
        for side, fleet in self._fleets.items():
            sound = [endpoint for endpoint in fleet.endpoints if endpoint.ready and endpoint.fault is None]
            ready.add_metric((side,), len(sound))
            in_flight.add_metric((side,), fleet.in_flight)
            others.add_metric((side,), sum(endpoint.others for endpoint in sound))
            faulty = fleet.fault is not None or any(endpoint.fault is not None for endpoint in fleet.endpoints)
            fault.add_metric((side,), int(faulty))
            known = [endpoint.utilisation for endpoint in sound if endpoint.utilisation is not None]
            if known:
                utilisation.add_metric((side,), max(known))
        yield from (ready, in_flight, others, fault, utilisation)
        held = GaugeMetricFamily(
            "inference_router_held_bytes",
            "Bytes of requests and of unread answers that are held.",
            labels=("protocol",),
        )
        for protocol, memory in self.memories.items():
            held.add_metric((protocol,), memory.held)
        yield held

    def _believed(self) -> Metric:
        family = GaugeMetricFamily(
            "inference_router_service_seconds",
            "What a request of this size is believed to take with nothing before it; sizes as powers of two.",
            labels=("side", "model", "measure", "power"),
        )
        known = sorted(self._estimates.all(), key=lambda entry: -entry[3].answers)
        for side, model, size, estimate in known[:MOST_ESTIMATES]:
            family.add_metric((side, model, size.measure, str(size.power)), estimate.seconds)
        return family

    def _answers(self) -> Iterator[Metric]:
        responses = CounterMetricFamily("inference_router_http_responses", "HTTP answers.", labels=("status",))
        for status, count in dict(self.responses).items():
            responses.add_metric((str(status),), count)
        yield responses
        calls = CounterMetricFamily("inference_router_grpc_responses", "gRPC answers.", labels=("status",))
        for name, count in dict(self.calls).items():
            calls.add_metric((name,), count)
        yield calls

    def text(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self._registry)
