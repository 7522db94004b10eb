"""Which packets an Azure network lets into each of its subnets, and out of them. Pure.

Every list ends in a refusal of its own above the rules that Azure adds to each security group, which would let in
whatever the network knows and let out everything.

Sources: https://learn.microsoft.com/azure/aks/azure-cni-overlay (nodes and pods),
https://learn.microsoft.com/azure/aks/api-server-vnet-integration (the API server's subnet)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.manifests import Manifest
from components.network.layout import Role, cidrs_of
from components.network.spec import Egress

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

ANYTHING = "*"
HTTPS = "443"
LAST = 4096
"""The lowest priority a rule of ours can have."""
BALANCER = "AzureLoadBalancer"
"""Azure's own probes."""
KNOWN = "VirtualNetwork"
"""The network itself, and what is joined to it by peering, VPN or ExpressRoute."""
INTERNET = "Internet"
"""Every address outside it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a security group; `sources` and `targets` are networks or one of Azure's own words."""

    name: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    ports: tuple[str, ...] = (ANYTHING,)
    protocol: str = ANYTHING
    inbound: bool = True
    allowed: bool = True


REFUSE_IN = Rule("refuse-in", (ANYTHING,), (ANYTHING,), allowed=False)
REFUSE_INTERNET = Rule("refuse-internet", (ANYTHING,), (INTERNET,), inbound=False, allowed=False)


def rules_of(spec: NetworkSpec, role: Role) -> tuple[Rule, ...]:
    """Return the rules of the subnets of a role, the first the strongest."""
    nodes, servers = cidrs_of(spec, Role.NODES), cidrs_of(spec, Role.CONTROL_PLANE)
    if role is Role.NODES:
        return _of_nodes(spec, nodes, servers)
    if role is Role.CONTROL_PLANE:
        return (
            Rule("from-nodes", nodes, servers, (HTTPS, "4443"), "Tcp"),
            *_operators(spec, servers),
            Rule("from-balancer", (BALANCER,), servers, ("9988",), "Tcp"),
            REFUSE_IN,
        )
    if role is Role.ENDPOINTS:
        endpoints = cidrs_of(spec, Role.ENDPOINTS)
        callers = (*nodes, *servers)
        return (
            Rule("from-nodes", callers, endpoints, (HTTPS,), "Tcp"),
            *_operators(spec, endpoints),
            REFUSE_IN,
            REFUSE_INTERNET,
        )
    return (REFUSE_IN, REFUSE_INTERNET)


def _of_nodes(spec: NetworkSpec, nodes: tuple[str, ...], servers: tuple[str, ...]) -> tuple[Rule, ...]:
    pods = (spec.pod_cidr,)
    fronts = cidrs_of(spec, Role.LOAD_BALANCERS)
    out = (
        () if spec.egress is Egress.NONE else (Rule("to-internet", nodes, (INTERNET,), (HTTPS,), "Tcp", inbound=False),)
    )
    return (
        Rule("from-nodes", nodes, (*nodes, *pods)),
        Rule("from-pods", pods, pods),
        Rule("from-api-server", servers, (*nodes, *pods)),
        Rule("from-balancer", (BALANCER,), (*nodes, *fronts)),
        # Behind an Azure load balancer a packet still bears the address of its front, in the balancers' subnet.
        Rule("from-clients", (KNOWN,), (*nodes, *fronts), (HTTPS,), "Tcp"),
        REFUSE_IN,
        *out,
        REFUSE_INTERNET,
    )


def _operators(spec: NetworkSpec, targets: tuple[str, ...]) -> tuple[Rule, ...]:
    if not spec.operator_networks:
        return ()
    return (Rule("from-operators", spec.operator_networks, targets, (HTTPS,), "Tcp"),)


def as_security_rules(rules: Sequence[Rule]) -> list[Manifest]:
    """Return the rules as a security group takes them, a hundred apart, refusals last in their direction."""
    return [_as_security_rule(rule, 100 * place) for place, rule in enumerate(rules, 1)]


def _as_security_rule(rule: Rule, priority: int) -> Manifest:
    return {
        "name": rule.name,
        "priority": priority if rule.allowed else LAST,
        "direction": "Inbound" if rule.inbound else "Outbound",
        "access": "Allow" if rule.allowed else "Deny",
        "protocol": rule.protocol,
        "source_port_range": ANYTHING,
        **_one_or_many("source_address_prefix", "es", rule.sources),
        **_one_or_many("destination_address_prefix", "es", rule.targets),
        **_one_or_many("destination_port_range", "s", rule.ports),
    }


def _one_or_many(name: str, plural: str, values: tuple[str, ...]) -> dict[str, object]:
    """Azure has a field for one value, which also takes its own words, and one for many, which takes none of them."""
    return {name: values[0]} if len(values) == 1 else {f"{name}{plural}": list(values)}
