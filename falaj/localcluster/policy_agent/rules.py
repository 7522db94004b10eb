"""What the kernel is to enforce, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from falaj.localcluster.policy_agent.policy import Protocol

FIRST_PORT, LAST_PORT = 0, 65535

OWNER_LENGTH = 120
"""As much as a comment in nftables holds, rounded down."""

Peers = frozenset[IPv4Address] | frozenset[IPv4Network] | None
"""Addresses of pods, networks that do not overlap, or ``None`` for anyone."""


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """Ports of one protocol, both ends included."""

    protocol: Protocol
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """Peers that may be spoken with on these destination ports; ``None`` means every protocol and port."""

    peers: Peers
    ports: frozenset[PortRange] | None


Allowances = frozenset[Allowance] | None
"""All that a pod may do in one direction; ``None`` when no policy isolates it there."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Verdicts for every address of the pod network.

    Only the addresses in ``pods`` are known, and both directions have an entry for each of them. Any other address of
    ``pod_network`` neither sends nor receives.
    """

    pod_network: IPv4Network
    pods: Mapping[IPv4Address, str] = field(default_factory=dict)
    """Who lives at the address: identifier, namespace and name of the pod, cut to ``OWNER_LENGTH``."""
    ingress: Mapping[IPv4Address, Allowances] = field(default_factory=dict)
    egress: Mapping[IPv4Address, Allowances] = field(default_factory=dict)
    contested: frozenset[IPv4Address] = frozenset()
    """Addresses that more than one pod claims; they count as unknown until that is settled."""
