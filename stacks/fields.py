"""Types of stack-file keys that several blocks share, each refusing with what is allowed and where that is written."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field

from components.network.spec import PRIVATE
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from falaj.catalog.tiers import tiers

WIDEST_NETWORK, NARROWEST_NETWORK = 16, 20
"""Prefix lengths between which an environment's network may lie: what both clouds hold, and what three zones need."""


COUNTRY = "AE"
"""Where every cloud region lies that an environment may be made in."""


def region_keys() -> list[str]:
    """Return the regions an environment may lie in: every cloud's in the country, and this machine."""
    return [
        key
        for key, region in regions().items()
        if region.provider is Provider.LOCAL or region.jurisdiction.country == COUNTRY
    ]


def _known_region(key: str) -> str:
    if key in region_keys():
        return key
    found = regions().get(key)
    reason = (
        "is no region of the catalog" if found is None else f"lies in {found.jurisdiction.country}, not in {COUNTRY}"
    )
    reviewed = max(region.reviewed for region in regions().values())
    allowed = ", ".join(region_keys())
    raise ValueError(f"which {reason} (falaj/catalog/data/regions.yaml, {reviewed}), allowed: {allowed}")


def _known_tier(tier: str) -> str:
    if tier not in tiers():
        raise ValueError(f"allowed: {', '.join(tiers())}")
    return tier


def _private_network(cidr: str) -> str:
    try:
        network = IPv4Network(cidr)
    except ValueError:
        raise ValueError("allowed: an IPv4 network such as 10.20.0.0/16, its host bits zero") from None
    private = any(network.subnet_of(block) for block in PRIVATE)
    if not private or not WIDEST_NETWORK <= network.prefixlen <= NARROWEST_NETWORK:
        raise ValueError(
            f"allowed: a private network (RFC 1918) of /{WIDEST_NETWORK} to /{NARROWEST_NETWORK}, such as 10.20.0.0/16"
        )
    return cidr


def _ipv4_network(cidr: str) -> str:
    try:
        IPv4Network(cidr)
    except ValueError:
        raise ValueError("allowed: an IPv4 network such as 10.120.0.0/16, its host bits zero") from None
    return cidr


def _private_addresses(cidr: str) -> str:
    try:
        network = IPv4Network(cidr)
    except ValueError:
        raise ValueError("allowed: an IPv4 network such as 10.200.0.0/24, its host bits zero") from None
    if not any(network.subnet_of(block) for block in PRIVATE):
        raise ValueError(f"allowed: a network inside {', '.join(map(str, PRIVATE))}")
    return cidr


RegionKey = Annotated[str, AfterValidator(_known_region), Field(json_schema_extra={"enum": [*region_keys()]})]
"""A region of the catalog."""
TierName = Annotated[str, AfterValidator(_known_tier), Field(json_schema_extra={"enum": [*tiers()]})]
"""A tier of the catalog."""
Team = Annotated[str, Field(pattern=r"^[a-z0-9-]{2,40}$", examples=["risk"])]
"""A team's name, as labels and tags take it."""
CostCentre = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{2,40}$", examples=["cc-1001"])]
"""Where cost is booked."""
Domain = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
        max_length=150,
        examples=["local.falaj.internal"],
    ),
]
"""A DNS name of at least two labels, in lower case."""
Ipv4Network = Annotated[str, AfterValidator(_ipv4_network)]
"""IPv4 addresses."""
PrivateAddresses = Annotated[str, AfterValidator(_private_addresses)]
"""Private IPv4 addresses of any number."""
PrivateNetwork = Annotated[str, AfterValidator(_private_network)]
"""A private IPv4 network that an environment fits in."""
ProcessingRecord = Annotated[str, Field(min_length=3, max_length=60, examples=["ropa-2026-014"])]
"""Entry of the record of processing activities."""
