"""Whom a range of addresses stands for: some, or nearly everyone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from policies.node import Node
from policies.outcomes import Outcome

WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix of a range that still stands for some, by version of IP: the widest private range has eight bits.

Two halves of the internet are the internet, so a range is judged by its width and not compared with 0.0.0.0/0.
"""
SOME: Final = f"a range of addresses, /{WIDEST[4]} at the widest"
_EVERYONE: Final = frozenset({"*", "any", "internet", "azurecloud"})
"""What Azure calls everyone. Every customer of Azure can have an address in AzureCloud."""
_SERVICE_TAG: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?")


def is_everyone(value: object) -> bool:
    """Tell whether a range, or a name of Azure's, stands for nearly everyone."""
    if isinstance(value, str) and value.lower().partition(".")[0] in _EVERYONE:
        return True
    found = _network(value)
    return found is not None and found.prefixlen < WIDEST[found.version]


def is_some(value: object) -> bool:
    """Tell whether a range stands for some and not for nearly everyone."""
    return _network(value) is not None and not is_everyone(value)


def is_source(value: object) -> bool:
    """Tell whether a value can be the source of a rule: a range, or a service tag of Azure's."""
    return _network(value) is not None or (isinstance(value, str) and _SERVICE_TAG.fullmatch(value) is not None)


def is_allow_list(node: Node) -> Iterator[Outcome]:
    """Find a list of allowed ranges that is missing, and each range in it that lets in nearly everyone."""
    if node.value in (None, []):
        yield node.finding("the ranges that may ask")
    for each in node.items():
        yield from each.must(is_some, SOME)


def _network(value: object) -> IPv4Network | IPv6Network | None:
    if not isinstance(value, str):
        return None
    try:
        return ip_network(value[:], strict=False)
    except ValueError:
        return None
