"""Where each model should run: the cheapest way that keeps its latency, on CPU and on GPU, and which of the two."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from falaj.placement.gpu_model import seconds
from falaj.placement.market import CpuMachine, GpuMachine, Market
from falaj.placement.profile import CpuProfile, Point
from falaj.placement.queueing import wait
from falaj.placement.work import Work

BATCHES = (1, 2, 4, 8, 16, 32)
"""Batches that are considered on GPUs; on CPUs, those that were measured."""
GPU_CONTEXT_GIB = 1.0
"""Memory that CUDA and ONNX Runtime take before a model, an engineering allowance."""
GIB = 2**30
SECONDS_OF_AN_HOUR = 3600
MILLION = 1_000_000
MEDIAN, SLOWEST = 0.5, 0.99


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of one model."""

    name: str
    rate: float
    """Predictions a second."""
    target_ms: float
    """How long the slowest of a hundred may take at the server."""
    least: int
    """Fewest replicas."""
    most: int
    """Most replicas."""
    memory_gib: float
    """Memory of one replica on CPU."""
    headroom: float = 0.3
    """Share of a replica that stays free."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to run a model."""

    kind: Literal["cpu", "gpu"]
    size: str
    """The machine."""
    unit: str
    """What of it one replica takes."""
    replicas: int
    batch: int
    p50_ms: float
    p99_ms: float
    meets: bool
    """Whether it keeps the latency within the replicas allowed."""
    hourly: float | None
    """USD an hour of all replicas; None where the machine's price is unknown."""
    per_million: float | None
    """USD for a million predictions at this rate."""
    burden: float
    """What all replicas take where no price decides: threads of CPUs, or the peak of the cards in TFLOPS."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Where one model should run."""

    demand: Demand
    chosen: Option | None
    """The way to take; none where there is no machine at all."""
    cpu: Option | None
    """The best on CPU."""
    gpu: Option | None
    """The best on GPU; estimated, never run on one."""
    why: str
    """Why this one."""


@dataclass(frozen=True, slots=True)
class _Service:
    """How long one replica takes for what it does at once."""

    batch: int
    median: float
    slowest: float
    each: float
    """Seconds of one prediction when batches are full."""
    variation: float


@dataclass(frozen=True, slots=True)
class _Sized:
    """How many replicas there are, and how fast they answer, in seconds."""

    replicas: int
    p50: float
    p99: float
    meets: bool


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one replica takes of a machine."""

    size: str
    unit: str
    price: float | None
    burden: float


def advise(demand: Demand, profile: CpuProfile, market: Market) -> Advice:
    """Return the cheapest way that keeps the latency; CPU where prices don't decide, as it was measured."""
    cpu = _best(_on_cpu(demand, profile, market.cpu))
    gpu = None if profile.work.cpu_only else _best(_on_gpu(demand, profile.work, market.gpu))
    return Advice(demand, *_choose(cpu, gpu, profile.work))


def _choose(
    cpu: Option | None, gpu: Option | None, work: Work
) -> tuple[Option | None, Option | None, Option | None, str]:
    if work.cpu_only:
        return cpu, cpu, gpu, f"{', '.join(work.cpu_only)} run on CPUs alone"
    if cpu is None or gpu is None:
        found = cpu or gpu
        return found, cpu, gpu, "no other machine" if found is not None else "no machine"
    if cpu.meets is not gpu.meets:
        return (cpu if cpu.meets else gpu), cpu, gpu, f"only {'CPU' if cpu.meets else 'GPU'} keeps the latency"
    if not cpu.meets:
        return min(cpu, gpu, key=lambda each: each.p99_ms), cpu, gpu, "none keeps the latency; this one comes closest"
    if cpu.hourly is None or gpu.hourly is None:
        return cpu, cpu, gpu, "CPU keeps the latency; prices are unknown"
    return (cpu if cpu.hourly <= gpu.hourly else gpu), cpu, gpu, "cheaper"


def _best(options: Iterable[Option]) -> Option | None:
    """Return the cheapest that meets; where prices are unknown, the smallest; where none meets, the fastest."""
    found = list(options)
    meeting = [option for option in found if option.meets]
    if not meeting:
        return min(found, key=lambda each: (each.p99_ms, each.hourly or math.inf), default=None)
    return min(meeting, key=lambda each: (each.hourly is None, each.hourly or 0, each.burden, each.batch, each.p99_ms))


