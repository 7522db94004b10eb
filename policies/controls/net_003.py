"""NET-003: every namespace denies traffic in both directions by default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from policies.control import Control, Severity, Subject
from policies.examples.kubernetes import deployment, namespace, network_policy
from policies.networks.room import Room, as_room
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.resources import Resource
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE, NETWORK_POLICY

SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease")
EVERYWHERE = ("0.0.0.0/0", "::/0")


class Direction(NamedTuple):
    """One of the two ways traffic goes, by its names in a NetworkPolicy."""

    type: str
    rules: str
    peers: str


DIRECTIONS = (Direction("Ingress", "ingress", "from"), Direction("Egress", "egress", "to"))

CONTROL = Control(
    id="NET-003",
    title="Every namespace denies traffic in both directions by default",
    harm="A pod that nobody thought of can reach every tenant, and every tenant can reach it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(NAMESPACE,), view=as_room, stack_wide=True, beside=(NETWORK_POLICY,)),
    reads=(
        "Namespace:metadata.name",
        "NetworkPolicy:metadata.namespace",
        "NetworkPolicy:spec.podSelector",
        "NetworkPolicy:spec.policyTypes",
        "NetworkPolicy:spec.ingress[*].from",
        "NetworkPolicy:spec.egress[*].to",
    ),
    remedy=(
        "Give the namespace a NetworkPolicy with an empty podSelector and policyTypes [Ingress, Egress], "
        "as components.zero_trust does, and name the peers of every rule in it."
    ),
    not_at_the_door="The walls of a namespace are other objects, made after it.",
    note="Two policies, one for each direction, isolate as well as one for both: the namespace is judged.",
)


@CONTROL.check
def denies_both_directions(room: Room) -> Iterator[Outcome]:
    """Find each direction in which pods that no rule names are reachable, or can reach out."""
    if room.name.value in SYSTEM_NAMESPACES:
        yield NotApplicable("belongs to the cluster itself")
        return
    for direction in DIRECTIONS:
        walls = [policy for policy in room.policies if isolates(policy["spec"], direction) is True]
        perhaps = [policy for policy in room.policies if isolates(policy["spec"], direction) is None]
        perhaps += [policy for policy in room.undecided_policies if isolates(policy["spec"], direction) is not False]
        for policy in walls:
            yield from open_rules(policy, direction)
        if not walls and perhaps:
            yield not_known(room, perhaps[0])
        elif not walls:
            found = f"no NetworkPolicy that denies {direction.rules} to all pods"
            expected = f'one with podSelector {{}} and policyTypes ["{direction.type}"]'
            yield Finding(room.name.path, found, expected)


def isolates(spec: Node, direction: Direction) -> bool | None:
    """Tell whether a policy selects every pod and turns the direction off; `None` when that is not known."""
    selector, types = spec["podSelector"], spec["policyTypes"]
    if not (selector.known and types.known):
        return None
    if any(selector[part].value for part in ("matchLabels", "matchExpressions")):
        return False
    if isinstance(types.value, list) and types.value:
        return direction.type in types.value
    # Without policyTypes, Kubernetes reads ingress always and egress only where there are egress rules.
    return direction.type == "Ingress" or spec[direction.rules].value is not None


def open_rules(policy: Resource, direction: Direction) -> Iterator[Outcome]:
    """Find each rule that opens all pods to everyone."""
    for rule in policy["spec"][direction.rules].items():
        peers = rule[direction.peers]
        if not peers.known:
            yield replace(peers.undecided, urn=policy.urn)
        elif not peers.value:
            yield replace(peers.finding("the peers it is for"), found="every peer", urn=policy.urn)
        for peer in peers.items():
            block, namespaces = peer["ipBlock"]["cidr"], peer["namespaceSelector"]
            if block.value in EVERYWHERE:
                yield replace(block.finding("the addresses it is for"), urn=policy.urn)
            if namespaces.value == {}:
                yield replace(namespaces.finding("the namespaces it is for"), found="every namespace", urn=policy.urn)


def not_known(room: Room, policy: Resource) -> Undecided:
    """Return what has to be known before the policy can be told to wall the room."""
    grounds = (policy["metadata"]["namespace"], policy["spec"]["podSelector"], policy["spec"]["policyTypes"])
    for ground in grounds:
        if not ground.known:
            return replace(ground.undecided, urn=policy.urn)
    return Undecided(room.name.path)


CONTROL.good("one policy for both directions", namespace(), network_policy())
CONTROL.good(
    "one policy for each direction, rules with peers",
    namespace(),
    network_policy("no-ingress", policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": {}}]}]),
    network_policy("no-egress", policyTypes=["Egress"]),
)
CONTROL.good(
    "types left to the default, with rules for both directions",
    namespace(),
    network_policy(policyTypes=None, egress=[{"to": [{"podSelector": {}}]}]),
)
CONTROL.good(
    "name made by the cluster, policy made from it",
    namespace(name=UNKNOWN),
    network_policy(inside=UNKNOWN, made_from=[namespace().urn]),
)
INGRESS_OPEN, EGRESS_OPEN = (
    f"metadata.name: found no NetworkPolicy that denies {direction.lower()} to all pods, "
    f'expected one with podSelector {{}} and policyTypes ["{direction}"]'
    for direction in ("Ingress", "Egress")
)
CONTROL.bad(
    "no policy at all",
    namespace(),
    finding=(INGRESS_OPEN, EGRESS_OPEN),
)
CONTROL.bad(
    "policy types left to the default",
    namespace(),
    network_policy(policyTypes=None),
    finding=EGRESS_OPEN,
)
CONTROL.bad("policy types empty", namespace(), network_policy(policyTypes=[]), finding=EGRESS_OPEN)
CONTROL.bad(
    "only some pods, by expression",
    namespace(),
    network_policy(podSelector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
    finding=(INGRESS_OPEN, EGRESS_OPEN),
)
CONTROL.bad(
    "only some pods",
    namespace(),
    network_policy(podSelector={"matchLabels": {"app": "iris"}}, policyTypes=["Ingress"]),
    network_policy("no-egress", policyTypes=["Egress"]),
    finding=INGRESS_OPEN,
)
CONTROL.bad(
    "in another namespace",
    namespace(),
    network_policy(inside="zenith", policyTypes=["Ingress"]),
    network_policy("no-egress", policyTypes=["Egress"]),
    finding=INGRESS_OPEN,
)
CONTROL.bad(
    "a rule that takes it back",
    namespace(),
    network_policy(egress=[{"ports": [{"protocol": "UDP", "port": 53}]}]),
    finding="spec.egress[0].to: found every peer, expected the peers it is for",
)
CONTROL.bad(
    "rules for the whole world",
    namespace(),
    network_policy(
        ingress=[{"from": [{"podSelector": {}}, {"namespaceSelector": {}}]}],
        egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}]}],
    ),
    finding=(
        "spec.ingress[0].from[1].namespaceSelector: found every namespace, expected the namespaces it is for",
        "spec.egress[0].to[0].ipBlock.cidr: found 0.0.0.0/0, expected the addresses it is for",
        "spec.egress[0].to[1].ipBlock.cidr: found ::/0, expected the addresses it is for",
    ),
)
CONTROL.unknown(
    "policy in a namespace that is not known",
    namespace(),
    network_policy(inside=UNKNOWN),
    at="metadata.namespace",
)
CONTROL.unknown("peers made elsewhere", namespace(), network_policy(egress=[{"to": UNKNOWN}]), at="spec.egress[0].to")
CONTROL.unknown("types made elsewhere", namespace(), network_policy(policyTypes=UNKNOWN), at="spec.policyTypes")
CONTROL.unknown("pods selected elsewhere", namespace(), network_policy(podSelector=UNKNOWN), at="spec.podSelector")
CONTROL.unknown("name not known and no trace of it", namespace(name=UNKNOWN), network_policy(), at="metadata.name")
CONTROL.not_applicable("the cluster's own namespace", namespace(name="kube-system"))
CONTROL.not_applicable("no namespace is made", deployment())
