"""RES-020: workloads reach nothing on the internet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pydantic import Field, IPvAnyNetwork

from falaj.catalog.providers import Provider
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import made
from policies.examples.kubernetes import network_policy, service, without_none
from policies.expressions import lies_inside as says_it_lies_inside
from policies.expressions import texts
from policies.geography.places import normalised, uae_regions
from policies.networks.private_ranges import PRIVATE, is_some_place, lies_inside
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.parameters import Parameters
from policies.resources import Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN
from policies.workloads.kinds import NETWORK_POLICY

PATCH = f"{NETWORK_POLICY}Patch"
CILIUM = ("kubernetes:cilium.io/v2:CiliumNetworkPolicy", "kubernetes:cilium.io/v2:CiliumClusterwideNetworkPolicy")
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
AZURE_GROUP = "azure-native:network:NetworkSecurityGroup"
AZURE_RULE = "azure-native:network:SecurityRule"
CLUSTER = "azure-native:containerservice:ManagedCluster"

INSIDE = "private addresses, or a range that the policy configuration names"
EVERYTHING = "every destination"
OUTBOUND = ("userDefinedRouting", "none", "block")
"""Ways out of an AKS cluster that are none, or that routes of one's own decide."""
ENTITIES = ("cluster", "host", "remote-node", "kube-apiserver", "health", "init", "ingress", "unmanaged", "none")
"""What Cilium calls parts of the cluster; the others are the world, or hold it."""
CILIUM_PEERS = ("toEntities", "toCIDR", "toCIDRSet", "toFQDNs", "toEndpoints", "toServices", "toNodes", "toGroups")
OWN_TAGS = ("VirtualNetwork", "AzureLoadBalancer")
MORE = "variables.res_020_ranges"
ANYONES_TAG = "azurecloud"
"""Every customer of Azure may have an address in it."""


class Reachable(Parameters):
    """What workloads may reach beyond networks of one's own."""

    ranges: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="Ranges of public addresses in the UAE that workloads may reach."
    )


def policy_stays(policy: Resource, reachable: Reachable) -> Iterator[Outcome]:
    """Judge the rules of a NetworkPolicy."""
    for rule in policy["spec"]["egress"].items():
        peers = rule["to"]
        if not peers.value:
            yield Finding(peers.path, EVERYTHING, "the destinations it is for")
        for peer in peers.items():
            if peer["ipBlock"].value is not None:
                yield from stays(peer["ipBlock"]["cidr"], reachable)


def cilium_stays(policy: Resource, reachable: Reachable) -> Iterator[Outcome]:
    """Judge the rules of a policy of Cilium, which speaks of names and of the world, too."""
    for pattern in ("spec.egress[]", "specs[].egress[]"):
        for rule in policy.root.select(pattern):
            if not any(rule[peers].value for peers in CILIUM_PEERS):
                yield Finding(rule.path, EVERYTHING, "the destinations it is for")
            for entity in rule["toEntities"].items():
                yield from is_one_of(entity, ENTITIES, "entities of the cluster")
            for name in rule["toFQDNs"].items():
                yield name.finding("no name outside the cluster")
            for cidr in (*rule["toCIDR"].items(), *rule.select("toCIDRSet[].cidr")):
                yield from stays(cidr, reachable)


def group_stays(group: Resource, reachable: Reachable) -> Iterator[Outcome]:
    """Judge the rules inside a security group."""
    for pattern in ("egress[].cidrBlocks[]", "egress[].ipv6CidrBlocks[]"):
        for cidr in group.root.select(pattern):
            yield from stays(cidr, reachable)


def group_rule_stays(rule: Resource, reachable: Reachable) -> Iterator[Outcome]:
    """Judge a rule beside its security group, for either direction."""
    if not rule["type"].known:
        yield rule["type"].undecided
    elif rule["type"].value == "ingress":
        yield NotApplicable("a rule for what comes in")
    else:
        for pattern in ("cidrBlocks[]", "ipv6CidrBlocks[]"):
            for cidr in rule.root.select(pattern):
                yield from stays(cidr, reachable)


