"""A cluster with a second node, whose GPUs are simulated; its tests may break what they like of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest
from lightkube import Client, KubeConfig

from falaj import localcluster
from falaj.localcluster import GpuNode, Status
from falaj.localcluster.gpu import conditions
from tests.browser import PROGRAM, Browser, opened
from tests.cluster import KEEP
from tests.localcluster.gpu.workloads import NAME, Tenant, allocatable, set_unschedulable, until

GPUS = GpuNode(family="h100-80gb", count=3, mig={"3g.40gb": 1, "1g.10gb": 4}, divided=1)
"""Two whole cards and one in five parts."""
UNITS = {"nvidia.com/gpu": 2, "nvidia.com/mig-3g.40gb": 1, "nvidia.com/mig-1g.10gb": 4}


@pytest.fixture(scope="package")
def gpu_cluster() -> Iterator[Status]:
    """Made new, unless one was left running on purpose."""
    keep = os.environ.get(KEEP) == "1"
    if not keep:
        localcluster.down(NAME)
    yield localcluster.up(NAME, gpu_node=GPUS)
    if not keep:
        localcluster.down(NAME)


@pytest.fixture(scope="package")
def client(gpu_cluster: Status) -> Iterator[Client]:
    configuration = KubeConfig.from_file(gpu_cluster.kubeconfig)
    with closing(Client(config=configuration, field_manager="tests", trust_env=False)) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if PROGRAM is None:
        pytest.skip("neither chromium nor google-chrome on this machine")
    with opened() as page:
        yield page


@pytest.fixture
def tenant(client: Client) -> Iterator[Tenant]:
    """A namespace of this test's own; all devices are free and well when it gets it."""
    for device in conditions.read(NAME):
        conditions.change(NAME, device, utilisation=0, memory_used=0, xid=0)
    until(lambda: allocatable(client) == UNITS)
    made = Tenant(client)
    yield made
    made.remove()


@pytest.fixture
def other_tenant(client: Client) -> Iterator[Tenant]:
    made = Tenant(client)
    yield made
    made.remove()


@pytest.fixture
def cordon(client: Client) -> Iterator[Callable[[bool], None]]:
    """Call it with True to keep pods off the node; afterwards they may come again."""
    yield partial(set_unschedulable, client)
    set_unschedulable(client, False)
