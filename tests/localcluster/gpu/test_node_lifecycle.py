"""Starts that are killed half-way, and what is left when such a cluster is removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from falaj import localcluster
from falaj.localcluster import state
from falaj.localcluster.places import Places
from tests.localcluster.gpu.workloads import until
from tests.localcluster.machine_traces import FIXED_DIRECTORIES, host_network, traces

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

NAME = "falaj-test-gpu-half"
NODE = Places(NAME).gpu_node
UP = """
import sys
from falaj import localcluster
localcluster.up(sys.argv[1], gpu_node=localcluster.GpuNode(family="a100-80gb", count=1, mig={"1g.10gb": 7}))
"""


def start_until(reached: Callable[[], bool]) -> None:
    """Start the cluster and kill that as soon as it has come to this."""
    with subprocess.Popen([sys.executable, "-c", UP, NAME]) as process:
        until(reached)
        process.kill()


def test_an_up_that_is_killed_is_finished_by_the_next_and_down_leaves_nothing() -> None:
    localcluster.down(NAME)
    before = host_network()
    fixed = [path for path in FIXED_DIRECTORIES if Path(path).exists()]
    start_until(NODE.namespace_file.exists)

    finished = localcluster.up(NAME)

    assert finished.node_ready
    assert finished.gpu_node is not None
    assert finished.gpu_node.allocatable == {"nvidia.com/mig-1g.10gb": 7}
    assert [line for line in host_network() if "KUBE" in line or "falaj" in line] == []
    assert f"file {NODE.namespace_file}" in traces(NAME)

    localcluster.down(NAME)

    assert traces(NAME) == []
    assert host_network() == before
    assert [path for path in FIXED_DIRECTORIES if Path(path).exists()] == fixed


def test_down_cleans_after_a_node_whose_supervisor_is_dead() -> None:
    start_until(lambda: state.read(NODE) is not None)
    account = state.read(NODE)
    assert account is not None
    os.kill(account.pid, signal.SIGKILL)
    assert not localcluster.status(NAME).node_ready

    localcluster.down(NAME)

    assert traces(NAME) == []
