"""RES-017: networks are joined with networks of the UAE alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import ABROAD, GROUP, HOME, IN_AWS_UAE, IN_THE_UAE, made, other_stack
from policies.geography.places import arn_stays, lies_in_aws_uae
from policies.geography.whereabouts import NETWORK, NETWORK_GATEWAY, STACK_REFERENCE, Vouched, reads_beside, refers_home
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.tables import Table, by_table, if_set, reads_of
from policies.values import UNKNOWN

CORE_POLICY = "aws:networkmanager/coreNetworkPolicyAttachment:CoreNetworkPolicyAttachment"
EDGES = "core-network-configuration.edge-locations[].location"


def edges_stay(node: Node) -> Iterator[Outcome]:
    """Judge the regions that the policy of a core network spans, in JSON text."""
    if not node.known:
        yield node.undecided
        return
    try:
        document = json.loads(str(node.value))
    except ValueError:
        document = None
    edges = list(replace(node, value=document).select(EDGES)) if isinstance(document, Mapping) else []
    if not edges:
        yield node.finding("the policy of a core network in JSON")
    for edge in edges:
        yield from lies_in_aws_uae(edge)


PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
TRANSIT = "aws:ec2transitgateway/peeringAttachment:PeeringAttachment"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
SERVICE = "aws:ec2/vpcEndpointService:VpcEndpointService"
CORE = "aws:networkmanager/coreNetwork:CoreNetwork"
CORE_NETWORK = "aws:networkmanager/vpcAttachment:VpcAttachment"
CORE_TRANSIT = "aws:networkmanager/transitGatewayPeering:TransitGatewayPeering"
CORE_LINE = "aws:networkmanager/dxGatewayAttachment:DxGatewayAttachment"
CORE_TUNNEL = "aws:networkmanager/connectAttachment:ConnectAttachment"
TABLE: Table = {
    PEERING: {"peerRegion": if_set(lies_in_aws_uae)},
    TRANSIT: {"peerRegion": lies_in_aws_uae},
    ENDPOINT: {"serviceRegion": if_set(lies_in_aws_uae)},
    SERVICE: {"supportedRegions[]": lies_in_aws_uae},
    CORE: {"basePolicyRegions[]": lies_in_aws_uae},
    CORE_POLICY: {"policyDocument": edges_stay},
    CORE_NETWORK: {"vpcArn": arn_stays},
    CORE_TRANSIT: {"transitGatewayArn": arn_stays},
    CORE_LINE: {"edgeLocations[]": lies_in_aws_uae},
    CORE_TUNNEL: {"edgeLocation": lies_in_aws_uae},
}
"""What names the region of the other network, on AWS."""
AZURE_PEERING = "azure-native:network:VirtualNetworkPeering"
HUB = "azure-native:network:HubVirtualNetworkConnection"
TUNNEL = "azure-native:network:VirtualNetworkGatewayConnection"
OTHERS = {
    AZURE_PEERING: ("remoteVirtualNetwork.id", NETWORK),
    NETWORK: ("virtualNetworkPeerings[].remoteVirtualNetwork.id", NETWORK),
    HUB: ("remoteVirtualNetwork.id", NETWORK),
    TUNNEL: ("virtualNetworkGateway2.id", NETWORK_GATEWAY),
}
"""What names the other network or gateway itself, on Azure."""


class Networks(Vouched):
    """Networks that others made."""


CONTROL = Control(
    id="RES-017",
    title="Networks are joined with networks of the UAE alone",
    harm="Traffic and data may go to a network abroad without passing anything that looks at them.",
    severity=Severity.MEDIUM,
    applies_to=Subject(
        tokens=(*TABLE, *OTHERS), view=situated, stack_wide=True, beside=(NETWORK_GATEWAY, STACK_REFERENCE)
    ),
    reads=(
        *reads_of(TABLE),
        *(f"{token}:{path.replace('[]', '[*]')}" for token, (path, _) in OTHERS.items()),
        *reads_beside(NETWORK, NETWORK_GATEWAY),
    ),
    remedy=(
        "Join networks of me-central-1, uaenorth and uaecentral; name a network that another stack made in in_the_uae "
        "of this control's policy configuration."
    ),
    parameters=Networks,
    note=(
        "An id of Azure does not say where a network lies: the stack that makes it does, or the operator. Wider than "
        "asked: endpoints of services in other regions, core networks, hubs and tunnels between gateways. Where the "
        "router at the end of a tunnel or a leased line stands is in no plan; a peering's accepter names no region. "
        "A region abroad that a resource of AWS names is found by RES-001 as well, which stops it in every profile: "
        "only a network of Azure is joined on advice alone."
    ),
)


@CONTROL.check
def joined_at_home(found: Situated) -> Iterator[Outcome]:
    """Find each network abroad, or of who knows where, that one of ours is joined with."""
    if found.resource.type in TABLE:
        yield from by_table(TABLE, found.resource)
        return
    path, token = OTHERS[found.resource.type]
    for node in found.resource.root.select(path):
        yield from refers_home(node, found.resource, found.plan, (token,), found.plan.parameters(Networks))


def network(location: object = HOME, token: str = NETWORK, name: object = None) -> Resource:
    """Make the network, or gateway, at the other end."""
    return made(token, "other", location=location, virtualNetworkName=name)


def peering(identity: object, *made_from: Resource, token: str = AZURE_PEERING) -> Resource:
    """Make a peering with the network of that id."""
    return made(token, remoteVirtualNetwork={"id": identity}, made_from={"remoteVirtualNetwork": made_from})


def core_policy(*regions: str) -> Resource:
    """Make a core network that spans these regions."""
    edges = [{"location": region} for region in regions]
    document = {"core-network-configuration": {"edge-locations": edges}}
    return made(CORE_POLICY, policyDocument=json.dumps(document))


OTHER_ID = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/acme-other"
NAMED = network(name="acme-other")
CORE_ARN = "arn:aws:ec2:me-central-1:111122223333:vpc/vpc-1"
GATEWAY_ARN = "arn:aws:ec2:me-central-1:111122223333:transit-gateway/tgw-1"

CONTROL.good("two networks of the region", made(PEERING, peerRegion="me-central-1"))
CONTROL.good("two networks of one region, whichever", made(PEERING))
CONTROL.good("two gateways of the region", made(TRANSIT, peerRegion="me-central-1"))
CONTROL.good("a service of the region", made(ENDPOINT, serviceRegion="me-central-1"))
CONTROL.good("a service for the region", made(SERVICE, supportedRegions=["me-central-1"]))
CONTROL.good("a core network of the region", made(CORE, basePolicyRegions=["me-central-1"]))
CONTROL.good("the policy of a core network of the region", core_policy("me-central-1"))
CONTROL.good("a network of the region in a core network", made(CORE_NETWORK, vpcArn=CORE_ARN))
CONTROL.good("a gateway of the region in a core network", made(CORE_TRANSIT, transitGatewayArn=GATEWAY_ARN))
CONTROL.good("a leased line into the region", made(CORE_LINE, edgeLocations=["me-central-1"]))
CONTROL.good("a tunnel into the region", made(CORE_TUNNEL, edgeLocation="me-central-1"))
CONTROL.good("a network that is made here", peering(UNKNOWN, network()), network())
CONTROL.good("a network that is made here, by its id", peering(OTHER_ID, NAMED), NAMED)
CONTROL.good("a network of another stack", peering(UNKNOWN, other_stack(), token=HUB), other_stack())
CONTROL.good(
    "a network with its peerings",
    made(
        NETWORK,
        virtualNetworkPeerings=[{"remoteVirtualNetwork": {"id": UNKNOWN}}],
        made_from={"virtualNetworkPeerings": [network()]},
    ),
    network(),
)
CONTROL.good("a network without peerings", made(NETWORK))
CONTROL.good(
    "a tunnel between gateways",
    made(
        TUNNEL,
        virtualNetworkGateway2={"id": UNKNOWN},
        made_from={"virtualNetworkGateway2": [network(token=NETWORK_GATEWAY)]},
    ),
    network(token=NETWORK_GATEWAY),
)
CONTROL.good("a tunnel to a site of the operator's own", made(TUNNEL, localNetworkGateway2={"id": UNKNOWN}))
for token, path in {
    PEERING: "peerRegion",
    TRANSIT: "peerRegion",
    ENDPOINT: "serviceRegion",
    CORE_TUNNEL: "edgeLocation",
}.items():
    CONTROL.bad(
        f"one region abroad, {token}",
        resource(token, {path: "eu-west-1"}),
        finding=f"{path}: found eu-west-1, expected {IN_AWS_UAE}",
    )
for token, path in {SERVICE: "supportedRegions", CORE: "basePolicyRegions", CORE_LINE: "edgeLocations"}.items():
    CONTROL.bad(
        f"one of two regions abroad, {token}",
        resource(token, {path: ["me-central-1", "eu-west-1"]}),
        finding=f"{path}[1]: found eu-west-1, expected {IN_AWS_UAE}",
    )
CONTROL.bad("two gateways, who knows where", made(TRANSIT), finding=f"peerRegion: found nothing, expected {IN_AWS_UAE}")
CONTROL.bad(
    "the policy of a core network over two regions",
    core_policy("me-central-1", "eu-west-1"),
    finding=(
        f"policyDocument.core-network-configuration.edge-locations[1].location: found eu-west-1, expected {IN_AWS_UAE}"
    ),
)
for label, text in {"broken": "{", "empty": "[]"}.items():
    CONTROL.bad(
        f"the {label} policy of a core network",
        made(CORE_POLICY, policyDocument=text),
        finding=f"policyDocument: found {text}, expected the policy of a core network in JSON",
    )
CONTROL.bad(
    "a network abroad in a core network",
    made(CORE_NETWORK, vpcArn=CORE_ARN.replace("me-central-1", "eu-west-1")),
    finding="vpcArn: found arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1, expected an ARN in me-central-1",
)
CONTROL.bad(
    "a gateway abroad in a core network",
    made(CORE_TRANSIT, transitGatewayArn="tgw-1"),
    finding="transitGatewayArn: found tgw-1, expected an ARN in me-central-1",
)
for token in (AZURE_PEERING, HUB):
    CONTROL.bad(
        f"a network abroad, {token}",
        peering(UNKNOWN, network(ABROAD), token=token),
        network(ABROAD),
        finding=f"location: found {ABROAD}, expected {IN_THE_UAE}",
    )
CONTROL.bad(
    "a gateway abroad",
    made(
        TUNNEL,
        virtualNetworkGateway2={"id": UNKNOWN},
        made_from={"virtualNetworkGateway2": [network(token=NETWORK_GATEWAY)]},
    ),
    network(ABROAD, NETWORK_GATEWAY),
    finding=f"location: found {ABROAD}, expected {IN_THE_UAE}",
)
CONTROL.good(
    "a network that the operator vouches for",
    peering(OTHER_ID),
    parameters=Networks(in_the_uae=(OTHER_ID,)),
)
CONTROL.unknown("a region made elsewhere", made(PEERING, peerRegion=UNKNOWN), at="peerRegion")
CONTROL.unknown("a policy made elsewhere", made(CORE_POLICY, policyDocument=UNKNOWN), at="policyDocument")
CONTROL.unknown("a network of who knows whom", peering(OTHER_ID), NAMED, at="remoteVirtualNetwork.id")
CONTROL.unknown(
    "a network beside one that is made here",
    peering(OTHER_ID.replace("acme-other", "elsewhere"), NAMED),
    NAMED,
    at="remoteVirtualNetwork.id",
)
CONTROL.unknown(
    "a network of another project's stack",
    peering(UNKNOWN, other_stack()),
    other_stack("organization/another/environment"),
    at="remoteVirtualNetwork.id",
)
CONTROL.not_applicable("a subnet", made("azure-native:network:Subnet"))
