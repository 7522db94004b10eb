"""Brings a cluster up, says how it is, and takes it down without a trace."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from falaj.errors import ClusterError
from falaj.localcluster import (
    allotment,
    api,
    binaries,
    components,
    configuration,
    control_groups,
    mount_view,
    network,
    state,
)
from falaj.localcluster.locks import lock
from falaj.localcluster.machine import require_able_machine
from falaj.localcluster.pins import CLUSTER_MODULES
from falaj.localcluster.places import CLUSTERS, RUN, Places
from falaj.localcluster.progress import Progress, Silent
from falaj.localcluster.run import run
from falaj.localcluster.state import ComponentStatus
from falaj.localcluster.subnets import Subnets

if TYPE_CHECKING:
    from falaj.localcluster.components import Component
    from falaj.localcluster.images import Lock

DEFAULT_NAME = "falaj"
READY_SECONDS = 120.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1
PLATFORM_IMAGES = ("pause", "coredns")
LAST_LINES = 5


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


def up(name: str = DEFAULT_NAME, *, progress: Progress | None = None) -> Status:
    """Bring the cluster to a Ready node, whatever state it is in: new, running, half started or half dead.

    Builds binaries and images first if the cache lacks them. Refuses a machine that can't run it. What was in the
    cluster stays in it.
    """
    from falaj.localcluster import images  # noqa: PLC0415 - pydantic is needed here only

    places = Places(name)
    said = progress or Silent()
    require_able_machine()
    built = binaries.build(said, CLUSTER_MODULES)
    folders = tuple(images.read(images.PLATFORM_FOLDERS / folder) for folder in PLATFORM_IMAGES)
    platform = images.Lock(images.bake(folders, said))
    with lock(f"cluster-{name}"):
        subnets = allotment.ensure(places)
        _ensure_supervisor(places, subnets, built)
        said.step("starting the cluster", 0, 2, None)
        # Two threads: unpacking images keeps the disk busy while the API server keeps a processor busy.
        with ThreadPoolExecutor(max_workers=1) as beside:
            images_loaded = beside.submit(_load_images, places, subnets, built, platform)
            _wait(places, "the API server to be ready", _component(places, subnets, built, "api-server").serves)
            _apply_add_ons(places, subnets, platform.reference("falaj.local/coredns"))
            said.step("waiting for the node", 1, 2, None)
            images_loaded.result()
        _wait(places, "the node to be Ready", lambda: _node_is_ready(places, subnets))
        said.step("the node is Ready", 2, 2, 0)
    return status(name)


def _component(places: Places, subnets: Subnets, built: Path, name: str) -> Component:
    return next(component for component in components.table(places, subnets, built) if component.name == name)


def _load_images(places: Places, subnets: Subnets, built: Path, platform: Lock) -> None:
    from falaj.localcluster import images  # noqa: PLC0415 - pydantic is needed here only

    _wait(places, "containerd to serve", _component(places, subnets, built, "containerd").serves)
    images.import_all(places, built, platform, Silent())


def _apply_add_ons(places: Places, subnets: Subnets, resolver: str) -> None:
    from falaj.localcluster import add_ons  # noqa: PLC0415 - the Kubernetes client is needed here only

    add_ons.apply(places, subnets, resolver)


def _ensure_supervisor(places: Places, subnets: Subnets, built: Path) -> None:
    account = state.read(places)
    network.create(places, subnets)
    if state.supervisor_is_alive(places) and account is not None and account.binaries == str(built):
        return
    _stop_components(places)
    control_groups.create(places.control_group)
    places.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    places.logs.mkdir(parents=True, exist_ok=True)
    from falaj.localcluster import credentials  # noqa: PLC0415 - cryptography is needed here only

    credentials.issue(places, subnets)
    configuration.write(places, subnets)
    _start_supervisor(places, built)


def _stop_components(places: Places) -> None:
    """Stop the supervisor and its components, politely if there is a supervisor; pods and their shims go on."""
    group = f"{places.control_group}/{control_groups.SYSTEM}"
    account = state.read(places)
    if account is not None and control_groups.send(group, account.pid, signal.SIGTERM):
        deadline = time.monotonic() + STOP_SECONDS
        while state.supervisor_is_alive(places) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    control_groups.kill(group)
    places.state.unlink(missing_ok=True)


def _start_supervisor(places: Places, built: Path) -> None:
    """Start it as a daemon in the cluster's namespaces: the mount namespace of pods that still run, or a new one."""
    shims = control_groups.processes(f"{places.control_group}/{control_groups.SHIMS}")
    enter = ["nsenter", f"--net={places.namespace_file}"]
    mounts = [f"--mount=/proc/{min(shims)}/ns/mnt"] if shims else ["unshare", "--mount", "--propagation", "slave"]
    program = [sys.executable, "-m", "falaj.localcluster.supervisor", places.name, str(built)]
    log = str(places.logs / "supervisor.log")
    detach = ["setsid", "--fork", "sh", "-c", 'exec "$@" >>"$0" 2>&1 </dev/null', log]
    run([*detach, *enter, *mounts, *program])


def _wait(places: Places, purpose: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise ClusterError(
                f"Waited {READY_SECONDS:.0f} s for {purpose}.\n{_complaints(places)}",
                code="FAL-CLU-008",
                where=f"cluster {places.name}",
                hint=f"see `falaj cluster logs --name {places.name} COMPONENT`, then run the same command again",
            )
        time.sleep(POLL_SECONDS)


def _complaints(places: Places) -> str:
    """The last words of whatever does not run or had to be started again."""
    account = state.read(places)
    if account is None:
        return _last_words(places, "supervisor")
    ill = [component.name for component in account.components if component.restarts or not component.running]
    return "\n".join(_last_words(places, name) for name in ill) or "Every component runs."


def _last_words(places: Places, component: str) -> str:
    log = places.logs / f"{component}.log"
    lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log.exists() else []
    return "\n".join([f"{component}:", *(f"  {line}" for line in lines)])


def _node_is_ready(places: Places, subnets: Subnets) -> bool:
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
        node_ready=running and subnets is not None and _node_is_ready(places, subnets),
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


def down(name: str = DEFAULT_NAME, *, progress: Progress | None = None) -> None:
    """Remove the cluster and all that was in it; does nothing where there is none.

    Nothing of it is kept, so nothing of it is asked to stop: its processes are killed, and its mounts go with them.
    """
    places = Places(name)
    (progress or Silent()).step(f"removing cluster {name}", None, None, None)
    with lock(f"cluster-{name}"):
        control_groups.kill(places.control_group)
        control_groups.remove(places.control_group)
        network.remove(places)
        for directory in (places.run, places.data):
            mount_view.unmount_below(directory)
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(directory)
        mount_view.forget()
        for directory in (RUN, CLUSTERS, CLUSTERS.parent):
            with contextlib.suppress(OSError):  # other clusters are still in it
                directory.rmdir()


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
