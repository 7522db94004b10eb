"""How many threads the container may really use.

ONNX Runtime sizes its pool by the machine's cores and not by the container's CPU quota; with more threads than the
quota pays for, the kernel stops them all for the rest of each period and the slowest requests get several times slower.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def usable_threads(root: Path) -> int:
    """Whole cores this process may use: the CPU quota rounded down, within the affinity mask, at least one.

    ``root`` is the file system's root, given so that a test can bring its own.
    """
    return max(1, math.floor(min(len(os.sched_getaffinity(0)), cpu_quota(root))))


def cpu_quota(root: Path) -> float:
    """The tightest CPU quota of this process's control groups in cores; infinite where there is none."""
    return min(_quotas(root), default=math.inf)


def _quotas(root: Path) -> Iterator[float]:
    try:
        memberships = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in memberships:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            for folder in _ancestry(root / "sys/fs/cgroup", path):
                yield from _version_2(folder)
        elif "cpu" in controllers.split(","):
            for hierarchy in dict.fromkeys(("cpu", controllers)):
                for folder in _ancestry(root / "sys/fs/cgroup" / hierarchy, path):
                    yield from _version_1(folder)


def _ancestry(mount: Path, path: str) -> Iterator[Path]:
    """The group's folder and those above it, up to the mount; in a container only the mount itself may exist."""
    folder = mount / path.strip("/")
    while folder != mount:
        yield folder
        folder = folder.parent
    yield mount


def _version_2(folder: Path) -> Iterator[float]:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        if quota != "max":
            yield int(quota) / int(period)
    except (OSError, ValueError):
        return


def _version_1(folder: Path) -> Iterator[float]:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return
    if quota > 0 and period > 0:
        yield quota / period
