"""What passes a real kernel: every packet here is sent between real network namespaces, without any Kubernetes."""

from __future__ import annotations

import json
import select
import socket
import struct
from ipaddress import IPv4Address, IPv4Network
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from falaj.errors import MachineError
from falaj.localcluster.policy_agent import kernel
from falaj.localcluster.policy_agent.compiler import compile_rules
from falaj.localcluster.policy_agent.nftables import TABLE
from falaj.localcluster.policy_agent.rules import Allowance, RuleSet
from tests.localcluster.policy_agent import worlds
from tests.localcluster.policy_agent.manifests import namespace, pod, policy, snapshot
from tests.localcluster.policy_agent.node import GATEWAY, NODE, OUTSIDE, SERVICE, Node, node
from tests.localcluster.policy_agent.oracle import POD_NETWORK, Manifest, Packet, World
from tests.localcluster.policy_agent.sockets import PATIENCE_SECONDS, Trickle

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

WEB, CLIENT, OTHER, STRANGER, SPARE = worlds.ADDRESSES
BOTH = ["Ingress", "Egress"]
DENY = policy("deny", policyTypes=BOTH)
WITHIN: Manifest = {"podSelector": {}}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node(tmp_path_factory.mktemp("addresses")) as made:
        for address in worlds.ADDRESSES:
            assert made.add_pod(f"pod-{address.rpartition('.')[2]}") == address
        for address, protocol, port in product((*worlds.ADDRESSES, NODE, OUTSIDE), ("TCP", "UDP"), worlds.PORTS):
            made.listen(address, protocol, port)
        made.node.run("nft", "-f", "-", text=SERVICES)
        yield made


SERVICES = f"""
table ip services {{
    chain prerouting {{
        type nat hook prerouting priority dstnat;
        ip daddr {SERVICE} tcp dport 443 dnat to {WEB}:8080
        ip daddr {SERVICE} udp dport 443 dnat to {WEB}:53
        ip daddr {SERVICE} tcp dport 6443 dnat to {NODE}:8080
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat;
        ip saddr {WEB} ip daddr {WEB} masquerade
    }}
}}
"""


def enforce(machine: Node, world: World) -> None:
    rules = compile_rules(snapshot(world), POD_NETWORK)
    machine.node.inside(lambda: kernel.enforce(rules))


def pods(*policies: Manifest) -> World:
    """The web server and three more pods, of two namespaces; nobody knows the spare one."""
    return World(
        [
            pod("web", WEB, labels={"app": "web"}, ports=[{"name": "http", "containerPort": 8080}]),
            pod("client", CLIENT, labels={"app": "client"}),
            pod("other", OTHER, labels={"app": "other"}),
            pod("stranger", STRANGER, namespace="birch", labels={"app": "client"}),
        ],
        [namespace("acme", team="a"), namespace("birch", team="b")],
        list(policies),
    )


def tcp(source: str, destination: str, port: int) -> Packet:
    return Packet(source, destination, "TCP", port)


def udp(source: str, destination: str, port: int) -> Packet:
    return Packet(source, destination, "UDP", port)


@given(worlds.worlds())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_kernel_agrees_with_kubernetes_on_every_packet(machine: Node, world: World) -> None:
    enforce(machine, world)
    ends = [*worlds.ADDRESSES, OUTSIDE]
    packets = [
        Packet(source, destination, protocol, port)
        for source, destination in product(ends, [*ends, NODE])
        if source != destination and (source, destination) != (OUTSIDE, NODE)
        for protocol, port in (("TCP", 80), ("TCP", 8080), ("UDP", 53))
    ]

    assert machine.passing(packets) == {packet for packet in packets if world.decide(packet)}


def test_nothing_passes_before_the_agent_knows_a_pod_but_the_node_reaches_it(machine: Node) -> None:
    machine.node.run("nft", "-f", "-", text=f"table inet {TABLE}; delete table inet {TABLE}")
    machine.node.inside(lambda: kernel.close_if_open(POD_NETWORK))

    assert (
        machine.passing(
            [
                tcp(CLIENT, WEB, 80),
                udp(CLIENT, WEB, 53),
                tcp(CLIENT, NODE, 80),
                tcp(OUTSIDE, WEB, 80),
                tcp(CLIENT, OUTSIDE, 80),
            ]
        )
        == set()
    )
    assert machine.passing([tcp(NODE, WEB, 80), udp(NODE, WEB, 53)]) == {tcp(NODE, WEB, 80), udp(NODE, WEB, 53)}


