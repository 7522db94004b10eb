"""Rules of security groups, in one shape for both clouds: who may come in, to which ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.node import Node
from policies.resources import Resource


@dataclass(frozen=True, slots=True)
class Words:
    """What the parts of a rule are called in one type of resource."""

    rules: str
    """Where its rules lie; empty where the resource is one rule itself."""
    sources: tuple[str, ...]
    protocol: str
    ports: tuple[str, ...]
    """First and last port, or texts that each name a port or a range."""
    exits: Mapping[str, str]
    """What a rule that lets nobody in says, in lower case."""


_GROUP: Final = Words("ingress[]", ("cidrBlocks[]", "ipv6CidrBlocks[]"), "protocol", ("fromPort", "toPort"), exits={})
_AZURE_SOURCES: Final = ("sourceAddressPrefix", "sourceAddressPrefixes[]")
_AZURE_PORTS: Final = ("destinationPortRange", "destinationPortRanges[]")
_AZURE_EXITS: Final = {"access": "deny", "direction": "outbound"}
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
WORDS: Final[Mapping[str, Words]] = {
    "aws:ec2/securityGroup:SecurityGroup": _GROUP,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _GROUP,
    "aws:ec2/securityGroupRule:SecurityGroupRule": Words(
        "", ("cidrBlocks[]", "ipv6CidrBlocks[]"), "protocol", ("fromPort", "toPort"), {"type": "egress"}
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Words(
        "", ("cidrIpv4", "cidrIpv6"), "ipProtocol", ("fromPort", "toPort"), exits={}
    ),
    "azure-native:network:NetworkSecurityGroup": Words(
        "securityRules[]", _AZURE_SOURCES, "protocol", _AZURE_PORTS, _AZURE_EXITS
    ),
    "azure-native:network:SecurityRule": Words("", _AZURE_SOURCES, "protocol", _AZURE_PORTS, _AZURE_EXITS),
}
"""Every type that lets traffic in, with its words."""
_WITHOUT_PORTS: Final = frozenset({"icmp", "icmpv6", "1", "58"})
_EVERY_PROTOCOL: Final = frozenset({"-1", "all"})


@dataclass(frozen=True, slots=True)
class Opening:
    """One rule that may let somebody in."""

    rule: Node
    words: Words

    @property
    def sources(self) -> Iterator[Node]:
        """Who may come in."""
        for pattern in self.words.sources:
            yield from (node for node in self.rule.select(pattern) if node.value is not None)

    @property
    def grounds(self) -> Iterator[Node]:
        """What decides, beside the sources, whether the rule matters."""
        for name in (*self.words.exits, self.words.protocol):
            yield self.rule[name]
        yield from self._port_nodes

    @property
    def lets_in(self) -> bool:
        """Whether the rule, all of which is known, lets somebody in to a port."""
        leaves = any(str(self.rule[name].value).lower() == meaning for name, meaning in self.words.exits.items())
        return not leaves and self._protocol not in _WITHOUT_PORTS

    @property
    def ports(self) -> tuple[str, ...]:
        """The ports as text: numbers, ranges, or ``*``."""
        if self._protocol in _EVERY_PROTOCOL:
            return ("*",)
        values = tuple(node.value for node in self._port_nodes)
        if self.words.ports == ("fromPort", "toPort"):
            first, last = values
            return (str(first) if first == last else f"{first}-{last}",)
        return tuple(str(value) for value in values if value is not None)

    @property
    def _protocol(self) -> str:
        return str(self.rule[self.words.protocol].value).lower()

    @property
    def _port_nodes(self) -> Iterator[Node]:
        for pattern in self.words.ports:
            yield from self.rule.select(pattern)


def openings(found: Resource) -> Iterator[Opening]:
    """Yield each rule of a resource that may let somebody in."""
    words = WORDS[found.type]
    rules = found.root.select(words.rules) if words.rules else (found.root,)
    for rule in rules:
        yield Opening(rule, words)
