"""Of two pods one goes, politely or not, and every request is answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from lightkube import Client
from lightkube.resources.core_v1 import Pod

from tests.end_to_end.callers import Caller, GrpcCaller, RestCaller, asking, assert_all_answered
from tests.end_to_end.conftest import Workspace

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

NAMESPACE = "tenant-disrupted"
PATIENCE = 90.0
REPLICAS = 2
DRAINED = 15.0
"""How long clients go on asking when all pods are ready: by then the last old one has gone."""


@pytest.fixture(scope="module")
def way(environment: Workspace) -> Iterator[tuple[Any, str]]:
    """Where two pods of one endpoint answer."""
    model = {"model": "falaj.local/models/iris", "data_class": "public", "replicas": REPLICAS}
    environment.write_tenant("disrupted", endpoints={"iris": model})
    outputs = environment.up("disrupted")["outputs"]
    yield outputs["endpoints"]["iris"], outputs["certificate_authority"]
    environment.destroy("disrupted")


def ready_pods(kubernetes: Client) -> dict[str, Pod]:
    """Pods that answer and are to stay, by their names."""
    found = {}
    for pod in kubernetes.list(Pod, namespace=NAMESPACE, labels={"app.kubernetes.io/name": "iris"}):
        assert pod.metadata is not None
        conditions = (pod.status.conditions if pod.status else None) or []
        is_ready = any(each.type == "Ready" and each.status == "True" for each in conditions)
        if is_ready and pod.metadata.deletionTimestamp is None:
            found[str(pod.metadata.name)] = pod
    return found


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def restarts(pod: Pod) -> int:
    statuses = (pod.status.containerStatuses if pod.status else None) or []
    return sum(status.restartCount for status in statuses)


def server_process(pod: Pod) -> psutil.Process:
    """The server of a pod, as this machine sees it."""
    assert pod.metadata is not None
    for process in psutil.process_iter(["cmdline"]):
        try:
            groups = Path(f"/proc/{process.pid}/cgroup").read_text()
        except OSError:
            continue
        if str(pod.metadata.uid) in groups and "onnxruntime_server" in (process.info["cmdline"] or []):
            return process
    raise AssertionError(f"no process of {pod.metadata.name}")


def is_replaced(kubernetes: Client, gone: str) -> bool:
    return len(ready_pods(kubernetes).keys() - {gone}) == REPLICAS


def is_back(kubernetes: Client, name: str, restarts_before: int) -> bool:
    pod = ready_pods(kubernetes).get(name)
    return pod is not None and restarts(pod) > restarts_before


def callers_of(way: tuple[Any, str], *, tries_again: bool = False) -> list[Caller]:
    kinds = (RestCaller, RestCaller, RestCaller, GrpcCaller)
    return [kind(*way, tries_again=tries_again) for kind in kinds]


def test_pods_that_are_deleted_leave_no_request_unanswered(kubernetes_client: Client, way: tuple[Any, str]) -> None:
    callers = callers_of(way)
    first = ready_pods(kubernetes_client)
    assert len(first) == REPLICAS
    with asking(callers):
        for name in first:
            kubernetes_client.delete(Pod, name, namespace=NAMESPACE)
            until(partial(is_replaced, kubernetes_client, name), f"nothing came for {name}")
        time.sleep(DRAINED)
        assert not ready_pods(kubernetes_client).keys() & first.keys()
    assert_all_answered(callers)


def test_a_server_that_is_killed_is_made_up_for_by_the_other(kubernetes_client: Client, way: tuple[Any, str]) -> None:
    """What it worked on is lost, and the gateway learns of it a moment later: a client that tries again is served."""
    callers = callers_of(way, tries_again=True)
    pods = ready_pods(kubernetes_client)
    assert len(pods) == REPLICAS
    with asking(callers):
        for name, pod in pods.items():
            server_process(pod).kill()
            until(partial(is_back, kubernetes_client, name, restarts(pod)), f"{name} did not come back")
        time.sleep(DRAINED)
    assert_all_answered(callers)
    print(f"{sum(sum(caller.statuses.values()) for caller in callers)} answers, ", end="")
    print(f"{sum(caller.retried for caller in callers)} asked again")
