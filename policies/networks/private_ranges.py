"""Whether a range of addresses lies in networks of one's own, or is the internet."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

PRIVATE: Final = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
"""Ranges that no router of the internet carries (RFC 1918, 6598, 3927, 4193, 4291)."""
WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix of a range that is still some place and not the internet, by version of IP."""


def network(text: object) -> Network | None:
    """Return the range, or the single address, that a text names; nothing for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return ip_network(text[:], strict=False)
    except ValueError:
        return None


def lies_inside(text: object, more: Collection[Network] = ()) -> bool:
    """Tell whether a range lies wholly in a private one, or in one of more."""
    found = network(text)
    return found is not None and any(_holds(each, found) for each in (*PRIVATE, *more))


def is_some_place(text: object) -> bool:
    """Tell whether a range is too narrow to be the internet, or half of it."""
    found = network(text)
    return found is not None and found.prefixlen >= WIDEST[found.version]


def _holds(outer: Network, inner: Network) -> bool:
    # A range of the other version of IP holds none of its addresses, even where it writes them.
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)
