"""What a node says about itself: the labels and taints that workloads and pools agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from components.gpu.node_labels import node_labels
from components.labels import TENANT

if TYPE_CHECKING:
    from components.node_pools.spec import NodePoolSpec

POOL = "falaj.dev/pool"
"""What the pool is for: its role."""
POOL_NAME = "falaj.dev/pool-name"
"""Which pool it is, by the name in the stack file."""
CAPACITY = "falaj.dev/capacity"
"""How its machines are paid for; `spot` is a taint as well."""
GPU_FAMILY = "falaj.dev/gpu-family"
"""Which kind of GPU it has, as a key of the catalog."""
GPU_SHARING = "falaj.dev/gpu-sharing"
"""How pods share its GPUs."""
CRITICAL_ADDONS = "CriticalAddonsOnly"
"""Kept free for what the cluster itself needs; the add-ons of both clouds tolerate it."""
NO_SCHEDULE = "NoSchedule"
"""Pods without a toleration are not placed on the node; those that run stay."""


class Taint(NamedTuple):
    """A mark that keeps pods off a node unless they tolerate it."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{NO_SCHEDULE}"


GPU_PRESENT = Taint("nvidia.com/gpu", "present")
"""What nodes with GPUs are kept for."""
GPU_NOT_READY = Taint("falaj.dev/gpu-not-ready", "true")
"""On a node until its GPUs can be had: before the driver, the layout of the cards and the device plugin are there."""


def labels(spec: NodePoolSpec) -> dict[str, str]:
    """Return the labels of a pool's nodes, which workloads select by."""
    found = {POOL: spec.role, POOL_NAME: spec.pool, CAPACITY: spec.capacity}
    if spec.tenant is not None:
        found[TENANT] = spec.tenant
    if spec.gpu is not None:
        (family,) = spec.wish(spec.gpu).families
        found |= {GPU_FAMILY: family, GPU_SHARING: spec.gpu.sharing.value, **node_labels(spec.gpu)}
    return found


def taints(spec: NodePoolSpec) -> tuple[Taint, ...]:
    """Return the taints of a pool's nodes: what runs there has to ask for a system, tenant's or spot node by name."""
    found = []
    if spec.role == "system":
        found.append(Taint(CRITICAL_ADDONS, "true"))
    if spec.tenant is not None:
        found.append(Taint(TENANT, spec.tenant))
    if spec.capacity == "spot":
        found.append(Taint(CAPACITY, "spot"))
    if spec.gpu is not None:
        found.append(GPU_PRESENT)
    return tuple(found)


def startup_taints(spec: NodePoolSpec) -> tuple[Taint, ...]:
    """Return the taints that a node is born with and that are taken away once it can do what it is for."""
    return () if spec.gpu is None else (GPU_NOT_READY,)
