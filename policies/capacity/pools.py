"""Pools of machines seen alike: EKS node groups, AKS agent pools, and the profiles inside an AKS cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from falaj.catalog.providers import Provider
from policies.geography.homes import Home, home_of
from policies.node import Node
from policies.resources import Plan, Resource
from policies.values import UNKNOWN

NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
AGENT_POOL: Final = "azure-native:containerservice:AgentPool"
EKS: Final = "aws:eks/cluster:Cluster"
AKS: Final = "azure-native:containerservice:ManagedCluster"
POOL_TYPES: Final = (NODE_GROUP, AGENT_POOL, AKS)
"""Types that hold pools."""
CLUSTERS: Final = (EKS, AKS)
SYSTEM: Final = "System"
"""The mode of a pool of AKS that runs what the cluster itself needs."""
CRITICAL_ADDONS: Final = "CriticalAddonsOnly"
"""The taint that keeps everything else off."""


class Taint(NamedTuple):
    """A mark that keeps pods off a node unless they tolerate it."""

    key: str
    value: str
    effect: str
    """``NoSchedule``, ``PreferNoSchedule`` or ``NoExecute``, as Kubernetes writes it."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Machines of one kind."""

    resource: Resource
    """What holds it."""
    root: Node
    """Its properties."""

    @property
    def provider(self) -> Provider:
        """Whose machines they are."""
        return Provider.AWS if self.resource.type == NODE_GROUP else Provider.AZURE

    @property
    def sizes(self) -> Iterator[Node]:
        """The sizes its machines may have."""
        if self.provider is Provider.AWS:
            yield from self.root["instanceTypes"].items()
            return
        if self.root["vmSize"].value is not None:
            yield self.root["vmSize"]
        yield from self.root.select("virtualMachinesProfile.scale.manual[].size")

    @property
    def labels(self) -> Node:
        """Labels of its nodes."""
        return self.root["labels" if self.provider is Provider.AWS else "nodeLabels"]

    @property
    def taints(self) -> Node:
        """Taints of its nodes, as its cloud writes them."""
        return self.root["taints" if self.provider is Provider.AWS else "nodeTaints"]

    @property
    def capacity(self) -> Node:
        """How its machines are paid for, as its cloud writes it."""
        return self.root["capacityType" if self.provider is Provider.AWS else "scaleSetPriority"]

    @property
    def least(self) -> Node:
        """How many machines it has at least."""
        if self.provider is Provider.AWS:
            return self.root["scalingConfig"]["minSize"]
        scaling = self.root["enableAutoScaling"]
        if not scaling.known:
            return scaling
        return self.root["minCount" if scaling.value else "count"]

    @property
    def most(self) -> Node | None:
        """How many machines it has at most; nothing for a pool of a fixed size."""
        if self.provider is Provider.AWS:
            return self.root["scalingConfig"]["maxSize"]
        return self.root["maxCount"] if self.root["enableAutoScaling"].value else None

    @property
    def may_be_system(self) -> bool:
        """Whether it runs what the cluster itself needs and nothing else, or may do so."""
        mode = None if self.provider is Provider.AWS else self.root["mode"]
        if not self.taints.known or (mode is not None and (not mode.known or mode.value == SYSTEM)):
            return True
        taints = [taint_of(each.value) for each in self.taints.items()]
        return any(each is not None and each.key == CRITICAL_ADDONS for each in taints)


def pools_of(found: Resource) -> Iterator[Pool]:
    """Yield the pools that a resource is or holds."""
    if found.type == AKS:
        for profile in found["agentPoolProfiles"].items():
            yield Pool(found, profile)
    else:
        yield Pool(found, found.root)


def pools_in(plan: Plan) -> Iterator[Pool]:
    """Yield every pool of the stack."""
    for held in plan.of_type(*POOL_TYPES):
        yield from pools_of(held)


def home_of_pool(pool: Pool, plan: Plan) -> Home:
    """Return where the machines lie: an agent pool lies where its cluster does."""
    made_from = pool.resource.property_dependencies.get("resourceName", ())
    cluster = next((each for each in plan.of_type(AKS) if each.urn in made_from), None)
    return home_of(cluster or pool.resource, plan)


def taint_of(value: object) -> Taint | None:
    """Return a taint as either cloud writes it; nothing for what is no taint."""
    if isinstance(value, str):
        mark, _, effect = value[:].rpartition(":")
        key, _, text = mark.partition("=")
        return Taint(key, text, effect) if key and effect else None
    if not isinstance(value, dict):
        return None
    key, text, effect = (value.get(name) or "" for name in ("key", "value", "effect"))
    if UNKNOWN in (key, text, effect):
        return None
    return Taint(str(key), str(text), "".join(part.capitalize() for part in str(effect).split("_")))
