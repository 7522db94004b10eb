"""Manifests as an API server would give them, small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from falaj.localcluster.policy_agent.policy import read_policy
from falaj.localcluster.policy_agent.snapshot import Snapshot, read_namespace, read_pod

if TYPE_CHECKING:
    from tests.localcluster.policy_agent.oracle import Manifest, World


def pod(
    name: str,
    address: str | None,
    *,
    namespace: str = "acme",
    labels: dict[str, str] | None = None,
    ports: list[Manifest] | None = None,
    phase: str = "Running",
    host_network: bool = False,
) -> Manifest:
    status: Manifest = {"phase": phase}
    if address is not None:
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    specification: Manifest = {"containers": [{"name": "main", "ports": ports or []}]}
    if host_network:
        specification["hostNetwork"] = True
    return {
        "metadata": {"namespace": namespace, "name": name, "uid": f"uid-{name}", "labels": labels or {}},
        "spec": {"containers": [{"name": "main", "ports": ports or []}]}
        | ({"hostNetwork": True} if host_network else {}),
        "status": status,
    }


def namespace(name: str, **labels: str) -> Manifest:
    return {"metadata": {"name": name, "labels": labels}}


def policy(name: str, *, namespace: str = "acme", **specification: object) -> Manifest:
    return {"metadata": {"namespace": namespace, "name": name}, "spec": {"podSelector": {}} | specification}


def snapshot(world: World) -> Snapshot:
    """Reads the manifests as the agent does."""
    return Snapshot(
        tuple(read for manifest in world.pods if (read := read_pod(manifest)) is not None),
        {manifest["metadata"]["name"]: read_namespace(manifest) for manifest in world.namespaces},
        tuple(map(read_policy, world.policies)),
    )
