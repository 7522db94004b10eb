"""What may be asked of a network."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from components.cloud_spec import CloudSpec
from falaj.catalog.private_access import Feature
from falaj.catalog.providers import Provider
from falaj.catalog.tags import Stage

PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918: what a cloud routes inside a network only."""
SHARED_SPACE = IPv4Network("100.64.0.0/10")
"""RFC 6598: as private, and seldom used in an enterprise's own networks."""
TAKEN = tuple(IPv4Network(block) for block in ("172.17.0.0/16", "172.30.0.0/15"))
"""The container runtime's bridge, and what AKS keeps for itself."""
MOST_ZONES = 3
"""Zones the layout has room for."""
LEAST_ZONES = 2
"""Zones in which EKS puts its control plane at least."""


def _network(address: str) -> IPv4Network:
    try:
        return IPv4Network(address)
    except ValueError:
        raise ValueError(f"{address}, allowed: an IPv4 network such as 10.20.0.0/16, its host bits zero") from None


def _space(address: str, *, widest: int, narrowest: int, homes: tuple[IPv4Network, ...]) -> str:
    network = _network(address)
    if not widest <= network.prefixlen <= narrowest:
        raise ValueError(f"{address}, allowed: a network of /{widest} to /{narrowest}")
    if not any(network.subnet_of(home) for home in homes):
        raise ValueError(f"{address}, allowed: inside {', '.join(map(str, homes))}")
    if taken := [str(block) for block in TAKEN if network.overlaps(block)]:
        raise ValueError(f"{address} overlaps {', '.join(taken)}, which Kubernetes nodes use, allowed: any other")
    return address


def _address_space(address: str) -> str:
    return _space(address, widest=16, narrowest=20, homes=PRIVATE)


def _further_space(address: str) -> str:
    return _space(address, widest=16, narrowest=22, homes=(*PRIVATE, SHARED_SPACE))


def _pod_space(address: str) -> str:
    return _space(address, widest=10, narrowest=18, homes=(*PRIVATE, SHARED_SPACE))


def _operator_network(address: str) -> str:
    return _space(address, widest=8, narrowest=32, homes=(*PRIVATE, SHARED_SPACE))


AddressSpace = Annotated[str, AfterValidator(_address_space)]
FurtherSpace = Annotated[str, AfterValidator(_further_space)]
PodSpace = Annotated[str, AfterValidator(_pod_space)]
OperatorNetwork = Annotated[str, AfterValidator(_operator_network)]
HostName = Annotated[
    str,
    Field(
        pattern=r"^(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z][-a-z0-9]{0,61}[a-z0-9]$",
        max_length=253,
        description="A host name in lower case, such as api.example.ae; `*.` in front stands for every name below it.",
    ),
]


class Egress(StrEnum):
    """The way out of the network. Nodes have no public address in any of them."""

    NONE = "none"
    """There is none: no internet gateway, no public address at all."""
    FIREWALL = "firewall"
    """Through the cloud's firewall, to the names allowed and to no other, over TLS on port 443."""
    NAT = "nat"
    """Through address translation, to anyone; for development only."""


