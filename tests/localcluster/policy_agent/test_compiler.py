from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import product

import pytest
from hypothesis import given, settings

from falaj.localcluster.policy_agent.compiler import compile_rules
from falaj.localcluster.policy_agent.rules import Allowance, Allowances, Peers, PortRange, RuleSet
from falaj.localcluster.policy_agent.snapshot import Snapshot
from tests.localcluster.policy_agent.manifests import namespace, pod, policy, snapshot
from tests.localcluster.policy_agent.oracle import Packet, World
from tests.localcluster.policy_agent.worlds import ADDRESSES, NODE, OUTSIDE, PORTS, PROTOCOLS, worlds

NETWORK = IPv4Network("10.244.0.0/24")
ONE, TWO, THREE = map(IPv4Address, ("10.244.0.2", "10.244.0.3", "10.244.0.4"))


def compiled(world: World) -> RuleSet:
    return compile_rules(snapshot(world), NETWORK)


def permits(rules: RuleSet, packet: Packet) -> bool:
    """What the rule set says of one packet."""
    sender, receiver = IPv4Address(packet.source), IPv4Address(packet.destination)
    if any(end in rules.pod_network and end not in rules.pods for end in (sender, receiver)):
        return False
    return sender == receiver or (
        allows(rules.egress.get(sender), receiver, packet) and allows(rules.ingress.get(receiver), sender, packet)
    )


def allows(allowances: Allowances, other: IPv4Address, packet: Packet) -> bool:
    return allowances is None or any(
        peers_include(one.peers, other) and ports_include(one.ports, packet) for one in allowances
    )


def peers_include(peers: Peers, other: IPv4Address) -> bool:
    return peers is None or any(other in peer if isinstance(peer, IPv4Network) else other == peer for peer in peers)


def ports_include(ports: frozenset[PortRange] | None, packet: Packet) -> bool:
    return ports is None or any(
        one.protocol == packet.protocol and one.first <= packet.port <= one.last for one in ports
    )


@pytest.mark.slow
@given(worlds())
@settings(deadline=None)
def test_agrees_with_kubernetes_on_every_packet(world: World) -> None:
    rules = compiled(world)
    ends = [*ADDRESSES, OUTSIDE, NODE]
    for packet in map(Packet._make, product(ends, ends, PROTOCOLS, PORTS)):
        assert permits(rules, packet) == world.decide(packet), packet


@pytest.mark.slow
@given(worlds())
@settings(deadline=None, max_examples=200)  # few worlds have a policy that lets a pod of the other node in
def test_two_nodes_decide_together_what_one_would_alone(world: World) -> None:
    halves = (IPv4Network("10.244.0.0/30"), IPv4Network("10.244.0.4/30"))
    nodes = [compile_rules(snapshot(world), half, NETWORK) for half in halves]
    ends = [*ADDRESSES, OUTSIDE]
    for packet in (Packet(source, destination, "TCP", 80) for source, destination in product(ends, ends)):
        assert all(permits(rules, packet) for rules in nodes) == world.decide(packet), packet


def test_a_node_has_rules_for_its_own_pods_alone_and_knows_the_others_as_peers() -> None:
    world = World(
        [pod("web", "10.244.0.2"), pod("client", "10.244.0.4", labels={"app": "client"})],
        [],
        [policy("within", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}])],
    )

    rules = compile_rules(snapshot(world), IPv4Network("10.244.0.0/30"), NETWORK)

    allowed = frozenset({Allowance(frozenset({THREE}), None)})
    assert rules == RuleSet(
        IPv4Network("10.244.0.0/30"), {ONE: "uid-web acme/web"}, {ONE: allowed}, {ONE: None}, frozenset()
    )


def test_a_pod_that_no_policy_selects_is_open_in_both_directions() -> None:
    rules = compiled(World([pod("web", "10.244.0.2")]))

    assert rules == RuleSet(NETWORK, {ONE: "uid-web acme/web"}, {ONE: None}, {ONE: None})


def test_a_default_deny_leaves_no_allowance() -> None:
    rules = compiled(World([pod("web", "10.244.0.2")], [], [policy("deny", policyTypes=["Ingress", "Egress"])]))

    assert (rules.ingress[ONE], rules.egress[ONE]) == (frozenset(), frozenset())