def egress_rule_stays(rule: Resource, reachable: Reachable) -> Iterator[Outcome]:
    """Judge a rule beside its security group, for what goes out."""
    for cidr in (rule["cidrIpv4"], rule["cidrIpv6"]):
        if cidr.value is not None:
            yield from stays(cidr, reachable)


def prefixes_stay(prefixes: Resource, _: Reachable) -> Iterator[Outcome]:
    """Judge a list of ranges, which rules name by its id alone: it may hold public ones, but not the internet."""
    pattern = "entries[].cidr" if prefixes.type == PREFIX_LIST else "cidr"
    for cidr in prefixes.root.select(pattern):
        yield from cidr.must(is_some_place, "a range narrower than the internet")


def azure_group_stays(group: Resource, reachable: Reachable) -> Iterator[Outcome]:
    """Judge the rules of a network security group, inside it or beside."""
    for rule in group.root.select("securityRules[]") if group.type == AZURE_GROUP else (group.root,):
        turned = (rule["direction"], rule["access"])
        if not_known := [each.undecided for each in turned if not each.known]:
            yield from not_known
        elif not {"inbound", "deny"} & {str(each.value).casefold() for each in turned}:
            for node in (rule["destinationAddressPrefix"], *rule["destinationAddressPrefixes"].items()):
                if node.value is not None and not is_tag_at_home(node.value):
                    yield from stays(node, reachable)


def cluster_stays(cluster: Resource, _: Reachable) -> Iterator[Outcome]:
    """Judge how an AKS cluster gets out: through a public address of Azure's, unless told otherwise."""
    yield from is_one_of(cluster["networkProfile"]["outboundType"], OUTBOUND)


def stays(cidr: Node, reachable: Reachable) -> Iterator[Outcome]:
    """Find a range outside networks of one's own."""
    yield from cidr.must(lambda value: lies_inside(value, reachable.ranges), INSIDE)


def is_tag_at_home(value: object) -> bool:
    """Tell whether a name of Azure's stands for a network of one's own, or for one service of a region in the UAE."""
    service, _, region = str(value).partition(".")
    at_home = normalised(region) in uae_regions(Provider.AZURE) and service.casefold() != ANYONES_TAG
    return value in OWN_TAGS or at_home


JUDGED: Mapping[str, Callable[[Resource, Reachable], Iterator[Outcome]]] = {
    NETWORK_POLICY: policy_stays,
    PATCH: policy_stays,
    GROUP: group_stays,
    DEFAULT_GROUP: group_stays,
    GROUP_RULE: group_rule_stays,
    EGRESS_RULE: egress_rule_stays,
    PREFIX_LIST: prefixes_stay,
    PREFIX_ENTRY: prefixes_stay,
    AZURE_GROUP: azure_group_stays,
    AZURE_RULE: azure_group_stays,
    CLUSTER: cluster_stays,
}
CILIUM_PARTS = (*CILIUM_PEERS, "toEntities[*]", "toCIDR[*]", "toCIDRSet[*].cidr", "toFQDNs[*]")
RULE_PARTS = ("direction", "access", "destinationAddressPrefix", "destinationAddressPrefixes[*]")

