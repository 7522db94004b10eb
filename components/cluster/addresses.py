"""Addresses that follow from the networks a cluster was given, known before it exists."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from components.zero_trust.edges import End

if TYPE_CHECKING:
    from collections.abc import Iterable

DNS_HOST = 10
"""Which address of the Services' network the resolver gets, by custom of every Kubernetes."""
HTTPS_PORT = 443


def service_address(service_cidr: str) -> str:
    """Return the address of the Service `kubernetes`, always the first of the Services' network."""
    return str(IPv4Network(service_cidr)[1])


def dns_address(service_cidr: str) -> str:
    """Return the address of the cluster's resolver."""
    return str(IPv4Network(service_cidr)[DNS_HOST])


def api_server_end(service_cidr: str, control_plane: Iterable[str]) -> End:
    """Return the API server as network policies see it.

    Some enforcers look before the Service's address is translated and some after, so that both belong to it: the
    Service's one address and the control plane's own subnets, where nothing else lives.
    """
    networks = [*control_plane, f"{service_address(service_cidr)}/32"]
    return End(peers=[{"ip_block": {"cidr": network}} for network in networks], port=HTTPS_PORT)
