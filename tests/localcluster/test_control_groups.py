from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from falaj.localcluster import control_groups

HYBRID = """\
proc /proc proc rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw,mode=755 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
cgroup /elsewhere/cpu cgroup rw,cpu 0 0
"""
JOIN = "import sys; from falaj.localcluster import control_groups; control_groups.join(sys.argv[1]); "
GROUP = "falaj-test-groups"


@pytest.fixture
def group() -> Iterator[str]:
    control_groups.create(GROUP)
    yield GROUP
    control_groups.kill(GROUP)
    control_groups.remove(GROUP)


def start(group: str, program: str) -> subprocess.Popen[bytes]:
    """A process that is in the group once it has written a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", JOIN + program, f"{group}/{control_groups.SYSTEM}"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def end(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    process.stdout.close()
    return process.wait()


def test_each_hierarchy_is_found_once_and_that_of_v2_only_where_it_is_alone(tmp_path: Path) -> None:
    (tmp_path / "mounts").write_text(HYBRID)
    (tmp_path / "unified").write_text("cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n")

    assert [path.name for path in control_groups.hierarchies(tmp_path / "mounts")] == ["cpu", "systemd"]
    assert control_groups.hierarchies(tmp_path / "unified") == (Path("/sys/fs/cgroup"),)


@pytest.mark.cluster
def test_every_descendant_is_found_and_killed_whatever_it_did_to_hide(group: str) -> None:
    hiding = "import os; os.fork() or (os.setsid(), os.fork()); print(flush=True); import time; time.sleep(600)"
    process = start(group, hiding)
    while len(control_groups.processes(group)) < 3:
        assert process.poll() is None

    control_groups.kill(group)

    assert control_groups.processes(group) == frozenset()
    assert end(process) == -signal.SIGKILL


@pytest.mark.cluster
def test_a_process_of_another_group_is_never_signalled(group: str) -> None:
    assert not control_groups.send(group, os.getpid(), signal.SIGKILL)
    assert not control_groups.send(group, 2**22 - 1, signal.SIGKILL)


@pytest.mark.cluster
def test_a_group_whose_name_begins_alike_is_another_group(group: str) -> None:
    process = start(group, "print(flush=True); import time; time.sleep(600)")

    assert control_groups.holds(group, process.pid)
    assert not control_groups.holds(group[:-1], process.pid)
    control_groups.kill(group)
    end(process)


@pytest.mark.cluster
def test_nothing_is_left_of_a_removed_group() -> None:
    control_groups.create(GROUP)
    control_groups.create(GROUP)
    control_groups.remove(GROUP)
    control_groups.remove(GROUP)

    assert [path for hierarchy in control_groups.hierarchies() for path in hierarchy.glob(f"{GROUP}*")] == []
