"""A CPU quota for what is started within: one cgroup of its own, under version 1 or 2 of the kernel's interface."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.errors import MeasurementError

PERIOD = 100_000
MOUNTS = Path("/proc/self/mounts")
LEAVE_SECONDS = 5.0
ENTER = 'echo $$ > "$0" && exec "$@"'
"""A shell that moves itself into the group named by its file of processes, then becomes the command."""


@dataclass(frozen=True)
class Hierarchy:
    """Where CPU time is divided."""

    mount: Path
    version: int

    def settings(self, cores: float) -> dict[str, str]:
        """The files of a group, and what they hold for a quota of so many cores."""
        quota = round(cores * PERIOD)
        if self.version == 1:
            return {"cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(quota)}
        return {"cpu.max": f"{quota} {PERIOD}"}


def cpu_hierarchy(mounts: str) -> Hierarchy:
    """The hierarchy that has the CPU controller, from the lines of /proc/mounts; refuses a machine without one."""
    fields = [line.split() for line in mounts.splitlines()]
    for _, place, kind, options, *_ in fields:
        if kind == "cgroup" and "cpu" in options.split(","):
            return Hierarchy(Path(place), 1)
    for _, place, kind, *_ in fields:
        if kind == "cgroup2":
            return Hierarchy(Path(place), 2)
    raise MeasurementError("No cgroup file system is mounted: a CPU quota can't be set.")


@contextmanager
def cpu_quota(cores: float) -> Iterator[list[str]]:
    """A command that runs another within the quota; the group is removed once it is empty."""
    hierarchy = cpu_hierarchy(MOUNTS.read_text())
    group = hierarchy.mount / f"falaj-bench-serving-{os.getpid()}"
    try:
        if hierarchy.version > 1:
            (hierarchy.mount / "cgroup.subtree_control").write_text("+cpu")
        group.mkdir()
        for name, value in hierarchy.settings(cores).items():
            (group / name).write_text(value)
    except OSError as refused:
        raise MeasurementError(
            f"{group} can't be made: {refused.strerror}. Next: run as root, where cgroups may be written."
        ) from refused
    try:
        yield ["sh", "-c", ENTER, str(group / "cgroup.procs")]
    finally:
        _remove(group)


def _remove(group: Path) -> None:
    """A group stays busy for a moment after its last process ended."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while True:
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
