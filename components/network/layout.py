"""Where each subnet lies in a network's addresses. Pure: the same question always has the same answer.

The first three quarters of the addresses belong to nodes, one quarter for each zone of the region. The last quarter is
cut into sixteen slots for everything small; seven of them stay free. A zone's place follows from the region's list of
zones and not from the zones chosen, and addresses added later are cut on their own: adding a zone or a block of
addresses moves nothing that exists, and no cloud can move a subnet without removing it.

On AWS pods have addresses of the VPC: network policies, security groups and flow logs then see each pod as itself, and
a /16 holds 16,379 of them in each zone. Blocks added later hold pods only, so that wider addresses replace no node. On
Azure pods live in an overlay outside the network, which Cilium knows pod by pod, so a single subnet holds all nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from components.network.spec import MOST_ZONES, Egress
from falaj.catalog.providers import Provider

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

QUARTER = 2
"""Bits that make a quarter of the addresses."""
SLOT = 4
"""Bits that make a slot of the last quarter."""
SMALLEST = 28
"""Prefix of the subnets that hold a handful of addresses: sixteen, the least AWS and AKS take."""
AZURE_FIREWALL = 26
"""Prefix of the subnet of an Azure Firewall, which wants no other."""


class Role(StrEnum):
    """What lies in a subnet."""

    NODES = "nodes"
    """Machines of the cluster."""
    PODS = "pods"
    """AWS: pods alone, in addresses added later."""
    ENDPOINTS = "endpoints"
    """Private endpoints of the cloud's services."""
    LOAD_BALANCERS = "load-balancers"
    """Internal load balancers."""
    CONTROL_PLANE = "control-plane"
    """Where the API server enters the network."""
    FIREWALL = "firewall"
    """The firewall of egress `firewall`."""
    GATEWAY = "gateway"
    """AWS: address translation, the only subnet with a route from and to the internet gateway."""


FIRST_SLOT = {
    Role.ENDPOINTS: 0,
    Role.LOAD_BALANCERS: MOST_ZONES,
    Role.CONTROL_PLANE: 6,
    Role.FIREWALL: 7,
    Role.GATEWAY: 8,
}
"""Where in the last quarter each role begins; the first two take a slot for each zone."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet: what lies in it, in which zone (none where it spans them all) and its addresses."""

    role: Role
    cidr: str
    zone: str | None = None
    block: int = 0

    @property
    def name(self) -> str:
        """Its name within the network: role, the block of addresses after the first, and zone."""
        parts = [self.role, str(self.block + 1) if self.block else None, self.zone]
        return "-".join(part for part in parts if part)


def subnets_of(spec: NetworkSpec) -> tuple[Subnet, ...]:
    """Return every subnet of a network, in an order that depends on the spec alone."""
    return _of_azure(spec) if spec.provider is Provider.AZURE else _of_aws(spec)


def cidrs_of(spec: NetworkSpec, *roles: Role) -> tuple[str, ...]:
    """Return the addresses of the subnets of these roles."""
    return tuple(subnet.cidr for subnet in subnets_of(spec) if subnet.role in roles)


def _of_aws(spec: NetworkSpec) -> tuple[Subnet, ...]:
    whole = IPv4Network(spec.cidr)
    roles = [Role.NODES, Role.ENDPOINTS, Role.LOAD_BALANCERS, Role.CONTROL_PLANE]
    if spec.egress is not Egress.NONE:
        roles.append(Role.GATEWAY)
    if spec.egress is Egress.FIREWALL:
        roles.append(Role.FIREWALL)
    places = {zone: spec.region.zones.index(zone) for zone in spec.zones}
    own = [Subnet(role, str(_share(whole, role, place)), zone) for role in roles for zone, place in places.items()]
    added = [
        Subnet(Role.PODS, str(_quarter(IPv4Network(block), place)), zone, number)
        for number, block in enumerate(spec.further_cidrs, 1)
        for zone, place in places.items()
    ]
    return (*own, *added)


def _of_azure(spec: NetworkSpec) -> tuple[Subnet, ...]:
    whole = IPv4Network(spec.cidr)
    roles = [Role.NODES, Role.ENDPOINTS, Role.LOAD_BALANCERS, Role.CONTROL_PLANE]
    own = [Subnet(role, str(_share(whole, role, 0))) for role in roles]
    if spec.egress is Egress.FIREWALL:
        own.append(Subnet(Role.FIREWALL, str(_first(_slot(whole, FIRST_SLOT[Role.FIREWALL]), AZURE_FIREWALL))))
    added = [Subnet(Role.NODES, block, None, number) for number, block in enumerate(spec.further_cidrs, 1)]
    return (*own, *added)


def _share(whole: IPv4Network, role: Role, place: int) -> IPv4Network:
    """The addresses of a role in the zone of that place."""
    if role is Role.NODES:
        return _quarter(whole, place)
    if role in (Role.ENDPOINTS, Role.LOAD_BALANCERS):
        return _slot(whole, FIRST_SLOT[role] + place)
    return _part(_slot(whole, FIRST_SLOT[role]), SMALLEST, place)


def _quarter(whole: IPv4Network, number: int) -> IPv4Network:
    return _part(whole, whole.prefixlen + QUARTER, number)


def _slot(whole: IPv4Network, number: int) -> IPv4Network:
    last = _quarter(whole, 3)
    return _part(last, last.prefixlen + SLOT, number)


def _first(whole: IPv4Network, prefix: int) -> IPv4Network:
    return _part(whole, prefix, 0)


def _part(whole: IPv4Network, prefix: int, number: int) -> IPv4Network:
    """The part of that number among the equal parts of that prefix; computed, for a /10 has many."""
    size = 1 << (32 - prefix)
    return IPv4Network((int(whole.network_address) + number * size, prefix))
