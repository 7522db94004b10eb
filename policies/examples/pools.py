"""Builders for the examples of controls: clusters, their pools of machines and the subnets these lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from policies.capacity.machines import LAUNCH_TEMPLATE
from policies.capacity.pools import AGENT_POOL, AKS, EKS, NODE_GROUP
from policies.examples.kubernetes import without_none
from policies.geography.zones import SUBNET
from policies.resources import Resource, resource
from policies.values import UNKNOWN

ON_AWS: Final = resource("pulumi:providers:aws", {"region": "me-central-1", "allowedAccountIds": '["111122223333"]'})
ON_AZURE: Final = resource(
    "pulumi:providers:azure-native",
    {"location": "uaenorth", "subscriptionId": "00000000-0000-4000-8000-000000000001"},
)
AWS_ZONES: Final = ("mec1-az1", "mec1-az2", "mec1-az3")
AZURE_ZONES: Final = ("1", "2", "3")
GPU: Final = ("g5.xlarge", "g6.xlarge")
"""Sizes with a GPU that two of the three zones sell."""
AZURE_GPU: Final = "Standard_NV36ads_A10_v5"


def urn(token: str, name: str) -> str:
    """Return the URN of a resource at the top of a stack."""
    return f"urn:pulumi:stack::project::{token}::{name}"


def subnet(name: str, **properties: object) -> Resource:
    """Make a subnet in the zone of that id."""
    return resource(SUBNET, without_none({"availabilityZoneId": name} | properties), urn=urn(SUBNET, name))


def subnets(*zones: str) -> tuple[Resource, ...]:
    """Make a subnet in each zone."""
    return tuple(subnet(zone) for zone in zones)


def eks(
    *, inside: Sequence[Resource] = (), ids: object = None, provider: Resource | None = ON_AWS, **properties: object
) -> Resource:
    """Make an EKS cluster in subnets of the stack, or of the given ids."""
    found = [UNKNOWN] * len(inside) if ids is None else ids
    return resource(
        EKS,
        without_none({"name": "example", "vpcConfig": {"subnetIds": found}} | properties),
        urn=urn(EKS, "cluster"),
        property_dependencies={"vpcConfig": [each.urn for each in inside]},
        provider=provider,
        protected=True,
    )


def node_group(
    name: str = "serving",
    *,
    inside: Sequence[Resource] = (),
    ids: object = None,
    provider: Resource | None = ON_AWS,
    made_from: dict[str, list[str]] | None = None,
    **properties: object,
) -> Resource:
    """Make a node group of an EKS cluster, in subnets of the stack or of the given ids."""
    made: dict[str, Any] = {
        "clusterName": "example",
        "nodeGroupName": name,
        "instanceTypes": ["m7i.2xlarge", "m6i.2xlarge"],
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"desiredSize": 2, "minSize": 2, "maxSize": 6},
        "subnetIds": [UNKNOWN] * len(inside) if ids is None else ids,
    }
    return resource(
        NODE_GROUP,
        without_none(made | properties),
        urn=urn(NODE_GROUP, name),
        property_dependencies={"subnetIds": [each.urn for each in inside]} | (made_from or {}),
        provider=provider,
    )


def launch_template(**properties: object) -> Resource:
    """Make a launch template."""
    return resource(
        LAUNCH_TEMPLATE, {"name": "example"} | properties, urn=urn(LAUNCH_TEMPLATE, "template"), provider=ON_AWS
    )


def reservation(size: object) -> Resource:
    """Make a reservation of one machine of a size."""
    reserved = {"instanceType": size, "instanceCount": 1, "availabilityZone": "me-central-1a"}
    return resource("aws:ec2/capacityReservation:CapacityReservation", reserved)


def profile(**properties: object) -> dict[str, Any]:
    """Describe a pool as an AKS cluster holds it."""
    return without_none(
        {
            "name": "system",
            "mode": "System",
            "vmSize": "Standard_D4s_v5",
            "availabilityZones": list(AZURE_ZONES),
            "enableAutoScaling": True,
            "minCount": 2,
            "maxCount": 6,
        }
        | properties
    )


def agent_pool(
    name: str = "serving",
    *,
    cluster: Resource | None = None,
    provider: Resource | None = ON_AZURE,
    **properties: object,
) -> Resource:
    """Make a pool of an AKS cluster, perhaps of one that the stack makes."""
    made = profile(name=None, mode="User", vmSize="Standard_D8s_v5", agentPoolName=name, resourceName="example")
    return resource(
        AGENT_POOL,
        without_none(made | properties),
        urn=urn(AGENT_POOL, name),
        property_dependencies={"resourceName": [cluster.urn]} if cluster else {},
        provider=provider,
    )


def aks(*profiles: object, provider: Resource | None = ON_AZURE, **properties: object) -> Resource:
    """Make an AKS cluster of these pools, one of each kind unless told otherwise."""
    made: dict[str, Any] = {
        "resourceName": "example",
        "location": "uaenorth",
        "agentPoolProfiles": list(profiles) or [profile()],
    }
    return resource(AKS, without_none(made | properties), urn=urn(AKS, "cluster"), provider=provider, protected=True)
