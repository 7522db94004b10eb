"""BDR-001: clusters and their pools span the zones that their profiles ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.capacity.pools import AGENT_POOL, AKS, EKS, NODE_GROUP, Pool, home_of_pool, pools_of
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import deployment
from policies.examples.pools import (
    AWS_ZONES,
    AZURE_ZONES,
    GPU,
    agent_pool,
    aks,
    eks,
    node_group,
    profile,
    subnet,
    subnets,
)
from policies.geography.homes import Home, home_of
from policies.geography.zones import PLACES, SUBNET, span_of, zones_for
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan, Resource
from policies.stages import is_thrown_away
from policies.values import UNKNOWN

CONTROL = Control(
    id="BDR-001",
    title="Clusters and their pools span every zone that their profile asks for",
    harm="One building without power or network takes the whole platform down, and nothing is left to move to.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(EKS, NODE_GROUP, AKS, AGENT_POOL),
        view=situated,
        stack_wide=True,
        beside=(SUBNET,),
    ),
    reads=(
        "tags.environment",
        "aws:eks/cluster:Cluster:region",
        "NodeGroup:region",
        "aws:eks/cluster:Cluster:vpcConfig.subnetIds",
        "NodeGroup:subnetIds",
        "NodeGroup:instanceTypes[*]",
        *(f"Subnet:{place}" for place in PLACES),
        "AgentPool:availabilityZones",
        "AgentPool:vmSize",
        "AgentPool:virtualMachinesProfile.scale.manual[*].size",
        "ManagedCluster:location",
        "ManagedCluster:agentPoolProfiles[*].availabilityZones",
        "ManagedCluster:agentPoolProfiles[*].vmSize",
    ),
    remedy="Give the cluster and each pool a subnet in every zone, or on Azure availabilityZones with all of them.",
    note=(
        "How many zones is a rule of the profile. A region without zones asks for none, and a pool whose sizes are "
        "sold in some zones alone has to span those. The zones of subnets that another stack made are not in the "
        "plan: as many subnets as zones count there. A pool for each zone is not taken for one pool over all."
    ),
)


@CONTROL.check
def spans_its_zones(found: Situated) -> Iterator[Outcome]:
    """Find a cluster or pool in fewer zones than asked for."""
    held, plan = found.resource, found.plan
    if is_thrown_away(held, plan):
        yield NotApplicable("is there for development")
    elif held.type == EKS:
        ids = held["vpcConfig"]["subnetIds"]
        yield from subnets_span(held, ids, home_of(held, plan), [], plan)
    else:
        for pool in pools_of(held):
            yield from pool_spans(pool, plan)


def pool_spans(pool: Pool, plan: Plan) -> Iterator[Outcome]:
    """Judge one pool by the zones that sell its sizes."""
    if not_known := [size.undecided for size in pool.sizes if not size.known]:
        yield from not_known
        return
    home, sizes = home_of_pool(pool, plan), [size.value for size in pool.sizes]
    if pool.resource.type == NODE_GROUP:
        yield from subnets_span(pool.resource, pool.root["subnetIds"], home, sizes, plan)
        return
    spanned, zones = pool.root["availabilityZones"], zones_for(home, sizes)
    if zones is None:
        yield home.undecided
    else:
        asked = min(plan.stack.rules.least_zones, len(zones))
        yield from spanned.must(
            lambda found: len([zone for zone in zones if zone in (found if isinstance(found, list) else ())]) >= asked,
            expected(asked, zones),
        )


def subnets_span(held: Resource, ids: Node, home: Home, sizes: list[object], plan: Plan) -> Iterator[Outcome]:
    """Judge the zones of the subnets that a cluster or pool lies in."""
    zones = zones_for(home, sizes)
    if zones is None:
        yield home.undecided
        return
    span = span_of(ids, held.property_dependencies.get(str(ids.path.parts[0]), ()), plan)
    asked = min(plan.stack.rules.least_zones, len(zones))
    if span.within(home, zones) >= asked:
        return
    if span.undecided:
        yield from span.undecided
    else:
        found = [*span.zones, *([f"{span.elsewhere} subnets of another stack"] if span.elsewhere else [])]
        yield replace(ids.finding(expected(asked, zones)), found=", ".join(found) or "no subnet")


def expected(asked: int, zones: tuple[str, ...]) -> str:
    """Say how many zones of which."""
    return f"{asked} zones or more of {', '.join(zones)}"


SMALL = {"falaj:profiles": "smb"}
EVERYWHERE, TWO = subnets(*AWS_ZONES), subnets(*AWS_ZONES[:2])
ALL_AWS, ALL_AZURE = ("3 zones or more of " + ", ".join(zones) for zones in (AWS_ZONES, AZURE_ZONES))
CONTROL.good("an EKS cluster in every zone", eks(inside=EVERYWHERE), *EVERYWHERE)
CONTROL.good("a node group in every zone", node_group(inside=EVERYWHERE), *EVERYWHERE)
CONTROL.good(
    "subnets that say their zones by name",
    eks(inside=EVERYWHERE),
    *(
        subnet(zone, availabilityZoneId=None, availabilityZone=f"me-central-1{letter}")
        for zone, letter in zip(AWS_ZONES, "abc", strict=True)
    ),
)
CONTROL.good("three subnets of another stack", node_group(ids=["subnet-1", "subnet-2", "subnet-3"]))
CONTROL.good(
    "two subnets of its own and one of another stack",
    eks(inside=TWO, ids=["subnet-1", "subnet-2", "subnet-9"]),
    *TWO,
)
CONTROL.good("sizes that two zones sell", node_group(inside=TWO, instanceTypes=list(GPU)), *TWO)
CONTROL.good("two zones, for a small business", eks(inside=TWO), *TWO, config=SMALL)
CONTROL.good("an AKS cluster in every zone", aks(provider=None))
CONTROL.good("a pool of an AKS cluster in every zone", agent_pool())
CONTROL.good("a region without zones", agent_pool(cluster=aks(), availabilityZones=None), aks(location="UAE Central"))
CONTROL.bad(
    "an EKS cluster in two zones",
    eks(inside=TWO),
    *TWO,
    finding=f"vpcConfig.subnetIds: found mec1-az1, mec1-az2, expected {ALL_AWS}",
)
CONTROL.bad(
    "three subnets in two zones",
    node_group(inside=EVERYWHERE),
    *TWO,
    subnet(AWS_ZONES[2], availabilityZoneId=AWS_ZONES[1]),
    finding=f"subnetIds: found mec1-az1, mec1-az2, expected {ALL_AWS}",
)
CONTROL.bad(
    "a zone that does not sell the sizes",
    node_group(inside=EVERYWHERE[1:], instanceTypes=list(GPU)),
    *EVERYWHERE,
    finding="subnetIds: found mec1-az2, mec1-az3, expected 2 zones or more of mec1-az1, mec1-az2",
)
CONTROL.bad(
    "one subnet of another stack",
    node_group(ids=["subnet-1", "subnet-1"]),
    finding=f"subnetIds: found 1 subnets of another stack, expected {ALL_AWS}",
)
CONTROL.bad("no subnet", eks(ids=[]), finding=f"vpcConfig.subnetIds: found no subnet, expected {ALL_AWS}")
CONTROL.bad(
    "a pool of AKS in no zone",
    agent_pool(availabilityZones=None),
    finding=f"availabilityZones: found nothing, expected {ALL_AZURE}",
)
CONTROL.bad(
    "an AKS cluster with a pool in a zone that the region does not have",
    aks(profile(), profile(name="other", availabilityZones=["1", "2", "4"])),
    finding=f'agentPoolProfiles[1].availabilityZones: found ["1", "2", "4"], expected {ALL_AZURE}',
)
CONTROL.bad(
    "one zone, for a small business",
    agent_pool(availabilityZones=["1"]),
    config=SMALL,
    finding='availabilityZones: found ["1"], expected 2 zones or more of 1, 2, 3',
)
CONTROL.unknown("subnets of a stack that is not known yet", node_group(ids=UNKNOWN), at="subnetIds")
CONTROL.unknown("one subnet not known yet", eks(inside=TWO, ids=[UNKNOWN] * 3), *TWO, at="vpcConfig.subnetIds[2]")
CONTROL.unknown(
    "a subnet in a zone that AWS chooses",
    eks(inside=EVERYWHERE),
    *TWO,
    subnet(AWS_ZONES[2], availabilityZoneId=None),
    at="availabilityZoneId",
)
CONTROL.unknown("zones made elsewhere", agent_pool(availabilityZones=UNKNOWN), at="availabilityZones")
CONTROL.unknown("a size made elsewhere", agent_pool(vmSize=UNKNOWN), at="vmSize")
CONTROL.unknown("nobody says the region", agent_pool(provider=None), at="configuration.region")
CONTROL.unknown("no region that anybody knows", eks(inside=TWO, region="me-middle-9"), *TWO, at="region")
CONTROL.unknown("a cluster in a region made elsewhere", aks(location=UNKNOWN), at="location")
CONTROL.not_applicable("a cluster for development", eks(inside=TWO, tags={"environment": "dev"}), *TWO)
CONTROL.not_applicable("a Deployment lies in no zone", deployment())
