"""What a picture says about a component: a title, the few facts that matter, and what it is made of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from falaj.engine import urn as urns
from falaj.graph.picture import Grid
from falaj.plan.model import SECRET, UNKNOWN, Plan, PlannedResource

_CLOUDS: Final = ("Aws", "Azure", "Eks", "Aks")
_TITLES: Final = {"OnnxRuntimeServer": "ONNX Runtime server", "AzureSubscription": "Subscription"}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIELD = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line made from a resource's inputs; left out where one of them is missing, unknown or secret."""

    text: str
    """The line, each ``{path}`` standing for the input there."""
    path: str = ""
    """Where to look first; empty to say it always."""
    value: object = None
    """What has to stand there."""


FACTS: Final[Mapping[str, tuple[Fact, ...]]] = {
    "aws:ec2/vpc:Vpc": (Fact("VPC {cidrBlock}"),),
    "azure-native:network:VirtualNetwork": (Fact("virtual network {addressSpace.addressPrefixes}"),),
    "aws:eks/cluster:Cluster": (
        Fact("EKS, Kubernetes {version}"),
        Fact("API server private only", "vpcConfig.endpointPublicAccess", value=False),
    ),
    "azure-native:containerservice:ManagedCluster": (
        Fact("AKS, Kubernetes {kubernetesVersion}"),
        Fact("API server private only", "apiServerAccessProfile.enablePrivateCluster", value=True),
        Fact("system nodes: {agentPoolProfiles.0.vmSize}, at most {agentPoolProfiles.0.maxCount}"),
    ),
    "aws:eks/nodeGroup:NodeGroup": (
        Fact("{instanceTypes}"),
        Fact("{scalingConfig.minSize} to {scalingConfig.maxSize} nodes"),
        Fact("spot", "capacityType", "SPOT"),
    ),
    "azure-native:containerservice:AgentPool": (
        Fact("{vmSize}"),
        Fact("{minCount} to {maxCount} nodes"),
        Fact("zones {availabilityZones}"),
        Fact("spot", "scaleSetPriority", "Spot"),
    ),
    "kubernetes:core/v1:Namespace": (Fact("namespace {metadata.name}"),),
    "kubernetes:core/v1:Service": (Fact("load balancer, port {spec.ports.0.port}", "spec.type", "LoadBalancer"),),
    "kubernetes:apps/v1:Deployment": (Fact("{metadata.name}, replicas: {spec.replicas}"),),
    "kubernetes:apps/v1:StatefulSet": (Fact("{metadata.name}, replicas: {spec.replicas}"),),
    "aws:s3/bucket:Bucket": (Fact("object lock", "objectLockEnabled", value=True),),
    "azure-native:storage:StorageAccount": (Fact("{sku.name}"),),
    "azure-native:keyvault:Vault": (Fact("vault, {properties.sku.name}"),),
    "azure-native:containerregistry:Registry": (Fact("{sku.name}"),),
    "aws:backup/plan:Plan": (Fact("{rules.0.schedule}"),),
    "aws:budgets/budget:Budget": (Fact("{limitAmount} {limitUnit} a month"),),
}
"""What is worth a line of its own, by type."""

LISTED: Final = {
    "aws:kms/key:Key": "keys",
    "azure-native:keyvault:Key": "keys",
    "aws:ecr/repository:Repository": "repositories",
    "aws:iam/role:Role": "roles",
    "azure-native:managedidentity:UserAssignedIdentity": "identities",
    "aws:eks/addon:Addon": "add-ons",
}
"""Types whose resources are named in one line, and what they are called together."""

SUBNETS: Final = {
    "aws:ec2/subnet:Subnet": ("availabilityZoneId", "availabilityZone", "cidrBlock"),
    "azure-native:network:Subnet": ("", "", "addressPrefix"),
}
"""Where a subnet says its zone and its addresses."""

MOST_LISTED = 12


