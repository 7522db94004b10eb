"""NET-006: no rule opens any port but that of HTTPS to everyone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Subject, as_is
from policies.examples.clusters import EKS
from policies.networks.addresses import is_everyone, is_source
from policies.networks.openings import NODE_GROUP, WORDS, Opening, openings
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_set
from policies.values import UNKNOWN, shown

HTTPS = ("443",)
EXPECTED = "those it is for, or port 443 alone"

GROUP, DEFAULT_GROUP, GROUP_RULE, INGRESS_RULE, AZURE_GROUP, AZURE_RULE = WORDS


def paths(token: str) -> Iterator[str]:
    """Yield what is read from a rule of a type."""
    words = WORDS[token]
    for path in (*words.sources, words.protocol, *words.ports, *words.exits):
        whole = f"{words.rules}.{path}".removeprefix(".").replace("[]", "[*]")
        yield f"{token.rpartition(':')[2]}:{whole}"


CONTROL = Control(
    id="NET-006",
    title="No rule opens any port but that of HTTPS to everyone",
    harm="A port for operators or for a model server that all can reach is found by scanners within the hour.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(*WORDS, NODE_GROUP), view=as_is),
    reads=(
        *(path for token in WORDS for path in paths(token)),
        "NodeGroup:remoteAccess.ec2SshKey",
        "NodeGroup:remoteAccess.sourceSecurityGroupIds",
    ),
    remedy="Name the addresses or groups that the rule is for.",
    note=(
        "Wider than a list of ports: whatever is not HTTPS has no business with everyone. Port 443 is left to NET-008, "
        "which asks for a web firewall behind it. Everyone is also a range wider than /8, half of the internet, and "
        "AzureCloud, in which every customer of Azure can rent an address. Messages of ICMP have no ports. What a "
        "prefix list holds is not seen. EKS opens SSH of a node group to everyone where no group is named for it."
    ),
)


@CONTROL.check
def opens_https_at_most(found: Resource) -> Iterator[Outcome]:
    """Find each source that stands for everyone and may come to another port."""
    if found.type == NODE_GROUP:
        yield from opens_ssh_to_some(found["remoteAccess"])
        return
    for opening in openings(found):
        for source in opening.sources:
            yield from comes_to_https_at_most(source, opening)


def opens_ssh_to_some(access: Node) -> Iterator[Outcome]:
    """Find SSH to nodes for which no group is named."""
    key = access["ec2SshKey"]
    if not key.known:
        yield key.undecided
    elif key.value is not None:
        yield from is_set(access["sourceSecurityGroupIds"], "the groups that may use SSH")


def comes_to_https_at_most(source: Node, opening: Opening) -> Iterator[Outcome]:
    """Judge one source of one rule."""
    if source.known and is_source(source.value) and not is_everyone(source.value):
        return
    if open_questions := [each.undecided for each in (source, *opening.grounds) if not each.known]:
        yield from open_questions
    elif opening.lets_in and not (is_everyone(source.value) and opening.ports == HTTPS):
        finding = source.finding(EXPECTED)
        yield replace(finding, found=f"{shown(source.value)} at port {', '.join(opening.ports)}")


def group(*rules: object, token: str = GROUP) -> Resource:
    """Make a security group of AWS with these rules."""
    return resource(token, {"ingress": list(rules)})


def rule(*sources: object, **properties: object) -> dict[str, object]:
    """Describe a rule of a security group for Triton's ports."""
    return {"protocol": "tcp", "fromPort": 8000, "toPort": 8002, "cidrBlocks": list(sources)} | properties


def azure_group(*rules: object) -> Resource:
    """Make a network security group of Azure with these rules."""
    return resource(AZURE_GROUP, {"securityRules": list(rules)})


def azure_rule(source: object, port: object, **properties: object) -> dict[str, object]:
    """Describe a rule of a network security group."""
    return {
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "Tcp",
        "sourceAddressPrefix": source,
        "destinationPortRange": port,
    } | properties


