"""Hands rules to the kernel of the network namespace that this process lives in."""

from __future__ import annotations

import json
import subprocess
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from falaj.errors import MachineError
from falaj.localcluster.policy_agent.nftables import PODS, TABLE, render
from falaj.localcluster.policy_agent.rules import FIRST_PORT, LAST_PORT, Allowance, PortRange, RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network

LONGEST_COMPLAINT = 2000


def enforce(rules: RuleSet) -> None:
    """Replaces the agent's table in one transaction; refused by the kernel, the rules before it stay in force."""
    _nft("-f", "-", text=render(rules))


def close_if_open(pod_network: IPv4Network) -> None:
    """Stops every pod's traffic where no rules are in force yet; the rules of an earlier agent stay as they are."""
    if not in_force():
        enforce(RuleSet(pod_network))


def in_force() -> bool:
    """Whether the agent's table exists."""
    return f"table inet {TABLE}" in _run("nft", "list", "tables", "inet").stdout.splitlines()


def owners() -> dict[IPv4Address, str]:
    """Who lives at each address by the rules in force, which outlive the agent that made them."""
    listed = _run("nft", "--json", "list", "set", "inet", TABLE, PODS)
    if listed.returncode:
        return {}
    (pods,) = (entry["set"] for entry in json.loads(listed.stdout)["nftables"] if "set" in entry)
    return dict(map(_owner, pods.get("elem", [])))


def _owner(element: str | dict[str, dict[str, str]]) -> tuple[IPv4Address, str]:
    """Reads one element, which is a bare address where it has no comment."""
    if isinstance(element, str):
        return IPv4Address(element), ""
    return IPv4Address(element["elem"]["val"]), element["elem"].get("comment", "")


def require_features(pod_network: IPv4Network) -> None:
    """Refuses a machine whose nft or kernel lacks something the rules are made of, before any pod depends on it."""
    _nft("--check", "-f", "-", text=render(_everything_used(pod_network)))
    _run("conntrack", "--version")


def _everything_used(pod_network: IPv4Network) -> RuleSet:
    address = pod_network.network_address
    allowances = frozenset(
        {
            Allowance(
                frozenset({address}), frozenset({PortRange("SCTP", 1, 2), PortRange("UDP", FIRST_PORT, LAST_PORT)})
            ),
            Allowance(frozenset({pod_network}), None),
        }
    )
    return RuleSet(pod_network, {address: "example"}, {address: allowances}, {address: None})


def forget_connections(addresses: Iterable[IPv4Address]) -> None:
    """Makes the kernel forget every tracked connection of addresses that changed hands."""
    for address in addresses:
        for end in ("--orig-src", "--orig-dst", "--reply-src", "--reply-dst"):
            _run("conntrack", "-D", end, str(address))


def _nft(*arguments: str, text: str) -> None:
    done = _run("nft", *arguments, text=text)
    if done.returncode:
        raise MachineError(
            f"nftables refused the rules that enforce NetworkPolicy:\n{done.stderr.strip()[:LONGEST_COMPLAINT]}",
            code="FAL-NET-002",
            where="policy agent",
            hint="as root, on a kernel with nf_tables (CONFIG_NF_TABLES_INET, NFT_CT, NFT_FIB_INET): falaj doctor",
        )


def _run(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, check=False, input=text, capture_output=True, text=True)
    except FileNotFoundError:
        raise MachineError(
            f"The program {command[0]} is not installed, so NetworkPolicy cannot be enforced.",
            code="FAL-NET-001",
            where="policy agent",
            hint="apt-get install nftables conntrack",
        ) from None
