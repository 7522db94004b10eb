"""What Kubernetes says about one packet, read straight from the manifests and written to be plainly right, not fast."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any, NamedTuple

Manifest = dict[str, Any]

POD_NETWORK = IPv4Network("10.244.0.0/24")


class Packet(NamedTuple):
    """The first packet of a connection."""

    source: str
    destination: str
    protocol: str
    port: int


@dataclass
class World:
    """The manifests of a cluster."""

    pods: list[Manifest] = field(default_factory=list)
    namespaces: list[Manifest] = field(default_factory=list)
    policies: list[Manifest] = field(default_factory=list)

    def tenants(self, address: str) -> list[Manifest]:
        return self._living.get(address, [])

    @cached_property
    def _living(self) -> dict[str, list[Manifest]]:
        living: dict[str, list[Manifest]] = {}
        for pod in self.pods:
            if not pod["spec"].get("hostNetwork") and pod["status"].get("phase") not in {"Succeeded", "Failed"}:
                living.setdefault(pod["status"].get("podIP", ""), []).append(pod)
        return living

    def decide(self, packet: Packet) -> bool:
        """Whether a new connection passes the node."""
        for end in (packet.source, packet.destination):
            if holds(POD_NETWORK, end) and len(self.tenants(end)) != 1:
                return False
        if packet.source == packet.destination:
            return True
        return self.may("Egress", packet.source, packet.destination, packet) and self.may(
            "Ingress", packet.destination, packet.source, packet
        )

    def may(self, direction: str, subject: str, other: str, packet: Packet) -> bool:
        if not self.tenants(subject):
            return True
        pod = self.tenants(subject)[0]
        policies = [
            policy
            for policy in self.policies
            if policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
            and selects(policy["spec"].get("podSelector", {}), pod["metadata"].get("labels", {}))
            and direction in types_of(policy)
        ]
        if not policies:
            return True
        side, listed = ("from", "ingress") if direction == "Ingress" else ("to", "egress")
        return any(
            self.peers_match(rule.get(side), other, policy["metadata"]["namespace"])
            and self.ports_match(rule.get("ports"), packet)
            for policy in policies
            for rule in policy["spec"].get(listed, [])
        )

    def peers_match(self, peers: list[Manifest] | None, other: str, home: str) -> bool:
        return not peers or any(self.peer_matches(peer, other, home) for peer in peers)

    def peer_matches(self, peer: Manifest, other: str, home: str) -> bool:
        if "ipBlock" in peer:
            block = peer["ipBlock"]
            return holds(block["cidr"], other) and not any(holds(hole, other) for hole in block.get("except", []))
        if not self.tenants(other):
            return False
        pod = self.tenants(other)[0]
        namespace = pod["metadata"]["namespace"]
        if "namespaceSelector" in peer:
            found = [one for one in self.namespaces if one["metadata"]["name"] == namespace]
            if not found or not selects(peer["namespaceSelector"], found[0]["metadata"].get("labels", {})):
                return False
        elif namespace != home:
            return False
        return selects(peer.get("podSelector", {}), pod["metadata"].get("labels", {}))

    def ports_match(self, ports: list[Manifest] | None, packet: Packet) -> bool:
        return not ports or any(self.port_matches(one, packet) for one in ports)

    def port_matches(self, wanted: Manifest, packet: Packet) -> bool:
        if wanted.get("protocol", "TCP") != packet.protocol:
            return False
        number = wanted.get("port")
        if number is None:
            return True
        if isinstance(number, str):
            return any(
                (one.get("name"), one.get("protocol", "TCP"), one["containerPort"])
                == (number, packet.protocol, packet.port)
                for pod in self.tenants(packet.destination)
                for container in pod["spec"]["containers"]
                for one in container.get("ports", [])
            )
        last: int = wanted.get("endPort") or number
        return bool(number <= packet.port <= last)


@cache
def holds(network: str | IPv4Network, address: str) -> bool:
    return ip_address(address) in ip_network(network)


def types_of(policy: Manifest) -> list[str]:
    specification = policy["spec"]
    if specification.get("policyTypes"):
        types: list[str] = specification["policyTypes"]
        return types
    return ["Ingress", "Egress"] if specification.get("egress") else ["Ingress"]


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if key not in labels or labels[key] != value:
            return False
    for expression in selector.get("matchExpressions", []):
        key, operator = expression["key"], expression["operator"]
        met = {
            "In": key in labels and labels[key] in expression.get("values", []),
            "NotIn": key not in labels or labels[key] not in expression.get("values", []),
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[operator]
        if not met:
            return False
    return True