def test_a_restarted_agent_leaves_the_rules_in_force(machine: Node) -> None:
    enforce(machine, pods(DENY, policy("within", ingress=[{"from": [WITHIN]}], egress=[{"to": [WITHIN]}])))
    machine.node.inside(lambda: kernel.close_if_open(POD_NETWORK))

    assert machine.passing([tcp(CLIENT, WEB, 80), tcp(STRANGER, WEB, 80)]) == {tcp(CLIENT, WEB, 80)}


def test_the_node_reaches_pods_that_policies_shut_off(machine: Node) -> None:
    enforce(machine, pods(DENY))

    assert machine.passing([tcp(NODE, WEB, 80), tcp(CLIENT, WEB, 80), tcp(WEB, NODE, 80)]) == {tcp(NODE, WEB, 80)}


def test_the_node_is_reached_as_egress_policy_says(machine: Node) -> None:
    out = policy("out", egress=[{"to": [{"ipBlock": {"cidr": f"{NODE}/32"}}], "ports": [{"port": 8080}]}])
    enforce(machine, pods(DENY, out))

    assert machine.passing(
        [tcp(WEB, NODE, 8080), tcp(WEB, SERVICE, 6443), tcp(WEB, NODE, 80), tcp(WEB, GATEWAY, 8080), udp(WEB, NODE, 53)]
    ) == {tcp(WEB, NODE, 8080), tcp(WEB, SERVICE, 6443)}


def test_a_service_is_judged_by_the_pod_behind_it(machine: Node) -> None:
    both_ends = {"podSelector": {"matchLabels": {"app": "web"}}}
    target = policy(
        "out", podSelector={"matchLabels": {"app": "client"}}, egress=[{"to": [both_ends], "ports": [{"port": "http"}]}]
    )
    service_port = policy(
        "wrong", podSelector={"matchLabels": {"app": "other"}}, egress=[{"to": [both_ends], "ports": [{"port": 443}]}]
    )
    accept = policy("in", podSelector={"matchLabels": {"app": "web"}}, ingress=[{"ports": [{"port": "http"}]}])
    enforce(machine, pods(DENY, target, service_port, accept))

    through = [tcp(source, SERVICE, 443) for source in (CLIENT, OTHER, STRANGER, OUTSIDE, SPARE)]
    assert machine.passing(through) == {tcp(source, SERVICE, 443) for source in (CLIENT, STRANGER, OUTSIDE)}
    assert machine.passing([udp(CLIENT, SERVICE, 443), udp(STRANGER, SERVICE, 443)]) == set()


def test_a_pod_reaches_itself_through_its_service(machine: Node) -> None:
    enforce(machine, pods(DENY))

    assert machine.passing([tcp(WEB, SERVICE, 443), udp(WEB, SERVICE, 443)]) == {
        tcp(WEB, SERVICE, 443),
        udp(WEB, SERVICE, 443),
    }


def test_a_connection_outlives_a_stricter_policy_but_not_its_pod(machine: Node) -> None:
    enforce(machine, pods())
    client = machine.namespaces[CLIENT].socket(socket.SOCK_STREAM)
    server = machine.listeners[WEB, "TCP", 80]
    with client:
        client.settimeout(5)
        client.connect((WEB, 80))
        served = accept(server, client)
        enforce(machine, pods(DENY))
        client.sendall(b"still here")

        assert served.recv(64) == b"still here"

        enforce(machine, World([pod("web", WEB)]))
        for sender, receiver in ((client, served), (served, client)):
            receiver.settimeout(PATIENCE_SECONDS)
            sender.sendall(b"lost")
            with pytest.raises(TimeoutError):
                receiver.recv(64)

        machine.node.inside(lambda: kernel.forget_connections([IPv4Address(CLIENT)]))
        tracked = machine.node.run("conntrack", "-L", "--orig-src", CLIENT)
        assert tracked == ""
        served.close()


def accept(server: socket.socket, client: socket.socket) -> socket.socket:
    """The server's end of the client's connection; earlier tests left theirs in the queue."""
    while True:
        served, peer = server.accept()
        if peer == client.getsockname():
            served.settimeout(5)
            return served
        served.close()


def test_a_forged_sender_is_dropped(machine: Node) -> None:
    within = policy(
        "in",
        podSelector={"matchLabels": {"app": "web"}},
        ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "other"}}}]}],
    )
    enforce(machine, pods(within))
    receiver = machine.listeners[WEB, "UDP", 53]
    for sender in (OTHER, GATEWAY, NODE, OUTSIDE, "127.0.0.1", "192.0.2.1"):
        forge(machine, CLIENT, sender, b"forged " + sender.encode())
    forge(machine, OTHER, OTHER, b"honest")
    ready, _, _ = select.select([receiver], [], [], 5)

    assert ready == [receiver]
    assert receiver.recv(64) == b"honest"
    with pytest.raises(BlockingIOError):
        receiver.recv(64)