def title_of(component: PlannedResource) -> str:
    """Return a component's class as people say it: ``AwsModelStore`` is a model store."""
    name = component.type.rsplit(":", 1)[-1]
    if name in _TITLES:
        return _TITLES[name]
    for cloud in _CLOUDS:
        name = name.removeprefix(cloud) or name
    words = _WORDS.sub(" ", name).split()
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def lines_of(plan: Plan, component: PlannedResource) -> tuple[str, ...]:
    """Return the facts of a component's resources and the names of those that are listed, each line once."""
    below = list(plan.below(component.urn))
    facts = [line for each in below for line in _facts(each)]
    return tuple(dict.fromkeys([*facts, *_lists(component, below)]))


def made_of(plan: Plan, component: PlannedResource) -> str:
    """Return what a component is made of, for a tooltip: its type, and how many of each type are below it."""
    types = Counter(each.type for each in plan.below(component.urn) if each.custom)
    return "\n".join(
        [f"{component.type} {component.name}", *(f"{count} {name}" for name, count in sorted(types.items()))]
    )


def subnet_grid(plan: Plan, network: PlannedResource) -> Grid | None:
    """Return a network's subnets by role and zone; None where it has none."""
    cells: dict[tuple[str, str], list[str]] = {}
    for each in plan.below(network.urn):
        if each.type in SUBNETS:
            *zone_paths, addresses = SUBNETS[each.type]
            zone = next((str(each.inputs[path]) for path in zone_paths if path in each.inputs), "")
            role = _without(each.name, network.name).removesuffix(f"-{zone}")
            cells.setdefault((role, zone), []).append(_shown(each.inputs.get(addresses)) or "")
    if not cells:
        return None
    roles = dict.fromkeys(role for role, _ in sorted(cells))
    zones = tuple(sorted({zone for _, zone in cells}))
    rows = tuple((role, tuple(", ".join(cells.get((role, zone), ())) for zone in zones)) for role in roles)
    return Grid(zones, rows)


def _facts(resource: PlannedResource) -> Iterator[str]:
    for fact in FACTS.get(resource.type, ()):
        if fact.path and _at(resource.inputs, fact.path) != fact.value:
            continue
        values = {path: _shown(_at(resource.inputs, path)) for path in _FIELD.findall(fact.text)}
        if None not in values.values():
            yield _FIELD.sub(lambda field, found=values: str(found[field.group(1)]), fact.text)  # type: ignore[misc]  # bound at once


def _lists(component: PlannedResource, below: Iterable[PlannedResource]) -> Iterator[str]:
    named: dict[str, list[str]] = {}
    for each in below:
        if each.type in LISTED:
            named.setdefault(LISTED[each.type], []).append(_without(each.name, component.name))
    for kind, names in sorted(named.items()):
        left = len(names) - MOST_LISTED
        yield f"{kind}: {', '.join(sorted(names)[:MOST_LISTED])}" + (f" and {left} more" if left > 0 else "")


def _without(name: str, prefix: str) -> str:
    return name.removeprefix(f"{prefix}-")


def _at(inputs: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - JSON
    """What lies at a dotted path; None for nothing."""
    found: Any = inputs
    for step in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def _shown(value: object) -> str | None:
    """A value as a text; None for what is not known or not simple."""
    if isinstance(value, list | tuple):
        items = [_shown(item) for item in value]
        return None if not items or None in items else ", ".join(str(item) for item in items)
    if value is None or value in (UNKNOWN, SECRET) or isinstance(value, Mapping):
        return None
    return str(value)


def is_in_cluster(plan: Plan, component: PlannedResource) -> bool:
    """Tell whether a component makes Kubernetes objects and nothing else but providers."""
    packages = {
        urns.package_of(each.type)
        for each in plan.below(component.urn)
        if each.custom and not urns.is_provider_type(each.type)
    }
    return packages == {"kubernetes"}
