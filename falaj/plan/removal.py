"""In which order a stack is taken down, derived from what its resources need, and what would stand in its way.

What an object of a cluster makes outside the state (a load balancer, a disk) goes only if that object is deleted while
the cluster still works. Everything else in the cluster goes with it and is never asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Final

from falaj.engine import urn as urns
from falaj.plan.model import Plan, PlannedResource

CLUSTERS: Final = frozenset({"aws:eks/cluster:Cluster", "azure-native:containerservice:ManagedCluster"})
"""What takes everything in it along."""

NODE_POOLS: Final = frozenset({"aws:eks/nodeGroup:NodeGroup", "azure-native:containerservice:AgentPool"})
"""Where the controllers run that remove load balancers and disks."""

KEPT_FOR_GPUS: Final = "nvidia.com/gpu"
"""The taint that keeps every pod off a node but those that ask for GPUs."""

NODES_INCLUDED: Final = frozenset({"azure-native:containerservice:ManagedCluster"})
"""Clusters whose first nodes come with them."""

GROUND: Final = frozenset(
    {
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "azure-native:network:Subnet",
        "azure-native:privatedns:VirtualNetworkLink",
    }
)
"""What nodes reach the cloud through and load balancers stand in: there before them, gone after them."""

PRIVATE_ENDPOINT: Final = "azure-native:network:PrivateEndpoint"
KUBERNETES_PROVIDER: Final = "pulumi:providers:kubernetes"

MAKERS: Final = {
    "kubernetes:core/v1:PersistentVolumeClaim": "a disk",
    "kubernetes:apps/v1:StatefulSet": "disks",
    "kubernetes:networking.k8s.io/v1:Ingress": "a load balancer",
    "kubernetes:core/v1:Service": "a load balancer",
}
"""Objects that have a cloud thing made which no state knows, and what it is."""


class Departure(StrEnum):
    """How a resource goes."""

    DRAINED = "drained"
    """Deleted while the cluster works, and with it what it had made in the cloud."""
    DELETED = "deleted"
    """Deleted by its provider."""
    CARRIED = "carried"
    """Gone with what it is deleted with; never asked for."""
    RETAINED = "retained"
    """Left where it is."""
    FORGOTTEN = "forgotten"
    """Only a name in the state: a component, a provider, something looked up."""


@dataclass(frozen=True, slots=True)
class Removal:
    """One resource on its way out."""

    wave: int
    """Its turn: everything of a lower wave is gone before it."""
    resource: PlannedResource
    """The resource."""
    departure: Departure
    """How it goes."""


def removal_order(plan: Plan) -> tuple[Removal, ...]:
    """Return every resource with its turn: whatever needs a resource goes before it. Sorted by turn, then URN.

    Raises ``graphlib.CycleError`` where resources need one another.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter({each.urn: () for each in plan})
    for each in plan:
        for needed in each.needs() & plan.by_urn.keys():
            sorter.add(needed, each.urn)
    sorter.prepare()
    found: list[Removal] = []
    wave = 0
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        found += [Removal(wave, plan.by_urn[urn], departure(plan.by_urn[urn])) for urn in ready]
        sorter.done(*ready)
        wave += 1
    return tuple(found)


def departure(resource: PlannedResource) -> Departure:
    """Return how a resource goes when its stack is destroyed."""
    if resource.retain_on_delete:
        return Departure.RETAINED
    if resource.component or resource.read or urns.is_provider_type(resource.type):
        return Departure.FORGOTTEN
    if resource.deleted_with:
        return Departure.CARRIED
    return Departure.DRAINED if made_outside(resource) else Departure.DELETED


def made_outside(resource: PlannedResource) -> str:
    """Return what a Kubernetes object has made in the cloud that no state knows; empty for nothing."""
    made = MAKERS.get(resource.type, "")
    spec = resource.inputs.get("spec")
    if not isinstance(spec, dict):
        return made
    if resource.type.endswith(":Service") and spec.get("type") != "LoadBalancer":
        return ""
    if resource.type.endswith(":StatefulSet") and not spec.get("volumeClaimTemplates"):
        return ""
    return made


def runs_controllers(pool: PlannedResource) -> bool:
    """Return whether what removes load balancers and disks may run on a pool: not where nodes are kept for GPUs."""
    taints = pool.inputs.get("taints") or pool.inputs.get("nodeTaints") or ()
    keys = [each.get("key") if isinstance(each, dict) else str(each).partition("=")[0] for each in taints]
    return KEPT_FOR_GPUS not in keys


def removal_problems(plan: Plan) -> list[str]:
    """Return what would hang or be left behind when the stack is destroyed, one sentence each, by URN."""
    objects = [problem for each in plan if each.type.startswith("kubernetes:") for problem in _problems(plan, each)]
    drained = (each for each in plan if made_outside(each) and _cluster_of(plan, each) is not None)
    return [*objects, *_ungrounded(plan, [*plan.typed(*NODE_POOLS, *NODES_INCLUDED), *drained])]


def _problems(plan: Plan, resource: PlannedResource) -> Iterator[str]:
    cluster = _cluster_of(plan, resource)
    if cluster is None:
        return
    what = f"{resource.type} {resource.name}"
    made = made_outside(resource)
    if not made:
        if resource.deleted_with != cluster.urn and not resource.retain_on_delete:
            yield f"{what} may outlive {cluster.name}: set its deleted_with to the cluster"
        return
    if resource.deleted_with or resource.retain_on_delete:
        yield f"{what} would leave {made} behind: take its deleted_with off"
    lasting = _reached(plan, resource.urn)
    for pool in filter(runs_controllers, plan.typed(*NODE_POOLS)):
        if pool.urn not in lasting and cluster.urn in _reached(plan, pool.urn):
            yield f"{what} may outlive node pool {pool.name}: make it depend on the pool, which {made} is removed from"


def _ungrounded(plan: Plan, standing: Iterable[PlannedResource]) -> Iterator[str]:
    """What would lose the ground under it: its subnets and endpoints may go before it, and come after it."""
    for resource in standing:
        reached = _reached(plan, resource.urn)
        missing = [
            ground.name
            for ground in plan
            if _is_ground(ground) and ground.urn not in reached and resource.urn not in _reached(plan, ground.urn)
        ]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            yield f"{resource.type} {resource.name} may outlive {missing[0]}{more}: make it depend on the network"


def _is_ground(resource: PlannedResource) -> bool:
    """On Azure each component has an endpoint of its own; nodes pull through that of the registry."""
    if resource.type != PRIVATE_ENDPOINT:
        return resource.type in GROUND
    connections = resource.inputs.get("privateLinkServiceConnections")
    return any("registry" in (each.get("groupIds") or ()) for each in connections or ())


def _cluster_of(plan: Plan, resource: PlannedResource) -> PlannedResource | None:
    """The cloud cluster that a Kubernetes object lies in: the one its provider is made from."""
    provider = plan.by_urn.get(resource.provider)
    if provider is None or provider.type != KUBERNETES_PROVIDER:
        return None
    reached = _reached(plan, provider.urn)
    return next((each for each in plan.typed(*CLUSTERS) if each.urn in reached), None)


def _reached(plan: Plan, urn: str) -> Collection[str]:
    """Everything that a resource needs, directly or not."""
    found: set[str] = set()
    waiting = [urn]
    while waiting:
        each = plan.by_urn.get(waiting.pop())
        if each is None:
            continue
        more = each.needs() - found
        found |= more
        waiting += more
    return found
