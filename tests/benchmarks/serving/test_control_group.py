"""Where a CPU quota is set."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.serving.control_group import Hierarchy, cpu_hierarchy
from benchmarks.serving.errors import MeasurementError

V1 = "cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n"
TOGETHER = "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"
V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n"
BESIDE = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        (V1, Hierarchy(Path("/sys/fs/cgroup/cpu"), 1)),
        (TOGETHER, Hierarchy(Path("/sys/fs/cgroup/cpu,cpuacct"), 1)),
        (V2, Hierarchy(Path("/sys/fs/cgroup"), 2)),
        (BESIDE + V1, Hierarchy(Path("/sys/fs/cgroup/cpu"), 1)),
    ],
)
def test_the_hierarchy_that_has_the_controller_is_found(mounts: str, found: Hierarchy) -> None:
    assert cpu_hierarchy("proc /proc proc rw 0 0\n" + mounts) == found


def test_a_machine_without_one_is_told() -> None:
    with pytest.raises(MeasurementError, match=r"^No cgroup file system is mounted: a CPU quota can't be set\.$"):
        cpu_hierarchy("proc /proc proc rw 0 0\n")


def test_a_quota_is_written_as_each_version_wants_it() -> None:
    assert Hierarchy(Path("/x"), 1).settings(1.5) == {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "150000"}
    assert Hierarchy(Path("/x"), 2).settings(1.0) == {"cpu.max": "100000 100000"}
