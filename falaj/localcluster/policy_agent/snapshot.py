"""What the cluster says at one moment, as far as its network goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from falaj.localcluster.policy_agent.policy import Policy, Protocol

FINISHED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod with an address of its own. Host-network and finished pods have none and are never one of these."""

    namespace: str
    name: str
    identifier: str
    address: IPv4Address
    labels: Mapping[str, str]
    named_ports: frozenset[tuple[str, Protocol, int]] = frozenset()
    """Ports that a container named: name, protocol, number."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Pods, namespaces (labels by name) and policies that go together."""

    pods: tuple[Pod, ...] = ()
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()


def read_pod(manifest: Mapping[str, Any]) -> Pod | None:
    """Reads a Pod; ``None`` while it has no address of its own, or no longer one."""
    metadata, specification, status = manifest["metadata"], manifest.get("spec", {}), manifest.get("status", {})
    if specification.get("hostNetwork") or status.get("phase") in FINISHED:
        return None
    written = [entry.get("ip", "") for entry in status.get("podIPs", [])] or [status.get("podIP", "")]
    addresses = [address for address in map(address_of, written) if address is not None]
    if not addresses:
        return None
    containers = specification.get("containers", []) + specification.get("initContainers", [])
    return Pod(
        metadata["namespace"],
        metadata["name"],
        metadata["uid"],
        addresses[0],
        metadata.get("labels", {}),
        frozenset(
            (port["name"], port.get("protocol", "TCP"), port["containerPort"])
            for container in containers
            for port in container.get("ports", [])
            if "name" in port
        ),
    )


def address_of(text: str) -> IPv4Address | None:
    """The IPv4 address written in ``text``, if it is one."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def read_namespace(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """Reads the labels of a Namespace."""
    labels: Mapping[str, str] = manifest["metadata"].get("labels", {})
    return labels
