"""Writes a rule set down for nftables, as one table replaced in one transaction."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from hashlib import blake2s
from ipaddress import IPv4Address, IPv4Network
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from falaj.localcluster.policy_agent.rules import (
    FIRST_PORT,
    LAST_PORT,
    Allowance,
    Allowances,
    PortRange,
    RuleSet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TABLE = "falaj-policy"
"""The table this agent owns, in family inet. It touches no other."""

PODS = "pods"
"""The set of known addresses; the comment of each says which pod it belongs to."""

INDENT = "    "


def render(rules: RuleSet) -> str:
    """Writes the transaction that replaces the agent's table by these rules.

    The base chains have policy ``accept``: a new one is registered an instant before its rules count, and must not
    drop what the old one lets through. Inside, whatever no rule lets through is dropped. Pods find their chain through
    sets, not through a verdict map: the kernel empties the old map while packets are still looking into it.
    """
    shared = _Shared()
    egress, ingress = shared.directory("egress", rules.egress), shared.directory("ingress", rules.ingress)
    known = sorted(rules.pods.items(), key=itemgetter(0))
    owned = _elements(f'{address} comment "{owner}"' for address, owner in known)
    itself = _elements(f"{address} . {address}" for address, _ in known)
    blocks = [
        _block(f"set {PODS}", ["type ipv4_addr", *owned]),
        _block("set itself", ["type ipv4_addr . ipv4_addr", *itself]),
        *(_block(f"set {name}", body) for name, body in sorted(shared.sets.items())),
        *(_block(f"chain {name}", body) for name, body in sorted(shared.chains.items())),
        _block("chain egress", egress),
        _block("chain ingress", ingress),
        *_base_chains(rules.pod_network),
    ]
    table = f"table inet {TABLE}"
    return "\n".join([table, f"delete {table}", f"{table} {{", *blocks, "}", ""])


class _Shared:
    """Sets and chains that many pods have in common, each written once under a name made of its content."""

    def __init__(self) -> None:
        self.sets: dict[str, list[str]] = {}
        self.chains: dict[str, list[str]] = {}
        self._addresses = cache(self._write_addresses)

    def directory(self, direction: str, pods: Mapping[IPv4Address, Allowances]) -> list[str]:
        """The rules that send each pod to the chain of its allowances. A pod without policies has none and returns."""
        alike: dict[Allowances, list[IPv4Address]] = defaultdict(list)
        for address, allowances in pods.items():
            alike[allowances].append(address)
        own_end, other_end = ("ip saddr", "ip daddr") if direction == "egress" else ("ip daddr", "ip saddr")
        lines = [
            f"{own_end} @{self._addresses(frozenset(members))} "
            f"{'return' if allowances is None else f'goto {self._chain(direction, other_end, allowances)}'}"
            for allowances, members in alike.items()
        ]
        return [*sorted(lines), "counter drop"]

    def _chain(self, direction: str, other_end: str, allowances: frozenset[Allowance]) -> str:
        lines = {
            f"{f'{other_end} @{self._addresses(one.peers)} ' if one.peers is not None else ''}{ports}return"
            for one in allowances
            for ports in _port_matches(one.ports)
        }
        return _add(self.chains, direction, [*sorted(lines), "counter drop"])

    def _write_addresses(self, addresses: frozenset[IPv4Address] | frozenset[IPv4Network]) -> str:
        """A hash where all are addresses of pods, a tree of intervals where they are networks."""
        intervals = ["flags interval"] if any(isinstance(one, IPv4Network) for one in addresses) else []
        return _add(self.sets, "addresses", ["type ipv4_addr", *intervals, *_elements(sorted(map(str, addresses)))])


def _add(blocks: dict[str, list[str]], prefix: str, body: list[str]) -> str:
    name = f"{prefix}-{blake2s(repr(body).encode(), digest_size=16).hexdigest()}"
    blocks[name] = body
    return name


def _port_matches(ports: frozenset[PortRange] | None) -> Iterator[str]:
    if ports is None:
        yield ""
        return
    for protocol, ranges in groupby(sorted(ports), key=attrgetter("protocol")):
        numbers = [(one.first, one.last) for one in ranges]
        if numbers == [(FIRST_PORT, LAST_PORT)]:
            yield f"meta l4proto {protocol.lower()} "
        else:
            listed = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in numbers)
            yield f"{protocol.lower()} dport {{ {listed} }} "


def _base_chains(pod_network: IPv4Network) -> Iterator[str]:
    """Where packets enter: forged senders go first, then unknown pods, then the policies decide.

    An unknown pod is dropped before connection tracking is asked, or an old connection of its address would serve it.
    Only the node's own traffic passes in both directions: it leaves through the output hook, and the replies to it are
    the one thing that an unknown pod may send.
    """
    sent, received = f"ip saddr {pod_network}", f"ip daddr {pod_network}"
    yield _block(
        "chain prerouting",
        [
            "type filter hook prerouting priority raw; policy accept;",
            'iif != "lo" fib saddr . iif oif missing counter drop',
        ],
    )
    yield _block(
        "chain input",
        [
            "type filter hook input priority filter; policy accept;",
            'iif "lo" accept',
            "meta nfproto ipv6 counter drop",
            "ct state established,related accept",
            f"{sent} jump egress",
        ],
    )
    yield _block(
        "chain forward",
        [
            "type filter hook forward priority filter; policy accept;",
            "meta nfproto ipv6 counter drop",
            f"{sent} ip saddr != @{PODS} counter drop",
            f"{received} ip daddr != @{PODS} counter drop",
            "ct state established,related accept",
            "ip saddr . ip daddr @itself accept",
            f"{sent} jump egress",
            f"{received} jump ingress",
        ],
    )


def _block(name: str, body: list[str]) -> str:
    lines = "\n".join(f"{INDENT}{INDENT}{line}" for line in body)
    return f"{INDENT}{name} {{\n{lines}\n{INDENT}}}"


def _elements(elements: Iterable[str]) -> list[str]:
    listed = ", ".join(elements)
    return [f"elements = {{ {listed} }}"] if listed else []
