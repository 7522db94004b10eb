"""Says how a cluster is: its status, its kubeconfig, its logs."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from falaj.errors import ClusterError
from falaj.localcluster import allotment, api, state
from falaj.localcluster.gpu import parts
from falaj.localcluster.places import DEFAULT_NAME, Places
from falaj.localcluster.state import ComponentStatus
from falaj.localcluster.subnets import Subnets

POLL_SECONDS = 0.1
GPU_RESOURCES = ("nvidia.com/gpu", "nvidia.com/mig-")
"""How the names begin of what a node with GPUs hands out."""


@dataclass(frozen=True)
class GpuNodeStatus:
    """How the node with simulated GPUs is."""

    name: str
    """What Kubernetes calls it."""

    ready: bool
    """Whether it takes pods."""

    address: str
    """Its own, which this machine reaches."""

    page: str
    """Where its simulated measurements are drawn."""

    family: str
    """The kind of card that is simulated, by its key in the catalogue."""

    allocatable: Mapping[str, int]
    """How many units of each resource are well."""


@dataclass(frozen=True)
class Status:
    """How a cluster is."""

    name: str
    """Its name."""

    running: bool
    """Whether its supervisor and every component have a process."""

    node_ready: bool
    """Whether each of its nodes takes pods."""

    node_address: str
    """Where its API server and its load balancer are reached from this machine; empty when there is no cluster."""

    kubeconfig: Path
    """The administrator's kubeconfig."""

    components: tuple[ComponentStatus, ...]
    """Each component; those of the node with GPUs begin with ``gpu-node/``."""

    gpu_node: GpuNodeStatus | None = None
    """The node with simulated GPUs, where it has one."""


def status(name: str = DEFAULT_NAME) -> Status:
    """How the cluster is now; one that does not exist is not running."""
    places = Places(name)
    subnets = allotment.read(places) if allotment.exists(places) else None
    nodes = [places, *([places.gpu_node] if places.gpu_node.data.exists() else [])]
    listed = tuple(component for node in nodes for component in _components(node))
    running = all(map(state.supervisor_is_alive, nodes)) and all(component.running for component in listed)
    ready = running and subnets is not None and all(node_is_ready(node, subnets) for node in nodes)
    return Status(
        name=name,
        running=running,
        node_ready=ready,
        node_address=str(subnets.node_address) if subnets is not None else "",
        kubeconfig=places.kubeconfig,
        components=listed,
        gpu_node=_gpu_node(places.gpu_node, subnets) if subnets is not None and len(nodes) > 1 else None,
    )


def _components(node: Places) -> tuple[ComponentStatus, ...]:
    account = state.read(node)
    if account is None:
        return ()
    prefix = f"{node.part}/" if node.part else ""
    return tuple(dataclasses.replace(component, name=f"{prefix}{component.name}") for component in account.components)


def _gpu_node(node: Places, subnets: Subnets) -> GpuNodeStatus:
    found = read_node(node, subnets) if state.supervisor_is_alive(node) else None
    allocatable = found["status"].get("allocatable", {}) if found is not None else {}
    return GpuNodeStatus(
        name=node.node,
        ready=found is not None and node_is_ready(node, subnets),
        address=str(subnets.gpu_node_address),
        page=parts.page(subnets),
        family=found["metadata"].get("labels", {}).get("falaj.dev/gpu-family", "") if found is not None else "",
        allocatable={name: int(count) for name, count in allocatable.items() if name.startswith(GPU_RESOURCES)},
    )


def kubeconfig(name: str = DEFAULT_NAME) -> Path:
    """The administrator's kubeconfig; refuses a cluster that was never started."""
    places = Places(name)
    if not places.kubeconfig.exists():
        raise ClusterError(
            "It is not running.", code="FAL-CLU-009", where=f"cluster {name}", hint="run: falaj cluster up"
        )
    return places.kubeconfig


def logs(name: str, component: str, *, follow: bool = False) -> Iterator[str]:
    """The component's log, line by line, and what it writes from now on; refuses a component there is none of."""
    places = Places(name)
    log = places.logs / f"{component}.log"
    if not log.exists():
        logs_there = (path.relative_to(places.logs).with_suffix("") for path in places.logs.rglob("*.log"))
        known = ", ".join(sorted(map(str, logs_there))) or "none"
        raise ClusterError(
            f"It has no log of {component}; there are: {known}.",
            code="FAL-CLU-010",
            where=f"cluster {name}",
            hint="choose one of these, or run: falaj cluster up",
        )
    return _lines(log, follow=follow)


def _lines(log: Path, *, follow: bool) -> Iterator[str]:
    with log.open(errors="replace") as file:
        while True:
            if line := file.readline():
                yield line.rstrip("\n")
            elif follow:
                time.sleep(POLL_SECONDS)
            else:
                return


def read_node(places: Places, subnets: Subnets) -> dict[str, Any] | None:
    """What Kubernetes knows of the node; None where it does not answer or does not know it."""
    answer = api.get(places, subnets, f"/api/v1/nodes/{places.node}")
    return json.loads(answer) if answer is not None else None


def node_is_ready(places: Places, subnets: Subnets) -> bool:
    """Whether the node said so since its supervisor started: an older word is that of a kubelet that is gone."""
    account = state.read(places)
    found = read_node(places, subnets) if account is not None else None
    if account is None or found is None:
        return False
    # Kubernetes leaves fractions away: what was said in the second of the start may have been said before it.
    since = datetime.fromtimestamp(math.ceil(account.started), UTC)
    return any(
        condition["type"] == "Ready"
        and condition["status"] == "True"
        and datetime.fromisoformat(condition["lastHeartbeatTime"]) >= since
        for condition in found["status"].get("conditions", ())
    )