def _on_cpu(demand: Demand, profile: CpuProfile, machines: Sequence[CpuMachine]) -> Iterator[Option]:
    for point in profile.points:
        fitting = [each for each in machines if each.vcpus >= point.threads and each.memory_gib >= demand.memory_gib]
        if not fitting:
            continue
        sized = _sized(demand, _measured(point))
        for machine in fitting:
            part = max(point.threads / machine.vcpus, demand.memory_gib / machine.memory_gib)
            unit = f"{point.threads} of {machine.vcpus} vCPUs"
            price = None if machine.hourly is None else machine.hourly * part
            taken = _Taken(machine.size, unit, price, float(point.threads))
            yield _option(demand, sized, taken, kind="cpu", batch=point.batch)


def _on_gpu(demand: Demand, work: Work, machines: Sequence[GpuMachine]) -> Iterator[Option]:
    kinds: dict[tuple[str, float, int], _Sized] = {}
    for machine in machines:
        for batch in BATCHES:
            needed = (work.weight_bytes + batch * work.activation_bytes) / GIB + GPU_CONTEXT_GIB
            if needed > machine.memory_gib:
                continue
            kind = (machine.family, machine.share, batch)
            if kind not in kinds:
                kinds[kind] = _sized(demand, _estimated(work, machine, batch))
            price = None if machine.hourly is None else machine.hourly / machine.count
            taken = _Taken(machine.size, _part(machine), price, machine.card.fp16_tflops * machine.share)
            yield _option(demand, kinds[kind], taken, kind="gpu", batch=batch)


def _part(machine: GpuMachine) -> str:
    if machine.count > 1:
        return f"1 of {machine.count} GPUs"
    return "1 GPU" if machine.share == 1 else f"1/{round(1 / machine.share)} GPU"


def _option(demand: Demand, sized: _Sized, taken: _Taken, *, kind: Literal["cpu", "gpu"], batch: int) -> Option:
    hourly = None if taken.price is None else taken.price * sized.replicas
    return Option(
        kind=kind,
        size=taken.size,
        unit=taken.unit,
        replicas=sized.replicas,
        batch=batch,
        p50_ms=sized.p50 * 1000,
        p99_ms=sized.p99 * 1000,
        meets=sized.meets,
        hourly=hourly,
        per_million=None if hourly is None else hourly / (demand.rate * SECONDS_OF_AN_HOUR) * MILLION,
        burden=taken.burden * sized.replicas,
    )


def _measured(point: Point) -> _Service:
    mean = point.mean_ms / 1000
    return _Service(
        batch=point.batch,
        median=point.median_ms / 1000,
        slowest=point.p99_ms / 1000,
        each=mean / point.batch,
        variation=(point.deviation_ms / point.mean_ms) ** 2,
    )


def _estimated(work: Work, machine: GpuMachine, batch: int) -> _Service:
    taken = seconds(work, machine.card, batch, machine.share)
    return _Service(batch=batch, median=taken, slowest=taken, each=taken / batch, variation=0)


def _sized(demand: Demand, service: _Service) -> _Sized:
    """Return the fewest replicas that keep headroom and latency, or the fewest that keep headroom where none does."""
    target = demand.target_ms / 1000
    busy = demand.rate * service.each / (1 - demand.headroom)
    replicas = max(demand.least, math.ceil(busy - 1e-9))
    reachable = latency(SLOWEST, 1, 0, service) <= target
    while reachable and replicas < demand.most and latency(SLOWEST, replicas, demand.rate, service) > target:
        replicas += 1
    p50, p99 = (latency(share, replicas, demand.rate, service) for share in (MEDIAN, SLOWEST))
    return _Sized(replicas, p50, p99, p99 <= target and replicas <= demand.most)


def latency(quantile: float, replicas: int, rate: float, service: _Service) -> float:
    """Return how long that share of predictions takes at most: its wait, the batch it meets, and its own.

    The slowest wait and the slowest run are added up, which is more than the two together take.
    """
    waiting = wait(quantile, replicas, rate, service.each, service.variation)
    own = service.median if quantile == MEDIAN else service.slowest
    met = own if service.batch > 1 else 0.0
    return waiting + met * (quantile if quantile == MEDIAN else 1.0) + own
