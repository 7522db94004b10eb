"""Works out, from one snapshot of the cluster, what every pod may send and receive."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import TYPE_CHECKING

from falaj.localcluster.policy_agent.policy import EVERYTHING, LabelSelector, Policy, Port, Rule
from falaj.localcluster.policy_agent.rules import (
    FIRST_PORT,
    LAST_PORT,
    OWNER_LENGTH,
    Allowance,
    Allowances,
    Peers,
    PortRange,
    RuleSet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from falaj.localcluster.policy_agent.snapshot import Pod, Snapshot

ALL_ADDRESSES = IPv4Network("0.0.0.0/0")


def compile_rules(snapshot: Snapshot, pod_network: IPv4Network, cluster_network: IPv4Network | None = None) -> RuleSet:
    """Makes the rule set of a snapshot; an address that two pods claim belongs to neither.

    Args:
        snapshot: What the cluster says.
        pod_network: Where the pods live that the rules are for: those of one node.
        cluster_network: Where the pods of all nodes live, which may be peers; the same if absent.
    """
    claims: dict[IPv4Address, list[Pod]] = defaultdict(list)
    for pod in snapshot.pods:
        if pod.address in (cluster_network or pod_network):
            claims[pod.address].append(pod)
    pods = {address: claimants[0] for address, claimants in claims.items() if len(claimants) == 1}
    policies: dict[str, list[Policy]] = defaultdict(list)
    for policy in snapshot.policies:
        policies[policy.namespace].append(policy)

    allowed = _Compiler(pods, snapshot.namespaces)
    ingress: dict[IPv4Address, Allowances] = {}
    egress: dict[IPv4Address, Allowances] = {}
    own = {address: pod for address, pod in pods.items() if address in pod_network}
    for address, pod in own.items():
        selecting = [policy for policy in policies[pod.namespace] if policy.pod_selector.matches(pod.labels)]
        ingress[address] = _union(
            allowed.ingress(policy.namespace, policy.ingress, pod.named_ports)
            for policy in selecting
            if policy.ingress is not None
        )
        egress[address] = _union(
            allowed.egress(policy.namespace, policy.egress) for policy in selecting if policy.egress is not None
        )
    return RuleSet(
        pod_network,
        {address: f"{pod.identifier} {pod.namespace}/{pod.name}"[:OWNER_LENGTH] for address, pod in own.items()},
        ingress,
        egress,
        frozenset(address for address in claims.keys() - pods.keys() if address in pod_network),
    )


def _union(parts: Iterable[frozenset[Allowance]]) -> Allowances:
    isolating = list(parts)
    return frozenset[Allowance]().union(*isolating) if isolating else None


class _Compiler:
    """Turns rules into allowances against one population of pods; equal questions are answered once."""

    def __init__(self, pods: Mapping[IPv4Address, Pod], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self.pods = pods
        self.namespaces = namespaces
        self.residents: dict[str, list[Pod]] = defaultdict(list)
        for pod in pods.values():
            self.residents[pod.namespace].append(pod)
        self.ingress = cache(self._ingress)
        self.egress = cache(self._egress)
        self.selected = cache(self._selected)

    def _ingress(
        self, home: str, rules: tuple[Rule, ...], named: frozenset[tuple[str, str, int]]
    ) -> frozenset[Allowance]:
        return frozenset(
            Allowance(peers, ports)
            for rule in rules
            if (ports := _ports(rule.ports, named)) is None or ports
            for peers in self._peers(rule, home)
        )

    def _egress(self, home: str, rules: tuple[Rule, ...]) -> frozenset[Allowance]:
        return frozenset(allowance for rule in rules for allowance in self._egress_of_rule(rule, home))

    def _egress_of_rule(self, rule: Rule, home: str) -> Iterator[Allowance]:
        """A named port is looked up on the pod at the other end, so each number it stands for has its own peers."""
        numbered = _ports(rule.ports, frozenset())
        named = [port for port in rule.ports if isinstance(port.port, str)]
        for peers in self._peers(rule, home):
            if numbered is None or numbered:
                yield Allowance(peers, numbered)
            for port in named:
                yield from self._egress_to_name(peers, port)

    def _egress_to_name(self, peers: Peers, port: Port) -> Iterator[Allowance]:
        owners: dict[PortRange, set[IPv4Address]] = defaultdict(set)
        for address, pod in self.pods.items():
            if _includes(peers, address):
                for found in _ports((port,), pod.named_ports) or ():
                    owners[found].add(address)
        for found, addresses in owners.items():
            yield Allowance(frozenset(addresses), frozenset({found}))

    def _peers(self, rule: Rule, home: str) -> list[Peers]:
        if not rule.peers:
            return [None]
        pods = frozenset[IPv4Address]().union(
            *(
                self.selected(home if peer.namespace_selector is None else peer.namespace_selector, peer.pod_selector)
                for peer in rule.peers
                if peer.ip_block is None
            )
        )
        blocks = frozenset(
            collapse_addresses(
                network for peer in rule.peers if peer.ip_block is not None for network in peer.ip_block.networks()
            )
        )
        if ALL_ADDRESSES in blocks:
            return [None]
        return [peers for peers in (pods, blocks) if peers]

    def _selected(self, namespaces: str | LabelSelector, pods: LabelSelector | None) -> frozenset[IPv4Address]:
        """Addresses of the selected pods; a pod whose namespace is not known yet is in no selected namespace."""
        homes = (
            [namespaces]
            if isinstance(namespaces, str)
            else [name for name, labels in self.namespaces.items() if namespaces.matches(labels)]
        )
        wanted = pods or EVERYTHING
        return frozenset(
            pod.address for home in homes for pod in self.residents.get(home, ()) if wanted.matches(pod.labels)
        )


def _includes(peers: Peers, address: IPv4Address) -> bool:
    return peers is None or any(address in peer if isinstance(peer, IPv4Network) else address == peer for peer in peers)


def _ports(ports: tuple[Port, ...], named: frozenset[tuple[str, str, int]]) -> frozenset[PortRange] | None:
    """The port numbers meant, with names looked up in ``named``; ``None`` means every protocol and port."""
    if not ports:
        return None
    return _merged(found for port in ports for found in _numbers(port, named))


def _numbers(port: Port, named: frozenset[tuple[str, str, int]]) -> Iterator[PortRange]:
    match port.port:
        case None:
            yield PortRange(port.protocol, FIRST_PORT, LAST_PORT)
        case int(first):
            yield PortRange(port.protocol, first, port.end_port or first)
        case str(wanted):
            for name, protocol, number in named:
                if (name, protocol) == (wanted, port.protocol):
                    yield PortRange(port.protocol, number, number)


def _merged(ranges: Iterable[PortRange]) -> frozenset[PortRange]:
    """The same ports as ranges that neither overlap nor touch, as the kernel's sets want them."""
    merged: list[PortRange] = []
    for found in sorted(ranges):
        if merged and merged[-1].protocol == found.protocol and found.first <= merged[-1].last + 1:
            merged[-1] = PortRange(found.protocol, merged[-1].first, max(merged[-1].last, found.last))
        else:
            merged.append(found)
    return frozenset(merged)
