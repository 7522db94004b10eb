"""The pools behind one wish for GPUs: one for each place where machines are looked for, tried in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from components.gpu.legality import problems
from components.gpu.spec import CapacityKind, CapacityStep, GpuPool
from components.node_pools.names import DIGITS_ON_AWS, DIGITS_ON_AZURE, LONGEST_ON_AZURE
from components.node_pools.spec import NodeOs, NodePoolSpec
from falaj.catalog.providers import Provider
from falaj.catalog.recipes import node_images

if TYPE_CHECKING:
    from components.placement import Placement

ENDINGS = {CapacityKind.RESERVED: "r", CapacityKind.ON_DEMAND: "", CapacityKind.SPOT: "s"}
"""What follows a pool's name for each step, whichever others there are, so that adding a step rebuilds no pool."""
LONGEST_NAME = LONGEST_ON_AZURE - DIGITS_ON_AZURE - 1
"""Characters of a name that leave room for an ending before the hash of AKS."""
PRIORITIES = {CapacityKind.RESERVED.value: 30, CapacityKind.ON_DEMAND.value: 20, CapacityKind.SPOT.value: 10}
"""Which pool the cluster autoscaler's `priority` expander tries first: the highest."""


def gpu_pools(name: str, wish: GpuPool, *, placement: Placement, disk_gib: int) -> tuple[NodePoolSpec, ...]:
    """Return what is asked of each pool of a wish, in the order in which they are tried.

    The first holds the fewest machines; the others start with none. Refuses an illegal wish with every reason.
    """
    if len(name) > LONGEST_NAME:
        raise ValueError(f"pool {name} has {len(name)} characters, allowed with GPUs: {LONGEST_NAME}")
    if reasons := problems(wish):
        raise ValueError(" ".join(map(str, reasons)))
    return tuple(
        _pool(f"{name}{ENDINGS[step.kind]}", wish, step, placement, disk_gib, first=number == 0)
        for number, step in enumerate(wish.gpu.machine_steps)
    )


def _pool(
    name: str, wish: GpuPool, step: CapacityStep, placement: Placement, disk_gib: int, *, first: bool
) -> NodePoolSpec:
    reservation = wish.gpu.reservation if step.kind is CapacityKind.RESERVED else None
    steps = (step, CapacityStep(kind=CapacityKind.CPU_ROUTE))
    return NodePoolSpec(
        placement=placement,
        pool=name,
        role="gpu",
        kubernetes_version=wish.kubernetes,
        os=NodeOs(node_images()[wish.gpu.image].system or ""),
        sizes=wish.sizes[:1] if reservation is not None else wish.sizes,
        minimum=wish.minimum if first else 0,
        maximum=wish.maximum,
        zones=wish.zones if reservation is None or reservation.zone is None else (reservation.zone,),
        capacity=step.kind.value,
        disk_gib=disk_gib,
        tenant=wish.tenant,
        surge_percent=wish.surge_percent,
        gpu=wish.gpu.model_copy(update={"capacity": steps, "reservation": reservation}),
    )


def expander_priorities(provider: Provider, pools: Iterable[NodePoolSpec]) -> dict[int, list[str]]:
    """Return the groups of machines that the autoscaler's `priority` expander tries, the highest number first.

    Written as YAML into the ConfigMap `cluster-autoscaler-priority-expander`; groups it does not name come last.
    """
    found: dict[int, list[str]] = {}
    for pool in pools:
        found.setdefault(PRIORITIES[pool.capacity], []).append(_group(provider, pool.pool))
    return dict(sorted(found.items(), reverse=True))


def _group(provider: Provider, pool: str) -> str:
    """A pattern for the scaling group or scale set behind a pool, whatever its hash."""
    if provider is Provider.AWS:
        return f"^eks-{pool}-[0-9a-f]{{{DIGITS_ON_AWS}}}-.*"
    return f"^aks-{pool}[0-9a-f]{{{DIGITS_ON_AZURE}}}-.*"
