"""The supervisor of a node as others see it: started, replaced when it would run other components, and waited for."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from falaj.errors import ClusterError
from falaj.localcluster import control_groups, state
from falaj.localcluster.components import Component, fingerprint
from falaj.localcluster.places import Places
from falaj.localcluster.run import run

READY_SECONDS = 120.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1
LAST_LINES = 5


def ensure(places: Places, binaries: Path, table: tuple[Component, ...], prepare: Callable[[], None]) -> None:
    """Leave the supervisor that lives and runs just these components; otherwise stop what there is and start one.

    Args:
        places: Whose node's.
        binaries: The folder of what it runs.
        table: What it has to run.
        prepare: Writes what the components read; called when they stand still.
    """
    account = state.read(places)
    if state.supervisor_is_alive(places) and account is not None and account.fingerprint == fingerprint(table):
        return
    _stop_components(places)
    control_groups.create(places.control_group)
    places.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    places.logs.mkdir(parents=True, exist_ok=True)
    prepare()
    _start(places, binaries)


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


def _start(places: Places, binaries: Path) -> None:
    """Start it as a daemon in the node's namespaces: the mount namespace of pods that still run, or a new one."""
    shims = control_groups.processes(f"{places.control_group}/{control_groups.SHIMS}")
    enter = ["nsenter", f"--net={places.namespace_file}"]
    mounts = [f"--mount=/proc/{min(shims)}/ns/mnt"] if shims else ["unshare", "--mount", "--propagation", "slave"]
    program = [sys.executable, "-m", "falaj.localcluster.supervisor", places.name, str(binaries), places.part]
    log = str(places.logs / "supervisor.log")
    detach = ["setsid", "--fork", "sh", "-c", 'exec "$@" >>"$0" 2>&1 </dev/null', log]
    run([*detach, *enter, *mounts, *program])


def wait(places: Places, purpose: str, condition: Callable[[], bool]) -> None:
    """Wait until it is so; refuses when that takes too long, with the last words of what does not run."""
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
