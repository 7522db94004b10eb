"""TAG-004: machines are of sizes that their region sells."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.offers import machine_sizes
from falaj.catalog.regions import regions
from policies.capacity.machines import has_gpu
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import deployment
from policies.examples.pools import (
    AZURE_GPU,
    GPU,
    ON_AWS,
    ON_AZURE,
    agent_pool,
    aks,
    launch_template,
    node_group,
    profile,
    reservation,
)
from policies.geography.homes import home_of
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import resource
from policies.values import UNKNOWN

INSTANCE = "aws:ec2/instance:Instance"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
MACHINE = "azure-native:compute:VirtualMachine"
SCALE_SET = "azure-native:compute:VirtualMachineScaleSet"
ON_AWS_TYPES = {
    "aws:eks/nodeGroup:NodeGroup": ("instanceTypes[]",),
    "aws:ec2/launchTemplate:LaunchTemplate": ("instanceType",),
    RESERVATION: ("instanceType",),
    INSTANCE: ("instanceType",),
}
ON_AZURE_TYPES = {
    "azure-native:containerservice:AgentPool": ("vmSize", "virtualMachinesProfile.scale.manual[].size"),
    "azure-native:containerservice:ManagedCluster": ("agentPoolProfiles[].vmSize",),
    MACHINE: ("hardwareProfile.vmSize",),
    SCALE_SET: ("sku.name",),
}
SIZES = ON_AWS_TYPES | ON_AZURE_TYPES
"""Where each type names the size of its machines."""
PLACED = tuple(token for token in ON_AZURE_TYPES if not token.endswith(":AgentPool"))

CONTROL = Control(
    id="TAG-004",
    title="Machines are of sizes that their region sells",
    harm="The update stops half-way, with a cluster and no machines, because nobody sells that size there.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=tuple(SIZES), view=situated),
    reads=(
        *(f"{token}:{pattern.replace('[]', '[*]')}" for token, patterns in SIZES.items() for pattern in patterns),
        *(f"{token}:region" for token in ON_AWS_TYPES),
        *(f"{token}:location" for token in PLACED),
    ),
    remedy="Choose a size that the region sells: `falaj catalog show cpu` or `gpu` with `--region` lists them.",
    note=(
        "A region of which nobody listed the sizes sells none that is known. That a size is sold does not say that one "
        "is free: `falaj preflight --live` asks. A node group that names no size gets t3.medium, which is sold."
    ),
)


@CONTROL.check
def is_sold(found: Situated) -> Iterator[Outcome]:
    """Find each size that is not known to be sold where the machine will be."""
    home = home_of(found.resource, found.plan)
    for size in (node for pattern in SIZES[found.resource.type] for node in found.resource.root.select(pattern)):
        if size.value is None:
            continue
        if home.key is None or home.key not in regions():
            yield home.undecided
        else:
            yield from is_sold_in(home.key, size)


def is_sold_in(region: str, size: Node) -> Iterator[Outcome]:
    """Judge one size."""
    topic = "gpu" if has_gpu(size.value) else "cpu"
    yield from size.must(
        lambda name: name in machine_sizes(region),
        f"a size that {region} sells (falaj catalog show {topic} --region {region})",
    )


NOT_ON_AWS = "expected a size that me-central-1 sells (falaj catalog show {} --region me-central-1)"
SEVERAL = {"scale": {"manual": [{"size": "Standard_D4s_v5"}]}}
CONTROL.good("sizes of a node group", node_group(instanceTypes=["m7i.2xlarge", *GPU]))
CONTROL.good("the size of a template", launch_template(instanceType="m7i.large"))
CONTROL.good("a template without a size", launch_template(region="me-central-1"))
CONTROL.good("a machine", resource(INSTANCE, {"instanceType": "g5.xlarge", "region": "me-central-1"}))
CONTROL.good("reserved capacity", resource(RESERVATION, {"instanceType": "m7i.large"}, provider=ON_AWS))
CONTROL.good("a pool of AKS", agent_pool(vmSize=AZURE_GPU))
CONTROL.good("a pool of several sizes", agent_pool(vmSize=None, virtualMachinesProfile=SEVERAL))
CONTROL.good("a cluster of AKS in Abu Dhabi", aks(location="UAE Central", provider=None))
CONTROL.good(
    "a machine of Azure",
    resource(MACHINE, {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}, "location": "uaenorth"}),
)
CONTROL.good("a scale set", resource(SCALE_SET, {"sku": {"name": "Standard_D4s_v5"}}, provider=ON_AZURE))
CONTROL.bad(
    "GPUs that other regions sell, and a size of nobody's",
    node_group(instanceTypes=["m7i.2xlarge", "g4dn.xlarge", "m9z.large"]),
    finding=(
        f"instanceTypes[1]: found g4dn.xlarge, {NOT_ON_AWS.format('gpu')}",
        f"instanceTypes[2]: found m9z.large, {NOT_ON_AWS.format('cpu')}",
    ),
)
CONTROL.bad(
    "a size of nobody's, after a pool that names none",
    aks({"name": "system"}, profile(name="more", vmSize="Standard_M9z_v9")),
    finding=(
        "agentPoolProfiles[1].vmSize: found Standard_M9z_v9, "
        "expected a size that uaenorth sells (falaj catalog show cpu --region uaenorth)"
    ),
)
CONTROL.bad(
    "the size of a template that is not sold",
    launch_template(instanceType="p5.48xlarge"),
    finding=f"instanceType: found p5.48xlarge, {NOT_ON_AWS.format('gpu')}",
)
CONTROL.bad(
    "a machine in a region of which nobody listed the sizes",
    resource(INSTANCE, {"instanceType": "m7i.large", "region": "me-south-1"}),
    finding=(
        "instanceType: found m7i.large, "
        "expected a size that me-south-1 sells (falaj catalog show cpu --region me-south-1)"
    ),
)
CONTROL.bad(
    "a size of Dubai in Abu Dhabi",
    aks(profile(), profile(name="gpu", vmSize=AZURE_GPU), location="uaecentral"),
    finding=(
        f"agentPoolProfiles[1].vmSize: found {AZURE_GPU}, "
        "expected a size that uaecentral sells (falaj catalog show gpu --region uaecentral)"
    ),
)
CONTROL.bad(
    "the size of another cloud",
    agent_pool(vmSize="m7i.large"),
    finding="vmSize: found m7i.large, expected a size that uaenorth sells (falaj catalog show cpu --region uaenorth)",
)
CONTROL.unknown("a size made elsewhere", node_group(instanceTypes=[UNKNOWN]), at="instanceTypes[0]")
CONTROL.unknown("nobody says the region", reservation("m7i.large"), at="configuration.region")
CONTROL.unknown(
    "no region that anybody knows", launch_template(instanceType="m7i.large", region="me-middle-9"), at="region"
)
CONTROL.unknown("a location made elsewhere", aks(location=UNKNOWN), at="location")
CONTROL.not_applicable("a Deployment has no size", deployment())
