"""What a node says about itself: the labels and taints that workloads and pools agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from components.labels import TENANT

if TYPE_CHECKING:
    from components.node_pools.spec import NodePoolSpec

POOL = "falaj.dev/pool"
"""What the pool is for: its role."""
POOL_NAME = "falaj.dev/pool-name"
"""Which pool it is, by the name in the stack file."""
CAPACITY = "falaj.dev/capacity"
"""How its machines are paid for; `spot` is a taint as well."""
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


def labels(spec: NodePoolSpec) -> dict[str, str]:
    """Return the labels of a pool's nodes, which workloads select by."""
    found = {POOL: spec.role, POOL_NAME: spec.pool, CAPACITY: spec.capacity}
    if spec.tenant is not None:
        found[TENANT] = spec.tenant
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
    return tuple(found)