class NetworkSpec(CloudSpec):
    """A private network over the zones of a region. Public subnets for nodes and rules for anyone have no field."""

    cidr: AddressSpace = Field(description="Addresses of the network, /16 to /20, of RFC 1918.")
    further_cidrs: tuple[FurtherSpace, ...] = Field(
        default=(),
        max_length=4,
        description="Addresses added later; what lies in `cidr` stays where it is. AWS: pods. Azure: new pools.",
    )
    zones: tuple[str, ...] = Field(description="Zones it spans, by id; empty where the region has none.")
    features: frozenset[Feature] = Field(description="What is used; decides the private endpoints.")
    egress: Egress = Field(default=Egress.NONE, description="The way out.")
    allowed_names: tuple[HostName, ...] = Field(
        default=(), max_length=200, description="Names that may be reached through the firewall."
    )
    internal_domains: tuple[HostName, ...] = Field(
        default=(), max_length=50, description="Domains of the organisation's own that nodes may resolve."
    )
    operator_networks: tuple[OperatorNetwork, ...] = Field(
        default=(),
        max_length=20,
        description="Networks from which people and pipelines reach the private endpoints and the API server.",
    )
    pod_cidr: PodSpace = Field(
        default="100.64.0.0/14",
        description="Azure: addresses of pods, an overlay outside the network. AWS: not used, pods have the VPC's.",
    )
    retention_days: int = Field(ge=1, le=36500, description="How long flow logs and name queries are kept.")

    @property
    def provider(self) -> Provider:
        """Whose region it lies in."""
        return self.region.provider

    @property
    def cidrs(self) -> tuple[str, ...]:
        """Every block of addresses of the network."""
        return (self.cidr, *self.further_cidrs)

    @model_validator(mode="after")
    def _zones_exist(self) -> Self:
        known = () if self.region.zones == "unknown" else self.region.zones
        if strangers := [zone for zone in self.zones if zone not in known]:
            raise ValueError(f"zones {', '.join(strangers)} not in {self.placement.region}, allowed: {_listed(known)}")
        if len({*self.zones}) < len(self.zones):
            raise ValueError(f"zones {', '.join(self.zones)}, allowed: each once")
        least = LEAST_ZONES if self.provider is Provider.AWS else min(1, len(known))
        if not least <= len(self.zones) <= MOST_ZONES:
            raise ValueError(f"{len(self.zones)} zones, allowed: {least} to {MOST_ZONES} of {_listed(known)}")
        return self

    @model_validator(mode="after")
    def _addresses_are_apart(self) -> Self:
        named = [("cidr", self.cidr), *(("further_cidrs", block) for block in self.further_cidrs)]
        named += [("operator_networks", block) for block in self.operator_networks]
        if self.provider is Provider.AZURE:
            named.append(("pod_cidr", self.pod_cidr))
        for (name, block), (other_name, other) in combinations(named, 2):
            if name != "operator_networks" or other_name != "operator_networks":
                _refuse_overlap(name, block, other_name, other)
        return self

    @model_validator(mode="after")
    def _further_addresses_fit(self) -> Self:
        home = next(home for home in PRIVATE if _network(self.cidr).subnet_of(home))
        for block in map(_network, self.further_cidrs):
            # AWS refuses to join two ranges of RFC 1918 in one VPC, and says so only when the block is added.
            if not (block.subnet_of(home) or block.subnet_of(SHARED_SPACE)):
                raise ValueError(f"further_cidrs {block} beside {self.cidr}, allowed: inside {home} or {SHARED_SPACE}")
        return self

    @model_validator(mode="after")
    def _way_out_is_guarded(self) -> Self:
        if self.egress is Egress.NAT and self.placement.stage is not Stage.DEVELOPMENT:
            stage = self.placement.stage
            raise ValueError(f"egress nat in stage {stage} reaches everyone, allowed: none, firewall; nat in stage dev")
        if self.allowed_names and self.egress is not Egress.FIREWALL:
            raise ValueError(f"allowed_names with egress {self.egress}, allowed: with egress firewall")
        if self.egress is Egress.FIREWALL and not self.reachable_names:
            raise ValueError("egress firewall without allowed_names lets nothing out, allowed: a name, or egress none")
        if self.provider is Provider.AZURE and self.egress is Egress.NONE and Feature.IDENTITY in self.features:
            raise ValueError(
                "feature identity with egress none: Entra ID has no private endpoint on azure, "
                "allowed: egress firewall, or no feature identity"
            )
        return self

    @property
    def reachable_names(self) -> tuple[str, ...]:
        """Names that may be reached through the firewall: those allowed and those the features cannot do without."""
        implied = [
            name
            for feature, names in NAMES_WITHOUT_PRIVATE_ACCESS.get(self.provider, {}).items()
            if feature in self.features
            for name in names
        ]
        return tuple(sorted({*self.allowed_names, *implied}))


NAMES_WITHOUT_PRIVATE_ACCESS = {Provider.AZURE: {Feature.IDENTITY: ("login.microsoftonline.com",)}}
"""What a feature must reach and no private endpoint leads to.

Source: https://learn.microsoft.com/azure/aks/concepts-network-isolated (workload identity signs in at Entra ID)
"""


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none, the region has no zones"


def _refuse_overlap(name: str, block: str, other_name: str, other: str) -> None:
    if _network(block).overlaps(_network(other)):
        raise ValueError(f"{name} {block} overlaps {other_name} {other}, allowed: networks that share no address")