CONTROL = Control(
    id="RES-020",
    title="Workloads reach nothing on the internet",
    harm="A model server that was taken over, or that reports home, sends requests and models abroad.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(*JUDGED, *(f"{kind}*" for kind in CILIUM)), view=situated),
    reads=(
        *(f"{token}:spec.egress[*].to{part}" for token in (NETWORK_POLICY, PATCH) for part in ("", "[*].ipBlock.cidr")),
        *(f"{token}:spec{many}.egress[*].{part}" for token in CILIUM for many in ("", "s[*]") for part in CILIUM_PARTS),
        *(
            f"{token}:egress[*].{blocks}[*]"
            for token in (GROUP, DEFAULT_GROUP)
            for blocks in ("cidrBlocks", "ipv6CidrBlocks")
        ),
        *(f"{GROUP_RULE}:{path}" for path in ("type", "cidrBlocks[*]", "ipv6CidrBlocks[*]")),
        *(f"{EGRESS_RULE}:{path}" for path in ("cidrIpv4", "cidrIpv6")),
        f"{PREFIX_LIST}:entries[*].cidr",
        f"{PREFIX_ENTRY}:cidr",
        *(f"{AZURE_GROUP}:securityRules[*].{part}" for part in RULE_PARTS),
        *(f"{AZURE_RULE}:{part}" for part in RULE_PARTS),
        f"{CLUSTER}:networkProfile.outboundType",
    ),
    remedy=(
        "Name private destinations in every rule for what goes out, reach services of the cloud over private "
        f"endpoints, and give the AKS cluster outboundType {', '.join(OUTBOUND)}."
    ),
    admits=(
        "object.kind == 'NetworkPolicy' ? dyn(object).spec.?egress.orValue([]).all(rule, "
        "rule.?to.orValue([]).size() > 0 && "
        f"rule.to.all(peer, !has(peer.ipBlock) || {says_it_lies_inside('peer.ipBlock.cidr', PRIVATE, MORE)})) : "
        "([dyn(object).?spec.orValue({})] + dyn(object).?specs.orValue([])).all(each, "
        "each.?egress.orValue([]).all(rule, "
        f"{texts(CILIUM_PEERS)}.exists(to, rule[?to].orValue([]).size() > 0) && "
        f"rule.?toEntities.orValue([]).all(entity, entity in {texts(ENTITIES)}) && "
        "rule.?toFQDNs.orValue([]).size() == 0 && "
        "(rule.?toCIDR.orValue([]) + rule.?toCIDRSet.orValue([]).map(set, set.?cidr.orValue('')))"
        f".all(range, {says_it_lies_inside('range', PRIVATE, MORE)})))"
    ),
    only_in_a_plan="policies of the whole cluster, which lie in no namespace, and rules of the clouds.",
    parameters=Reachable,
    note=(
        "That each namespace denies what no rule allows is NET-003; here every rule is judged, and half of the "
        "internet is the internet. A prefix list is judged itself, not the rule that names it. Wider than asked: "
        "policies of Cilium, rules inside and beside security groups, and Azure's. What EKS lets out of the group that "
        "it makes itself is in no plan: routes and the resolver's firewall hold that."
    ),
)


@CONTROL.check
def reaches_no_internet(found: Situated) -> Iterator[Outcome]:
    """Find each rule that lets workloads out to the internet."""
    judge = JUDGED.get(found.resource.type, cilium_stays)
    yield from judge(found.resource, found.plan.parameters(Reachable))


def cilium(*rules: object, kind: str = CILIUM[0], many: bool = False) -> Resource:
    """Make a policy of Cilium with these rules for what goes out."""
    spec = {"endpointSelector": {}, "egress": list(rules)}
    return made(kind, specs=[spec]) if many else made(kind, spec=spec)


def outbound(
    to: object = None, *, many: object = None, access: object = "Allow", direction: object = "Outbound"
) -> dict[str, object]:
    """Describe a rule of a network security group."""
    rule = {
        "access": access,
        "direction": direction,
        "destinationAddressPrefix": to,
        "destinationAddressPrefixes": many,
    }
    return without_none(rule)


def azure_group(*rules: object) -> Resource:
    """Make a network security group."""
    return made(AZURE_GROUP, securityRules=list(rules))