def test_policies_add_up() -> None:
    world = World(
        [pod("web", "10.244.0.2"), pod("one", "10.244.0.3", labels={"a": "1"})],
        [],
        [
            policy("deny"),
            policy("one", ingress=[{"from": [{"podSelector": {"matchLabels": {"a": "1"}}}], "ports": [{"port": 80}]}]),
            policy("range", ingress=[{"ports": [{"port": 8000, "endPort": 8010}, {"port": 8005, "endPort": 8020}]}]),
        ],
    )

    assert compiled(world).ingress[ONE] == frozenset(
        {
            Allowance(frozenset({TWO}), frozenset({PortRange("TCP", 80, 80)})),
            Allowance(None, frozenset({PortRange("TCP", 8000, 8020)})),
        }
    )


def test_a_named_port_outward_is_the_number_that_the_other_pod_gave_it() -> None:
    world = World(
        [
            pod("client", "10.244.0.2"),
            pod("old", "10.244.0.3", ports=[{"name": "web", "containerPort": 80}]),
            pod("new", "10.244.0.4", ports=[{"name": "web", "containerPort": 8080}]),
        ],
        [],
        [policy("out", egress=[{"to": [{"podSelector": {}}], "ports": [{"port": "web"}]}])],
    )

    assert compiled(world).egress[ONE] == frozenset(
        {
            Allowance(frozenset({TWO}), frozenset({PortRange("TCP", 80, 80)})),
            Allowance(frozenset({THREE}), frozenset({PortRange("TCP", 8080, 8080)})),
        }
    )


def test_holes_are_taken_out_of_a_block() -> None:
    block = {"cidr": "10.0.0.0/30", "except": ["10.0.0.1/32", "2001:db8::/64"]}
    world = World([pod("web", "10.244.0.2")], [], [policy("out", egress=[{"to": [{"ipBlock": block}]}])])

    assert compiled(world).egress[ONE] == frozenset(
        {Allowance(frozenset({IPv4Network("10.0.0.0/32"), IPv4Network("10.0.0.2/31")}), None)}
    )


def test_an_ipv6_block_lets_nothing_through() -> None:
    world = World([pod("web", "10.244.0.2")], [], [policy("out", egress=[{"to": [{"ipBlock": {"cidr": "::/0"}}]}])])

    assert compiled(world).egress[ONE] == frozenset()


def test_an_address_that_two_pods_claim_is_known_as_neither() -> None:
    rules = compiled(World([pod("old", "10.244.0.2"), pod("new", "10.244.0.2"), pod("other", "10.244.0.3")]))

    assert (rules.pods, rules.contested) == ({TWO: "uid-other acme/other"}, frozenset({ONE}))


def test_pods_without_an_address_of_their_own_are_not_known() -> None:
    world = World(
        [
            pod("pending", None),
            pod("finished", "10.244.0.2", phase="Succeeded"),
            pod("failed", "10.244.0.3", phase="Failed"),
            pod("host", "10.244.0.4", host_network=True),
            pod("six", "2001:db8::1"),
            pod("elsewhere", "192.0.2.1"),
        ],
        [namespace("acme")],
    )

    assert compiled(world) == RuleSet(NETWORK)


def test_a_pod_of_a_namespace_not_known_yet_is_in_no_selected_namespace() -> None:
    everyone = policy("in", ingress=[{"from": [{"namespaceSelector": {}}]}])
    world = World(
        [pod("web", "10.244.0.2"), pod("stray", "10.244.0.3", namespace="new")], [namespace("acme")], [everyone]
    )

    assert compiled(world).ingress[ONE] == frozenset({Allowance(frozenset({ONE}), None)})


def test_an_invalid_policy_isolates_both_directions_and_allows_nothing() -> None:
    broken = policy("broken", ingress=[{"from": [{"podSelector": {}, "nodeSelector": {}}]}])
    rules = compiled(World([pod("web", "10.244.0.2")], [], [broken]))

    assert (rules.ingress[ONE], rules.egress[ONE]) == (frozenset(), frozenset())


def test_nothing_is_known_in_an_empty_cluster() -> None:
    assert compile_rules(Snapshot(), NETWORK) == RuleSet(NETWORK)