def forge(machine: Node, where: str, sender: str, content: bytes) -> None:
    """Sends one datagram to the web server's port 53 under the name of any sender."""
    datagram = struct.pack("!HHHH", 40000, 53, 8 + len(content), 0) + content
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, 17, 0, IPv4Address(sender).packed, IPv4Address(WEB).packed
    )
    raw = machine.namespaces[where].inside(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
    with raw:
        raw.sendto(header + datagram, (WEB, 0))


def test_ipv6_is_no_way_round_the_policies(machine: Node) -> None:
    pod_side = machine.namespaces[CLIENT]
    enforce(machine, pods())
    link = json.loads(pod_side.run("ip", "-json", "link", "show", "eth0"))[0]
    ends = json.loads(machine.node.run("ip", "-json", "-6", "address", "show"))
    (local,) = (a["local"] for end in ends if end["ifindex"] == link["link_index"] for a in end["addr_info"])
    with machine.node.socket(socket.SOCK_STREAM, socket.AF_INET6) as server:
        server.bind(("", 9000))
        server.listen()
        with pod_side.socket(socket.SOCK_STREAM, socket.AF_INET6) as client:
            client.settimeout(PATIENCE_SECONDS)
            with pytest.raises(TimeoutError):
                client.connect((local, 9000, 0, link["ifindex"]))


def test_replacing_the_rules_neither_opens_nor_breaks_anything(machine: Node) -> None:
    within = policy(
        "within",
        podSelector={"matchLabels": {"app": "web"}},
        ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "other"}}}]}],
    )
    generations = [pods(within), pods(within, policy("more", namespace="birch"))]
    enforce(machine, generations[0])
    allowed, denied = (Trickle(machine, source, WEB, port) for source, port in ((OTHER, 80), (CLIENT, 8080)))
    with allowed, denied:
        for generation in generations * 15:
            enforce(machine, generation)

    assert (allowed.arrived, denied.arrived) == (allowed.sent, 0)
    assert denied.sent > len(generations)


def test_rules_that_the_kernel_refuses_leave_the_old_ones(machine: Node) -> None:
    enforce(machine, pods(DENY))
    overlapping = frozenset({IPv4Network("10.0.0.0/8"), IPv4Network("10.0.0.0/9")})
    rules = RuleSet(
        POD_NETWORK, {IPv4Address(WEB): "web"}, {IPv4Address(WEB): frozenset({Allowance(overlapping, None)})}
    )

    def refuse() -> MachineError:
        with pytest.raises(MachineError, match="nftables refused the rules that enforce NetworkPolicy") as caught:
            kernel.enforce(rules)
        return caught.value

    assert machine.node.inside(refuse).code == "FAL-NET-002"
    assert machine.passing([tcp(CLIENT, WEB, 80), tcp(NODE, WEB, 80)]) == {tcp(NODE, WEB, 80)}


def test_the_rules_say_who_lives_where(machine: Node) -> None:
    enforce(machine, World([pod("web", WEB), pod("x" * 253, CLIENT)]))

    assert machine.node.inside(kernel.owners) == {
        IPv4Address(WEB): "uid-web acme/web",
        IPv4Address(CLIENT): f"uid-{'x' * 253}"[:120],
    }
    enforce(machine, World())
    assert machine.node.inside(kernel.owners) == {}


def test_rules_of_another_version_do_not_say_who_lives_where(machine: Node) -> None:
    enforce(machine, World())
    machine.node.run("nft", "add", "element", "inet", TABLE, "pods", f"{{ {WEB} }}")

    assert machine.node.inside(kernel.owners) == {IPv4Address(WEB): ""}

    machine.node.run("nft", "delete", "table", "inet", TABLE)

    assert machine.node.inside(kernel.owners) == {}


def test_other_tables_are_left_alone(machine: Node) -> None:
    before = machine.node.run("nft", "list", "table", "ip", "services")
    enforce(machine, pods(DENY))
    enforce(machine, World())

    assert machine.node.run("nft", "list", "table", "ip", "services") == before


def test_this_machine_has_all_that_the_rules_need(machine: Node) -> None:
    machine.node.inside(lambda: kernel.require_features(POD_NETWORK))
