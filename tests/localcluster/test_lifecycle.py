"""Clusters of their own: what may not be done to the one that the other tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from lightkube import Client, KubeConfig
from lightkube.models.core_v1 import Container, PodSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Pod

from falaj import localcluster
from falaj.errors import ClusterError
from falaj.localcluster import Status, control_groups, images, state
from falaj.localcluster.places import Places
from falaj.localcluster.progress import Silent
from tests.localcluster.machine_traces import FIXED_DIRECTORIES, host_network, traces

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

NAME = "falaj-test-own"
UP = "import sys; from falaj import localcluster; localcluster.up(sys.argv[1])"


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.1)


@contextmanager
def client(status: Status) -> Iterator[Client]:
    with closing(Client(config=KubeConfig.from_file(status.kubeconfig), trust_env=False)) as opened:
        yield opened


def statuses(name: str) -> dict[str, localcluster.ComponentStatus]:
    return {component.name: component for component in localcluster.status(name).components}


def supervisor_pid(name: str) -> int:
    account = state.read(Places(name))
    assert account is not None
    return account.pid


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Status]:
    localcluster.down(NAME)
    localcluster.up(NAME)
    yield localcluster.status(NAME)
    localcluster.down(NAME)


@pytest.fixture(scope="module")
def pod(own_cluster: Status) -> Pod:
    """A pod that does nothing but go on."""
    folder = images.read(images.PLATFORM_FOLDERS / "pause")
    reference = images.Lock(images.bake((folder,), Silent())).reference("falaj.local/pause")
    spec = PodSpec(containers=[Container(name="pause", image=reference, imagePullPolicy="Never")])
    metadata = ObjectMeta(name="steady", namespace="default")
    with client(own_cluster) as kubernetes:
        until(lambda: _created(kubernetes, Pod(metadata=metadata, spec=spec)))
    until(lambda: phase(steady_pod(own_cluster)) == "Running")
    return steady_pod(own_cluster)


def _created(kubernetes: Client, pod: Pod) -> bool:
    """False as long as the namespace lacks its service account."""
    try:
        kubernetes.create(pod)
    except Exception as error:  # noqa: BLE001 - the next attempt tells
        return "already exists" in str(error)
    return True


def steady_pod(status: Status) -> Pod:
    with client(status) as kubernetes:
        return kubernetes.get(Pod, "steady", namespace="default")


def phase(pod: Pod) -> str | None:
    return pod.status.phase if pod.status else None


def identity(pod: Pod) -> tuple[str | None, str | None]:
    """What changes when its container is another one."""
    assert pod.status is not None
    assert pod.status.containerStatuses is not None
    return pod.status.containerStatuses[0].containerID, pod.status.podIP


def has_restarted(before: localcluster.ComponentStatus) -> bool:
    now = statuses(NAME)[before.name]
    return now.running and now.restarts > before.restarts


def test_up_on_a_running_cluster_changes_nothing(own_cluster: Status) -> None:
    before = (supervisor_pid(NAME), statuses(NAME), own_cluster.kubeconfig.read_text())

    again = localcluster.up(NAME)

    assert again.node_ready
    assert (supervisor_pid(NAME), statuses(NAME), own_cluster.kubeconfig.read_text()) == before


def test_each_component_that_is_killed_comes_back_and_pods_notice_nothing(own_cluster: Status, pod: Pod) -> None:
    for name in statuses(NAME):
        before = statuses(NAME)[name]
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)
        until(partial(has_restarted, before))

    until(lambda: localcluster.up(NAME).running)
    assert localcluster.status(NAME).node_ready
    assert identity(steady_pod(own_cluster)) == identity(pod)


def test_a_dead_supervisor_is_told_and_healed_without_losing_data_or_pods(own_cluster: Status, pod: Pod) -> None:
    kept = ConfigMap(metadata=ObjectMeta(name="kept", namespace="default"), data={"key": "value"})
    with client(own_cluster) as kubernetes:
        kubernetes.apply(kept, field_manager="tests")
    os.kill(supervisor_pid(NAME), signal.SIGKILL)
    until(lambda: not localcluster.status(NAME).running)

    healed = localcluster.up(NAME)

    assert healed.running
    assert healed.node_ready
    with client(healed) as kubernetes:
        assert kubernetes.get(ConfigMap, "kept", namespace="default").data == {"key": "value"}
    assert identity(steady_pod(healed)) == identity(pod)
    group = f"{Places(NAME).control_group}/{control_groups.SYSTEM}"
    until(lambda: control_groups.processes(group) <= {supervisor_pid(NAME), *(c.pid for c in statuses(NAME).values())})


def test_clusters_side_by_side_share_nothing(own_cluster: Status, cluster: Status) -> None:
    assert own_cluster.node_address != cluster.node_address
    assert own_cluster.kubeconfig != cluster.kubeconfig
    nodes = {status.name for status in (own_cluster, cluster)}
    assert nodes == {NAME, "falaj-test"}
    assert localcluster.status(cluster.name).node_ready
    assert localcluster.status(NAME).node_ready


def test_the_firewall_and_the_routes_of_the_machine_are_not_touched(own_cluster: Status) -> None:
    with_cluster = host_network()

    assert own_cluster.running
    assert [line for line in with_cluster if "KUBE" in line or "falaj" in line] == []


def test_an_up_that_is_killed_is_finished_by_the_next_and_down_leaves_nothing() -> None:
    name = "falaj-test-killed"
    localcluster.down(name)
    before = host_network()
    fixed = [path for path in FIXED_DIRECTORIES if Path(path).exists()]
    with subprocess.Popen([sys.executable, "-c", UP, name]) as process:
        until(Places(name).state.exists)
        process.kill()

    assert localcluster.up(name).node_ready
    assert traces(name) != []

    localcluster.down(name)

    assert traces(name) == []
    assert host_network() == before
    assert [path for path in FIXED_DIRECTORIES if Path(path).exists()] == fixed


@pytest.mark.parametrize("done", ["nothing", "data", "namespace", "supervisor"])
def test_down_cleans_what_a_start_left_whatever_it_came_to(done: str) -> None:
    name = "falaj-test-half"
    steps: dict[str, Callable[[], bool]] = {
        "nothing": lambda: True,
        "data": Places(name).data.exists,
        "namespace": Places(name).namespace_file.exists,
        "supervisor": Places(name).supervisor_lock.exists,
    }
    if done != "nothing":
        with subprocess.Popen([sys.executable, "-c", UP, name]) as process:
            until(steps[done])
            process.kill()

    localcluster.down(name)

    assert traces(name) == []


def test_down_cleans_after_a_dead_supervisor() -> None:
    name = "falaj-test-dead"
    with subprocess.Popen([sys.executable, "-c", UP, name]) as process:
        until(lambda: Places(name).state.exists() and statuses(name)["api-server"].running)
        os.kill(supervisor_pid(name), signal.SIGKILL)
        process.kill()

    localcluster.down(name)

    assert traces(name) == []


def test_a_cluster_that_is_not_there_is_not_running_and_has_no_kubeconfig() -> None:
    absent = localcluster.status("falaj-test-absent")

    assert (absent.running, absent.node_ready, absent.node_address, absent.components) == (False, False, "", ())
    with pytest.raises(ClusterError) as refused:
        localcluster.kubeconfig("falaj-test-absent")
    assert str(refused.value) == (
        "FAL-CLU-009  cluster falaj-test-absent\n  It is not running.\n  Next: run: falaj cluster up"
    )


def test_the_log_of_each_component_can_be_read(own_cluster: Status) -> None:
    for component in own_cluster.components:
        assert isinstance(list(localcluster.logs(NAME, component.name)), list)
    with pytest.raises(ClusterError, match=r"It has no log of kubelt; there are: api-server, containerd"):
        localcluster.logs(NAME, "kubelt")
