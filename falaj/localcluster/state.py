"""What the supervisor writes of itself and its components, and what others read."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from falaj.localcluster.places import Places


@dataclass(frozen=True)
class ComponentStatus:
    """One component as the supervisor last saw it."""

    name: str
    """As in ``falaj cluster logs``."""

    pid: int | None
    """Its process; None while there is none."""

    running: bool
    """Whether it has a process."""

    restarts: int
    """How often it ended and was started again since the supervisor started."""


@dataclass(frozen=True)
class SupervisorState:
    """The supervisor's own account."""

    pid: int
    """Its process."""

    started: float
    """When, in seconds since the epoch."""

    binaries: str
    """The folder of the binaries that it runs."""

    fingerprint: str
    """Of the command lines that it runs."""

    components: tuple[ComponentStatus, ...]
    """In the order they were started."""


def write(places: Places, state: SupervisorState) -> None:
    """Replace the account on disk, whole."""
    unfinished = places.state.with_suffix(".new")
    unfinished.write_text(json.dumps(dataclasses.asdict(state)))
    unfinished.replace(places.state)


def read(places: Places) -> SupervisorState | None:
    """The last account; None where there is none, or only one that another version of this program wrote."""
    try:
        content = json.loads(places.state.read_text())
        components = tuple(ComponentStatus(**component) for component in content.pop("components"))
        return SupervisorState(components=components, **content)
    except (FileNotFoundError, KeyError, TypeError):
        return None


def take_lock(path: Path) -> int | None:
    """Lock the file for as long as this process lives; None when another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def supervisor_is_alive(places: Places) -> bool:
    """Whether a supervisor holds the cluster's lock: true of no dead process, whatever number it had."""
    if not places.supervisor_lock.exists():
        return False
    descriptor = take_lock(places.supervisor_lock)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
