"""Brings a cluster to a Ready node, whatever state it is in."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from falaj.errors import ClusterError
from falaj.localcluster import (
    add_ons,
    allotment,
    binaries,
    components,
    configuration,
    control_groups,
    credentials,
    images,
    network,
    state,
)
from falaj.localcluster.components import Component
from falaj.localcluster.images import Lock
from falaj.localcluster.locks import lock
from falaj.localcluster.machine import doctor, require_able
from falaj.localcluster.pins import CLUSTER_MODULES
from falaj.localcluster.places import DEFAULT_NAME, Places
from falaj.localcluster.progress import Progress, Silent
from falaj.localcluster.report import Status, node_is_ready, status
from falaj.localcluster.run import run
from falaj.localcluster.subnets import Subnets

READY_SECONDS = 120.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1
PLATFORM_IMAGES = ("pause", "coredns")
RESOLVER_IMAGE = "falaj.local/coredns"
LAST_LINES = 5


def up(name: str = DEFAULT_NAME, *, progress: Progress | None = None) -> Status:
    """Bring the cluster to a Ready node, whatever state it is in: new, running, half started or half dead.

    Builds binaries and images first if the cache lacks them. Refuses a machine that can't run it. What was in the
    cluster stays in it.
    """
    places = Places(name)
    said = progress or Silent()
    require_able(doctor())
    built = binaries.build(said, CLUSTER_MODULES)
    folders = tuple(images.read(images.PLATFORM_FOLDERS / folder) for folder in PLATFORM_IMAGES)
    platform = Lock(images.bake(folders, said))
    with lock(f"cluster-{name}"):
        subnets = allotment.ensure(places)
        table = components.table(places, subnets, built)
        network.create(places, subnets)
        _ensure_supervisor(places, subnets, built, components.fingerprint(table))
        said.step("starting the cluster", 0, 2, None)
        # Two threads: unpacking images keeps the disk busy while the API server keeps a processor busy.
        with ThreadPoolExecutor(max_workers=1) as beside:
            loaded = beside.submit(_load_images, places, built, _named(table, "containerd"), platform)
            _wait(places, "the API server to be ready", _named(table, "api-server").serves)
            add_ons.apply(places, subnets, platform.reference(RESOLVER_IMAGE))
            said.step("waiting for the node", 1, 2, None)
            loaded.result()
        _wait(places, "the node to be Ready", lambda: node_is_ready(places, subnets))
        said.step("the node is Ready", 2, 2, 0)
    return status(name)


def _named(table: tuple[Component, ...], name: str) -> Component:
    return next(component for component in table if component.name == name)


def _load_images(places: Places, built: Path, containerd: Component, platform: Lock) -> None:
    _wait(places, "containerd to serve", containerd.serves)
    images.import_all(places, built, platform, Silent())


def _ensure_supervisor(places: Places, subnets: Subnets, built: Path, fingerprint: str) -> None:
    """Leave the one that lives and runs just these components; otherwise stop what there is and start one."""
    account = state.read(places)
    if state.supervisor_is_alive(places) and account is not None and account.fingerprint == fingerprint:
        return
    _stop_components(places)
    control_groups.create(places.control_group)
    places.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    places.logs.mkdir(parents=True, exist_ok=True)
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
