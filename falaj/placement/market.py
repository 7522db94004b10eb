"""The machines a model could be put on, with what is known of their prices and of their GPUs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from falaj.catalog.availability import Availability
from falaj.catalog.gpu_performance import GpuPerformance, gpu_performance
from falaj.catalog.gpus import family_key
from falaj.catalog.offers import MachineSize, machine_sizes
from falaj.catalog.prices import prices


@dataclass(frozen=True, slots=True)
class CpuMachine:
    """One size without GPUs."""

    size: str
    vcpus: int
    memory_gib: float
    hourly: float | None
    """USD an hour; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class GpuMachine:
    """One size with GPUs."""

    size: str
    family: str
    """What the GPU is, a key of gpus."""
    count: int
    """How many it holds."""
    share: float
    """Part of a card that each is."""
    memory_gib: float
    """Memory of each."""
    hourly: float | None
    card: GpuPerformance


@dataclass(frozen=True, slots=True)
class Market:
    """What can be had in one place."""

    cpu: tuple[CpuMachine, ...]
    gpu: tuple[GpuMachine, ...]


def market(region: str, cpu_sizes: Iterable[str], zones: Iterable[str], own: Mapping[str, float]) -> Market:
    """Return these CPU sizes, and every GPU size that the region sells in a zone of these, with prices where known.

    `own` are prices of the reader's, which go before the catalog's. GPUs without a data sheet here are left out.
    """
    known = dict(prices()[region].hourly) if region in prices() else {}
    hourly = known | dict(own)
    offered, asked = machine_sizes(region), set(zones)
    cpu = tuple(_cpu(offered[name], hourly) for name in dict.fromkeys(cpu_sizes) if name in offered)
    with_gpus = (size for size in offered.values() if size.gpu is not None and _sold(size, asked))
    return Market(cpu, tuple(found for size in with_gpus if (found := _gpu(size, hourly)) is not None))


def _sold(size: MachineSize, zones: set[str]) -> bool:
    answers = {size.sold_in(zone) for zone in zones if zone in size.zones}
    return not answers or bool(answers - {Availability.NO})


def _cpu(size: MachineSize, hourly: Mapping[str, float]) -> CpuMachine:
    return CpuMachine(size.name, size.vcpus, size.memory_gib, hourly.get(size.name))


def _gpu(size: MachineSize, hourly: Mapping[str, float]) -> GpuMachine | None:
    if size.gpu is None:
        return None
    family = family_key(size.gpu)
    card = gpu_performance().get(family) if family is not None else None
    if family is None or card is None:
        return None
    top, _, bottom = (size.gpu.share or "1/1").partition("/")
    return GpuMachine(
        size=size.name,
        family=family,
        count=size.gpu.count,
        share=int(top) / int(bottom),
        memory_gib=size.gpu.memory_gib,
        hourly=hourly.get(size.name),
        card=card,
    )
