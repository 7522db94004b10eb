"""A NetworkPolicy as the agent understands it; what it does not understand it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

Protocol = Literal["TCP", "UDP", "SCTP"]
PortNumber = Annotated[int, Field(ge=1, le=65535)]


def _pairs(labels: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(labels, Mapping):
        raise ValueError("must be a map of label to value")  # noqa: TRY004 - pydantic reports only ValueError
    return tuple(sorted(labels.items()))


def _network(block: object) -> IPv4Network | IPv6Network:
    return ip_network(str(block), strict=False)


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class _Part(BaseModel):
    """Base of every part of a policy: a field the agent does not know is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


class Requirement(_Part):
    """One match expression on labels."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _values_fit_operator(self) -> Requirement:
        if bool(self.values) != (self.operator in {"In", "NotIn"}):
            raise ValueError("In and NotIn need values, Exists and DoesNotExist take none")
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it; ``NotIn`` is met by labels without the key, as in Kubernetes."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels


class LabelSelector(_Part):
    """Selects by labels; an empty one selects everything."""

    match_labels: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)] = ()
    match_expressions: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet every requirement."""
        return all(labels.get(key) == value for key, value in self.match_labels) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )


EVERYTHING = LabelSelector()
"""The selector that selects all."""


class AddressBlock(_Part):
    """A range of addresses with holes; an IPv6 range holds nothing here, where pods speak IPv4 alone."""

    cidr: Network
    except_: tuple[Network, ...] = Field(default=(), alias="except")

    def networks(self) -> list[IPv4Network]:
        """The block as networks that do not overlap, holes taken out."""
        remaining = [self.cidr] if isinstance(self.cidr, IPv4Network) else []
        for hole in self.except_:
            if isinstance(hole, IPv4Network):
                remaining = [part for network in remaining for part in _without(network, hole)]
        return remaining


def _without(network: IPv4Network, hole: IPv4Network) -> Iterator[IPv4Network]:
    if network.subnet_of(hole):
        return iter(())
    return network.address_exclude(hole) if hole.subnet_of(network) else iter((network,))


class Peer(_Part):
    """Who is at the other end: an address block, or pods by namespace and labels."""

    ip_block: AddressBlock | None = Field(default=None, alias="ipBlock")
    namespace_selector: LabelSelector | None = None
    pod_selector: LabelSelector | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Peer:
        selects = self.namespace_selector is not None or self.pod_selector is not None
        if selects == (self.ip_block is not None):
            raise ValueError("needs either ipBlock or a selector")
        return self


class Port(_Part):
    """A port by number, by range or by the name a container gave it; without one, all ports of the protocol."""

    protocol: Protocol = "TCP"
    port: PortNumber | str | None = None
    end_port: PortNumber | None = None

    @model_validator(mode="after")
    def _range_is_sound(self) -> Port:
        if self.end_port is not None and not (isinstance(self.port, int) and self.port <= self.end_port):
            raise ValueError("endPort needs a port number that is not above it")
        return self


class Rule(_Part):
    """Lets every peer in or out on every port listed; an empty list means all."""

    peers: tuple[Peer, ...] = ()
    ports: tuple[Port, ...] = ()


class IngressRule(Rule):
    """A rule for what may enter."""

    peers: tuple[Peer, ...] = Field(default=(), alias="from")


class EgressRule(Rule):
    """A rule for what may leave."""

    peers: tuple[Peer, ...] = Field(default=(), alias="to")


class _Specification(_Part):
    pod_selector: LabelSelector = EVERYTHING
    policy_types: tuple[Literal["Ingress", "Egress"], ...] = ()
    ingress: tuple[IngressRule, ...] = ()
    egress: tuple[EgressRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of one namespace; ``None`` as the rules of a direction leaves that direction alone."""

    namespace: str
    name: str
    pod_selector: LabelSelector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    problem: str = ""
    """Why the policy was not understood. Such a policy isolates both directions and lets nothing through."""


def read_policy(manifest: Mapping[str, Any]) -> Policy:
    """Reads a NetworkPolicy; one that is invalid or has parts unknown here comes back closed, its problem named."""
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    specification = manifest.get("spec") or {}
    try:
        read = _Specification.model_validate(specification)
    except ValidationError as error:
        return Policy(namespace, name, _selector_of_closed(specification), (), (), _in_one_line(error))
    types = read.policy_types or (("Ingress", "Egress") if read.egress else ("Ingress",))
    return Policy(
        namespace,
        name,
        read.pod_selector,
        read.ingress if "Ingress" in types else None,
        read.egress if "Egress" in types else None,
    )


def _selector_of_closed(specification: object) -> LabelSelector:
    try:
        return _Selection.model_validate(specification).pod_selector
    except ValidationError:
        return EVERYTHING


class _Selection(_Part):
    model_config = ConfigDict(extra="ignore")

    pod_selector: LabelSelector = EVERYTHING


def _in_one_line(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, part['loc'])) or 'spec'}: {part['msg']}" for part in error.errors())
