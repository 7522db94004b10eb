"""Where the machines of a pool with GPUs may come from, in which order, and whether an upgrade fits the quota."""

from __future__ import annotations

from collections.abc import Iterator

from components.gpu.reasons import Reason, listed
from components.gpu.spec import CapacityKind, GpuPool
from falaj.catalog.providers import Provider
from falaj.catalog.quotas import machines_beside

ORDER = tuple(CapacityKind)
LEAST_SPOT_SIZES = 2
"""Sizes that a spot pool of AWS may choose from, so that it does not vanish when one of them runs short."""
EXCHANGE = {
    Provider.AWS: "update strategy MINIMAL, one at a time",
    Provider.AZURE: "maxSurge 0, maxUnavailable 1",
}
"""What an upgrade without machines beside the others is called."""


def capacity_reasons(pool: GpuPool) -> Iterator[Reason]:
    """Yield what is wrong with the order, its time limits, the reservation, spot and the quota."""
    yield from _order(pool)
    yield from _limits(pool)
    yield from _reservation(pool)
    yield from _spot(pool)
    yield from _quota(pool)


def _order(pool: GpuPool) -> Iterator[Reason]:
    kinds = [step.kind for step in pool.gpu.capacity]
    if kinds != [kind for kind in ORDER if kind in kinds]:
        sentence = f"capacity {listed(kinds)}, allowed: each once, in the order {listed(ORDER)}."
        yield Reason("capacity", sentence)
    if kinds[-1] is not CapacityKind.CPU_ROUTE:
        sentence = (
            f"capacity ends with {kinds[-1]}, allowed: cpu_route last; when no machine comes, models answer on CPUs."
        )
        yield Reason("capacity", sentence)
    if not pool.gpu.machine_steps:
        yield Reason(
            "capacity", "capacity cpu_route alone, allowed: a step with machines before it, or no pool with GPUs."
        )


def _limits(pool: GpuPool) -> Iterator[Reason]:
    for step in pool.gpu.capacity:
        if step.kind is CapacityKind.CPU_ROUTE and step.minutes is not None:
            sentence = f"capacity cpu_route with minutes {step.minutes}, allowed: none; nothing comes after it."
            yield Reason("capacity", sentence)
        if step.kind is not CapacityKind.CPU_ROUTE and step.minutes is None:
            sentence = f"capacity {step.kind} without minutes, allowed: 1 to 60, after which the next step is tried."
            yield Reason("capacity", sentence)
    limits = {step.minutes for step in pool.gpu.machine_steps if step.minutes is not None}
    if pool.provider is Provider.AZURE and len(limits) > 1:
        sentence = (
            f"capacity with minutes {listed(sorted(limits))}, allowed on aks: one number for every step; its "
            "autoscaler has one limit for the cluster."
        )
        yield Reason("capacity", sentence)


def _reservation(pool: GpuPool) -> Iterator[Reason]:
    reservation, on_aws = pool.gpu.reservation, pool.provider is Provider.AWS
    reserved = any(step.kind is CapacityKind.RESERVED for step in pool.gpu.capacity)
    if reservation is None:
        if reserved:
            yield Reason("reservation", "capacity reserved without reservation, allowed: its id, or no step reserved.")
        return
    if not reserved:
        sentence = f"reservation {reservation.id} without capacity reserved, allowed: reserved as the first step."
        yield Reason("reservation", sentence)
    if on_aws is not reservation.id.startswith("cr-"):
        wanted = "an id such as cr-0123456789abcdef0" if on_aws else "the id of a capacity reservation group"
        yield Reason("reservation", f"reservation {reservation.id} on {pool.provider}, allowed: {wanted}.")
    if on_aws and reservation.zone not in pool.zones:
        zone = "without zone" if reservation.zone is None else f"in zone {reservation.zone}"
        yield Reason("reservation", f"reservation {reservation.id} {zone}, allowed: one of {listed(pool.zones)}.")
    if not on_aws and (reservation.block or reservation.zone is not None):
        sentence = "reservation with zone or block on azure, allowed: its id alone; the group knows its zones."
        yield Reason("reservation", sentence)
    if reserved and pool.surge_percent:
        sentence = (
            f"surge_percent {pool.surge_percent} with capacity reserved, allowed: 0 ({EXCHANGE[pool.provider]}); what "
            "is reserved has no machine to spare."
        )
        yield Reason("surge_percent", sentence)


def _spot(pool: GpuPool) -> Iterator[Reason]:
    spot = any(step.kind is CapacityKind.SPOT for step in pool.gpu.capacity)
    if spot and pool.provider is Provider.AWS and len({*pool.sizes}) < LEAST_SPOT_SIZES:
        sentence = (
            f"capacity spot with size {listed(pool.sizes)} alone, allowed: {LEAST_SPOT_SIZES} sizes or more with the "
            "same GPU, or no step spot; one size is taken away all at once."
        )
        yield Reason("sizes", sentence)


def _quota(pool: GpuPool) -> Iterator[Reason]:
    """Machines on demand and reserved count in one quota, each step up to the pool's maximum; spot has its own."""
    quota, largest = pool.gpu.vcpu_quota, max((size.vcpus for size in pool.machines), default=0)
    counted = [step for step in pool.gpu.machine_steps if step.kind is not CapacityKind.SPOT]
    if quota is None or not largest or not counted:
        return
    machines, fit = pool.maximum * len(counted), quota // largest
    if machines > fit:
        fewer = f"maximum {fit // len(counted)}, or " if fit // len(counted) else ""
        sentence = (
            f"maximum {pool.maximum} in each of {len(counted)} steps is {machines * largest} vCPUs, vcpu_quota {quota},"
            f" allowed: {fewer}that quota, which `falaj preflight` says how to ask for."
        )
        yield Reason("maximum", sentence)
        return
    beside = machines_beside(
        pool.provider, maximum=pool.maximum, surge_percent=pool.surge_percent, zones=len(pool.zones)
    )
    if machines + beside > fit:
        sentence = (
            f"surge_percent {pool.surge_percent} starts {beside} machines beside {machines} in an upgrade, "
            f"{(machines + beside) * largest} vCPUs, vcpu_quota {quota}, allowed: surge_percent 0 "
            f"({EXCHANGE[pool.provider]})."
        )
        yield Reason("surge_percent", sentence)