IN_THE_CLUSTER = {"to": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.20.0.0/16"}}]}
CONTROL.good("pods and private addresses", network_policy(egress=[IN_THE_CLUSTER]))
CONTROL.good("nothing at all", network_policy())
CONTROL.good("a patch", made(PATCH, spec={"egress": [IN_THE_CLUSTER]}))
CONTROL.good(
    "Cilium, private addresses", cilium({"toCIDR": ["10.0.0.0/8"]}, {"toCIDRSet": [{"cidr": "192.168.0.0/24"}]})
)
CONTROL.good("Cilium, the cluster", cilium({"toEntities": ["cluster"]}, kind=CILIUM[1], many=True))
CONTROL.good(
    "a group for private addresses",
    made(GROUP, egress=[{"cidrBlocks": ["10.0.0.0/8"], "ipv6CidrBlocks": ["fd00::/8"]}]),
)
CONTROL.good("a group that lets nothing out", made(DEFAULT_GROUP, egress=[]))
CONTROL.good(
    "a rule for private addresses",
    made(GROUP_RULE, type="egress", cidrBlocks=["172.16.0.0/12"], ipv6CidrBlocks=["fe80::/64"]),
)
CONTROL.good("one rule for private addresses", made(EGRESS_RULE, cidrIpv4="100.64.0.1/32", cidrIpv6="fd00::/8"))
CONTROL.good("one rule for another group", made(EGRESS_RULE, referencedSecurityGroupId="sg-1"))
CONTROL.good("a list of some ranges", made(PREFIX_LIST, entries=[{"cidr": "203.0.113.0/24"}, {"cidr": "11.0.0.0/8"}]))
CONTROL.good("one more range of a list", made(PREFIX_ENTRY, cidr="2001:db8::/16"))
CONTROL.good(
    "rules of Azure for one's own networks",
    azure_group(outbound("VirtualNetwork"), outbound(many=["10.0.0.0/8", "Storage.UAENorth"])),
)
CONTROL.good(
    "rules of Azure that refuse, or are for what comes in",
    azure_group(outbound("*", access="Deny"), outbound("*", direction="Inbound")),
)
CONTROL.good("a rule of Azure for the balancer", resource(AZURE_RULE, outbound("AzureLoadBalancer", access="allow")))
for way in OUTBOUND:
    CONTROL.good(f"a cluster with {way}", made(CLUSTER, networkProfile={"outboundType": way}))
for cidr in ("0.0.0.0/0", "0.0.0.0/1", "8.8.8.8/32", "10.0.0.0/7", "::/0", "::ffff:10.0.0.0/104", "anywhere"):
    CONTROL.bad(
        f"out to {cidr}",
        network_policy(egress=[{"to": [{"podSelector": {}}, {"ipBlock": {"cidr": cidr}}]}]),
        finding=f"spec.egress[0].to[1].ipBlock.cidr: found {cidr}, expected {INSIDE}",
    )
for label, rule in {"no destination": {"ports": [{"port": 443}]}, "an empty list of destinations": {"to": []}}.items():
    CONTROL.bad(
        f"a rule with {label}",
        network_policy(egress=[IN_THE_CLUSTER, rule]),
        finding="spec.egress[1].to: found every destination, expected the destinations it is for",
    )
CONTROL.bad(
    "a patch that lets out",
    made(PATCH, spec={"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}),
    finding=f"spec.egress[0].to[0].ipBlock.cidr: found 0.0.0.0/0, expected {INSIDE}",
)
CONTROL.bad(
    "Cilium, out by every means",
    cilium(
        {"toPorts": [{"ports": [{"port": "443"}]}]},
        {"toEntities": ["cluster", "world"]},
        {"toCIDR": ["0.0.0.0/0"], "toCIDRSet": [{"cidr": "::/0"}]},
        {"toFQDNs": [{"matchName": "huggingface.co"}]},
    ),
    finding=(
        "spec.egress[0]: found every destination, expected the destinations it is for",
        "spec.egress[1].toEntities[1]: found world, expected entities of the cluster",
        f"spec.egress[2].toCIDR[0]: found 0.0.0.0/0, expected {INSIDE}",
        f"spec.egress[2].toCIDRSet[0].cidr: found ::/0, expected {INSIDE}",
        'spec.egress[3].toFQDNs[0]: found {"matchName": "huggingface.co"}, expected no name outside the cluster',
    ),
)
CONTROL.bad(
    "Cilium, out of the whole cluster",
    cilium({"toEntities": ["all"]}, kind=CILIUM[1], many=True),
    finding="specs[0].egress[0].toEntities[0]: found all, expected entities of the cluster",
)
for token in (GROUP, DEFAULT_GROUP):
    CONTROL.bad(
        f"a group that lets out, {token}",
        made(token, egress=[{"cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"], "ipv6CidrBlocks": ["::/0"]}]),
        finding=(
            f"egress[0].cidrBlocks[1]: found 0.0.0.0/0, expected {INSIDE}",
            f"egress[0].ipv6CidrBlocks[0]: found ::/0, expected {INSIDE}",
        ),
    )
CONTROL.bad(
    "a rule that lets out",
    made(GROUP_RULE, type="egress", cidrBlocks=["0.0.0.0/0"], ipv6CidrBlocks=["::/0"]),
    finding=(f"cidrBlocks[0]: found 0.0.0.0/0, expected {INSIDE}", f"ipv6CidrBlocks[0]: found ::/0, expected {INSIDE}"),
)
CONTROL.bad(
    "one rule that lets out",
    made(EGRESS_RULE, cidrIpv4="0.0.0.0/0", cidrIpv6="::/0"),
    finding=(f"cidrIpv4: found 0.0.0.0/0, expected {INSIDE}", f"cidrIpv6: found ::/0, expected {INSIDE}"),
)
CONTROL.bad(
    "a list of everything, in halves",
    made(PREFIX_LIST, entries=[{"cidr": "0.0.0.0/1"}, {"cidr": "128.0.0.0/1"}]),
    finding=(
        "entries[0].cidr: found 0.0.0.0/1, expected a range narrower than the internet",
        "entries[1].cidr: found 128.0.0.0/1, expected a range narrower than the internet",
    ),
)
CONTROL.bad(
    "everything as one more range of a list",
    made(PREFIX_ENTRY, cidr="2000::/3"),
    finding="cidr: found 2000::/3, expected a range narrower than the internet",
)
CONTROL.bad(
    "rules of Azure that let out",
    azure_group(
        outbound("Internet"),
        outbound(many=["10.0.0.0/8", "0.0.0.0/0", "AzureCloud.uaenorth"]),
        outbound("Storage.WestEurope", access="allow", direction="outbound"),
    ),
    finding=(
        f"securityRules[0].destinationAddressPrefix: found Internet, expected {INSIDE}",
        f"securityRules[1].destinationAddressPrefixes[1]: found 0.0.0.0/0, expected {INSIDE}",
        f"securityRules[1].destinationAddressPrefixes[2]: found AzureCloud.uaenorth, expected {INSIDE}",
        f"securityRules[2].destinationAddressPrefix: found Storage.WestEurope, expected {INSIDE}",
    ),
)
CONTROL.bad(
    "a rule of Azure that lets out",
    resource(AZURE_RULE, outbound("*")),
    finding=f"destinationAddressPrefix: found *, expected {INSIDE}",
)
CONTROL.bad(
    "a cluster with a public way out",
    made(CLUSTER, networkProfile={"outboundType": "loadBalancer"}),
    finding="networkProfile.outboundType: found loadBalancer, expected userDefinedRouting or none or block",
)
CONTROL.bad(
    "a cluster, as the provider makes it",
    made(CLUSTER),
    finding="networkProfile.outboundType: found nothing, expected userDefinedRouting or none or block",
)
CONTROL.good(
    "a range in the UAE that the operator allows",
    network_policy(egress=[{"to": [{"ipBlock": {"cidr": "203.0.113.7/32"}}]}]),
    parameters=Reachable.model_validate({"ranges": ["203.0.113.0/24"]}),
)
CONTROL.unknown("destinations made elsewhere", network_policy(egress=[{"to": UNKNOWN}]), at="spec.egress[0].to")
CONTROL.unknown("entities made elsewhere", cilium({"toEntities": [UNKNOWN]}), at="spec.egress[0].toEntities[0]")
CONTROL.unknown("a direction made elsewhere", made(GROUP_RULE, type=UNKNOWN, cidrBlocks=["0.0.0.0/0"]), at="type")
CONTROL.unknown("a range made elsewhere", made(EGRESS_RULE, cidrIpv4=UNKNOWN), at="cidrIpv4")
CONTROL.unknown(
    "a rule of Azure whose direction is made elsewhere",
    azure_group(outbound("*", direction=UNKNOWN)),
    at="securityRules[0].direction",
)
CONTROL.unknown(
    "a rule of Azure whose destination is made elsewhere",
    azure_group(outbound(UNKNOWN)),
    at="securityRules[0].destinationAddressPrefix",
)
CONTROL.not_applicable("a rule for what comes in", made(GROUP_RULE, type="ingress", cidrBlocks=["0.0.0.0/0"]))
CONTROL.not_applicable("a Service lets nothing out", service())
