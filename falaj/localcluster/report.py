"""Says how a cluster is: its status, its kubeconfig, its logs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from falaj.errors import ClusterError
from falaj.localcluster import allotment, api, state
from falaj.localcluster.places import DEFAULT_NAME, Places
from falaj.localcluster.state import ComponentStatus
from falaj.localcluster.subnets import Subnets

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Status:
    """How a cluster is."""

    name: str
    """Its name."""

    running: bool
    """Whether its supervisor and every component have a process."""

    node_ready: bool
    """Whether its node takes pods."""

    node_address: str
    """Where its API server and its load balancer are reached from this machine; empty when there is no cluster."""

    kubeconfig: Path
    """The administrator's kubeconfig."""

    components: tuple[ComponentStatus, ...]
    """Each component."""


def status(name: str = DEFAULT_NAME) -> Status:
    """How the cluster is now; one that does not exist is not running."""
    places = Places(name)
    account = state.read(places)
    alive = account is not None and state.supervisor_is_alive(places)
    listed = account.components if account is not None else ()
    running = alive and all(component.running for component in listed)
    subnets = allotment.read(places) if allotment.exists(places) else None
    return Status(
        name=name,
        running=running,
        node_ready=running and subnets is not None and node_is_ready(places, subnets),
        node_address=str(subnets.node_address) if subnets is not None else "",
        kubeconfig=places.kubeconfig,
        components=listed,
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
        known = ", ".join(sorted(path.stem for path in places.logs.glob("*.log"))) or "none"
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


def node_is_ready(places: Places, subnets: Subnets) -> bool:
    """Whether the node said so since the supervisor started: an older word is that of a kubelet that is gone."""
    account = state.read(places)
    answer = api.get(places, subnets, f"/api/v1/nodes/{places.name}")
    if account is None or answer is None:
        return False
    since = datetime.fromtimestamp(int(account.started), UTC)
    return any(
        condition["type"] == "Ready"
        and condition["status"] == "True"
        and datetime.fromisoformat(condition["lastHeartbeatTime"]) >= since
        for condition in json.loads(answer)["status"].get("conditions", ())
    )