INSIDE = "10.0.0.0/16"
FROM_INSIDE = {"ipProtocol": "tcp", "fromPort": 9000, "toPort": 9000, "cidrIpv4": INSIDE}
CONTROL.good("from inside", group(rule(INSIDE)))
CONTROL.good("HTTPS from everyone", group(rule("0.0.0.0/0", fromPort=443, toPort=443, ipv6CidrBlocks=["::/0"])))
CONTROL.good("ICMP from everyone", group(rule("0.0.0.0/0", protocol="icmp", fromPort=3, toPort=4)))
CONTROL.good("a default group that lets nobody in", group(token=DEFAULT_GROUP))
CONTROL.good("one rule from inside", resource(INGRESS_RULE, FROM_INSIDE))
CONTROL.good("a rule for another group", resource(INGRESS_RULE, {"ipProtocol": "-1"}))
CONTROL.good("a rule that lets out", resource(GROUP_RULE, rule("0.0.0.0/0", type="egress", protocol="-1")))
CONTROL.good("HTTPS from everyone, in a group of Azure's", azure_group(azure_rule("Internet", "443")))
CONTROL.good("a group of Azure's that refuses everyone", azure_group(azure_rule("*", "*", access="Deny")))
CONTROL.good("a group of Azure's that lets out", azure_group(azure_rule("*", "*", direction="Outbound")))
CONTROL.good("a rule of Azure's", resource(AZURE_RULE, azure_rule("VirtualNetwork", "6443")))
CONTROL.good("nodes without SSH", resource(NODE_GROUP, {"clusterName": "acme"}))
CONTROL.good(
    "nodes with SSH for one group",
    resource(NODE_GROUP, {"remoteAccess": {"ec2SshKey": "operators", "sourceSecurityGroupIds": ["sg-1"]}}),
)
CONTROL.bad(
    "Triton for everyone, over both versions of IP",
    group(rule(INSIDE), rule("0.0.0.0/0", ipv6CidrBlocks=["::/0"])),
    finding=(
        f"ingress[1].cidrBlocks[0]: found 0.0.0.0/0 at port 8000-8002, expected {EXPECTED}",
        f"ingress[1].ipv6CidrBlocks[0]: found ::/0 at port 8000-8002, expected {EXPECTED}",
    ),
)
CONTROL.bad(
    "everything for everyone, in halves, in a default group",
    group(rule("0.0.0.0/1", "128.0.0.0/1", protocol="-1", fromPort=0, toPort=0), token=DEFAULT_GROUP),
    finding=(
        f"ingress[0].cidrBlocks[0]: found 0.0.0.0/1 at port *, expected {EXPECTED}",
        f"ingress[0].cidrBlocks[1]: found 128.0.0.0/1 at port *, expected {EXPECTED}",
    ),
)
CONTROL.bad(
    "a range that begins at HTTPS",
    resource(GROUP_RULE, rule("0.0.0.0/0", type="ingress", fromPort=443, toPort=6443)),
    finding=f"cidrBlocks[0]: found 0.0.0.0/0 at port 443-6443, expected {EXPECTED}",
)
CONTROL.bad(
    "SSH for everyone",
    resource(INGRESS_RULE, {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv6": "::/0"}),
    finding=f"cidrIpv6: found ::/0 at port 22, expected {EXPECTED}",
)
CONTROL.bad(
    "no address at all",
    resource(INGRESS_RULE, FROM_INSIDE | {"cidrIpv4": "10.0.0.0/66"}),
    finding=f"cidrIpv4: found 10.0.0.0/66 at port 9000, expected {EXPECTED}",
)
CONTROL.bad(
    "everyone by all of Azure's names",
    azure_group(
        azure_rule("*", "3389"),
        azure_rule(None, None, sourceAddressPrefixes=["Internet"], destinationPortRanges=["443", "22"]),
        azure_rule("AzureCloud.uaenorth", "8000-8002", access="allow", direction="inbound"),
    ),
    finding=(
        f"securityRules[0].sourceAddressPrefix: found * at port 3389, expected {EXPECTED}",
        f"securityRules[1].sourceAddressPrefixes[0]: found Internet at port 443, 22, expected {EXPECTED}",
        f"securityRules[2].sourceAddressPrefix: found AzureCloud.uaenorth at port 8000-8002, expected {EXPECTED}",
    ),
)
CONTROL.bad(
    "one rule of Azure's",
    resource(AZURE_RULE, azure_rule("0.0.0.0/0", "*")),
    finding=f"sourceAddressPrefix: found 0.0.0.0/0 at port *, expected {EXPECTED}",
)
CONTROL.bad(
    "nodes with SSH for everyone",
    resource(NODE_GROUP, {"remoteAccess": {"ec2SshKey": "operators"}}),
    finding="remoteAccess.sourceSecurityGroupIds: found nothing, expected the groups that may use SSH",
)
CONTROL.unknown("a source made elsewhere", group(rule("10.0.0.0/16"), rule(UNKNOWN)), at="ingress[1].cidrBlocks[0]")
CONTROL.unknown("ports made elsewhere", group(rule("0.0.0.0/0", toPort=UNKNOWN)), at="ingress[0].toPort")
CONTROL.unknown(
    "direction made elsewhere", resource(AZURE_RULE, azure_rule("*", "22", direction=UNKNOWN)), at="direction"
)
CONTROL.unknown(
    "SSH decided elsewhere", resource(NODE_GROUP, {"remoteAccess": {"ec2SshKey": UNKNOWN}}), at="remoteAccess.ec2SshKey"
)
CONTROL.not_applicable("a cluster", resource(EKS, {}))
