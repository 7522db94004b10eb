"""NET-005: no node has a public address."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.clusters import AKS, EKS
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.tables import Table, by_table, reads_of
from policies.templates import is_absent, is_false, is_off
from policies.values import UNKNOWN

SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
INSTANCE = "aws:ec2/instance:Instance"
SPOT_INSTANCE = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
POOL = "azure-native:containerservice:AgentPool"


def is_off_in_words(node: Node) -> Iterator[Outcome]:
    """Find a switch that is on, where the provider takes it as text: any text but false is on."""
    yield from node.must(lambda value: value in (None, "", "false", False), '"false", or nothing')


RULES: Table = {
    SUBNET: {"mapPublicIpOnLaunch": is_off},
    DEFAULT_SUBNET: {"mapPublicIpOnLaunch": is_false},
    TEMPLATE: {"networkInterfaces[].associatePublicIpAddress": is_off_in_words},
    CONFIGURATION: {"associatePublicIpAddress": is_off},
    INSTANCE: {"associatePublicIpAddress": is_off},
    SPOT_INSTANCE: {"associatePublicIpAddress": is_off},
    POOL: {"enableNodePublicIP": is_off, "nodePublicIPPrefixID": is_absent},
    AKS: {"agentPoolProfiles[].enableNodePublicIP": is_off, "agentPoolProfiles[].nodePublicIPPrefixID": is_absent},
}
"""What gives a machine of each type an address of the internet's, and how it is judged."""

CONTROL = Control(
    id="NET-005",
    title="No node has a public address",
    harm="A node that the internet can reach is attacked within minutes, and one mistake in a rule lets the attack in.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=tuple(RULES), view=as_is),
    reads=reads_of(RULES),
    remedy="Leave the public address out: set the switch to false and let nodes reach services by private endpoints.",
    note=(
        "Says nothing about routes: without a public address a node is not reachable whatever its subnet's routes. "
        "A template or instance that says nothing takes its subnet's setting, which is judged too; a default subnet "
        "gives public addresses unless told otherwise."
    ),
)


@CONTROL.check
def has_no_public_address(found: Resource) -> Iterator[Outcome]:
    """Find each switch that gives machines a public address."""
    yield from by_table(RULES, found)


def template(*addresses: object) -> Resource:
    """Make a launch template with one network interface for each setting of its public address."""
    return resource(TEMPLATE, {"networkInterfaces": [{"associatePublicIpAddress": each} for each in addresses]})


CONTROL.good("a subnet", resource(SUBNET, {"mapPublicIpOnLaunch": False}))
CONTROL.good("a default subnet", resource(DEFAULT_SUBNET, {"mapPublicIpOnLaunch": False}))
CONTROL.good("a launch template", template("false"))
CONTROL.good("a launch template that leaves it to the subnet", template(None))
for machines in (CONFIGURATION, INSTANCE, SPOT_INSTANCE):
    CONTROL.good(machines.rpartition(":")[2], resource(machines, {"associatePublicIpAddress": False}))
CONTROL.good("a node pool", resource(POOL, {"enableNodePublicIP": False}))
CONTROL.good("a cluster with its first pool", resource(AKS, {"agentPoolProfiles": [{"enableNodePublicIP": False}]}))
CONTROL.bad(
    "a public subnet",
    resource(SUBNET, {"mapPublicIpOnLaunch": True}),
    finding="mapPublicIpOnLaunch: found true, expected false, or nothing",
)
CONTROL.bad(
    "a default subnet as AWS makes it",
    resource(DEFAULT_SUBNET, {}),
    finding="mapPublicIpOnLaunch: found nothing, expected false",
)
CONTROL.bad(
    "launch templates, in any spelling",
    template("true", "false", "TRUE", True),
    finding=(
        'networkInterfaces[0].associatePublicIpAddress: found true, expected "false", or nothing',
        'networkInterfaces[2].associatePublicIpAddress: found TRUE, expected "false", or nothing',
        'networkInterfaces[3].associatePublicIpAddress: found true, expected "false", or nothing',
    ),
)
for machines in (CONFIGURATION, INSTANCE, SPOT_INSTANCE):
    CONTROL.bad(
        f"a public {machines.rpartition(':')[2]}",
        resource(machines, {"associatePublicIpAddress": True}),
        finding="associatePublicIpAddress: found true, expected false, or nothing",
    )
CONTROL.bad(
    "a public node pool",
    resource(POOL, {"enableNodePublicIP": True, "nodePublicIPPrefixID": "/subscriptions/s/publicIPPrefixes/p"}),
    finding=(
        "enableNodePublicIP: found true, expected false, or nothing",
        "nodePublicIPPrefixID: found /subscriptions/s/publicIPPrefixes/p, expected nothing",
    ),
)
CONTROL.bad(
    "a cluster whose second pool is public",
    resource(AKS, {"agentPoolProfiles": [{}, {"enableNodePublicIP": True, "nodePublicIPPrefixID": "p"}]}),
    finding=(
        "agentPoolProfiles[1].enableNodePublicIP: found true, expected false, or nothing",
        "agentPoolProfiles[1].nodePublicIPPrefixID: found p, expected nothing",
    ),
)
CONTROL.unknown("decided elsewhere", resource(SUBNET, {"mapPublicIpOnLaunch": UNKNOWN}), at="mapPublicIpOnLaunch")
CONTROL.unknown("interfaces made elsewhere", resource(TEMPLATE, {"networkInterfaces": UNKNOWN}), at="networkInterfaces")
CONTROL.not_applicable("a cluster whose nodes come from templates", resource(EKS, {}))
