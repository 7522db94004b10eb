"""The cgroup subtree that holds every process of a cluster, under cgroup v1, v2 or both."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from falaj.errors import ClusterError

MOUNTS = Path("/proc/self/mounts")
SYSTEM = "system"
"""The supervisor and the components it starts."""
SHIMS = "shims"
"""One containerd shim for each pod: they and their pods outlive a restart of the components."""
PODS = "pods"
"""The kubelet's own root, under which it makes the pods' cgroups."""
NEEDED_CONTROLLERS = ("cpu", "cpuset", "hugetlb", "io", "memory", "pids")
KILL_SECONDS = 20.0


def hierarchies(mounts: Path = MOUNTS) -> tuple[Path, ...]:
    """The mount point of every cgroup v1 hierarchy, each once; where there is none, that of the one of v2.

    Where both are mounted the one of v2 has no controllers, and containerd does not move shims in it: what belongs to
    which group is told by v1 alone.
    """
    mounted = _mounted(mounts)
    first: dict[str, Path] = {}
    for kind, options, path in mounted:
        if kind == "cgroup":
            first.setdefault(options, path)
    return tuple(first.values()) or tuple(path for _, _, path in mounted[:1])


def _mounted(mounts: Path = MOUNTS) -> list[tuple[str, str, Path]]:
    """Kind, options and place of every cgroup file system."""
    fields = (line.split() for line in mounts.read_text().splitlines())
    return [(kind, options, Path(where)) for _, where, kind, options, *_ in fields if kind in ("cgroup", "cgroup2")]


def create(group: str) -> None:
    """Make the cluster's cgroups in every hierarchy; those that exist are kept."""
    for hierarchy in hierarchies():
        for path in (group, f"{group}/{SYSTEM}", f"{group}/{SHIMS}", f"{group}/{PODS}"):
            _create_one(hierarchy, hierarchy / path)


def _create_one(hierarchy: Path, path: Path) -> None:
    try:
        path.mkdir(exist_ok=True)
        _offer_controllers(path.parent)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            _inherit(path, setting)
    except OSError as refused:
        raise ClusterError(
            f"The kernel refused to make it: {refused.strerror}.",
            code="FAL-CLU-003",
            where=str(path),
            hint=f"make {hierarchy} writable (in a container: run it privileged, with its own cgroup namespace)",
        ) from None


def _offer_controllers(parent: Path) -> None:
    """Under v2 a child has only the controllers that its parent offers."""
    offer = parent / "cgroup.subtree_control"
    if offer.exists():
        available = (parent / "cgroup.controllers").read_text().split()
        wanted = [name for name in NEEDED_CONTROLLERS if name in available]
        if wanted:
            offer.write_text(" ".join(f"+{name}" for name in wanted))


def _inherit(path: Path, setting: str) -> None:
    """Under v1 a new cpuset is empty, and an empty one takes no process."""
    mine = path / setting
    if mine.exists() and not (path / "cgroup.subtree_control").exists() and not mine.read_text().strip():
        mine.write_text((path.parent / setting).read_text())


def join(group: str) -> None:
    """Move the calling process, and with it all that it starts, into this cgroup of every hierarchy."""
    for hierarchy in hierarchies():
        (hierarchy / group / "cgroup.procs").write_text("0")


def processes(group: str) -> frozenset[int]:
    """The processes in this cgroup and below it, in any hierarchy."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        for directory in _bottom_up(hierarchy / group):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in (directory / "cgroup.procs").read_text().split())
    return frozenset(found)


def holds(group: str, pid: int) -> bool:
    """Whether the process that has this number now is in this cgroup or below it."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return False
    paths = (line.split(":", 2)[2] for line in lines)
    return any(f"{path}/".startswith(f"/{group}/") for path in paths)


def send(group: str, pid: int, number: signal.Signals) -> bool:
    """Signal a process if it is still one of this cgroup: a number that was given to another process is left alone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not holds(group, pid):
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def kill(group: str) -> None:
    """Kill every process in this cgroup and below it, those that start meanwhile too, and wait for their end."""
    deadline = time.monotonic() + KILL_SECONDS
    while remaining := processes(group):
        for pid in remaining:
            send(group, pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise ClusterError(
                f"These processes did not end within {KILL_SECONDS:.0f} s of SIGKILL: {sorted(remaining)}.",
                code="FAL-CLU-004",
                where=f"cgroup {group}",
                hint="they wait for the kernel (a hung disk?): look at them with ps, then run the command again",
            )
        time.sleep(0.02)


def remove(group: str) -> None:
    """Remove this cgroup and all below it; refuses while a process is left in it."""
    for _, _, hierarchy in _mounted():  # runc makes groups in all of them
        for directory in _bottom_up(hierarchy / group):
            _remove_one(directory)


def _remove_one(directory: Path) -> None:
    """A cgroup stays busy for a moment after its last process ended."""
    deadline = time.monotonic() + KILL_SECONDS
    while True:
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError as busy:
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"The kernel refused to remove it: {busy.strerror}.",
                    code="FAL-CLU-005",
                    where=str(directory),
                    hint="end the processes listed in its cgroup.procs, then run the command again",
                ) from None
            time.sleep(0.02)
        else:
            return


def _bottom_up(directory: Path) -> Iterator[Path]:
    for path, _, _ in os.walk(directory, topdown=False):
        yield Path(path)
