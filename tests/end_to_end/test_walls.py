"""Nothing enters a tenant's namespace and nothing leaves it but what its data flows say."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator

import lightkube
import pytest
from lightkube.models.core_v1 import Container, PodSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod, Service

from falaj import localcluster
from tests.end_to_end.conftest import ROOT
from tests.python_in_pod import python_in

pytestmark = pytest.mark.cluster

CONNECT = """
import socket, sys
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 2).close()
        print(target, "reached")
    except OSError as error:
        print(target, type(error).__name__)
"""


def outcomes(text: str) -> dict[str, str]:
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line)


@pytest.fixture
def stranger(kubernetes_client: lightkube.Client) -> Iterator[str]:
    """A namespace without walls of its own, so that only the tenant's walls can stop its pods."""
    name = f"stranger-{uuid.uuid4().hex[:6]}"
    kubernetes_client.create(Namespace(metadata=ObjectMeta(name=name)))
    yield name
    kubernetes_client.delete(Namespace, name)


def server(client: lightkube.Client) -> tuple[str, str, Pod]:
    pods = list(client.list(Pod, namespace="tenant-local-smb", labels={"app.kubernetes.io/name": "iris"}))
    pod = pods[0]
    assert pod.status is not None
    assert pod.status.podIP is not None
    service = next(found for found in client.list(Service, namespace="tenant-local-smb") if found.spec)
    assert service.spec is not None
    assert service.spec.clusterIP is not None
    return pod.status.podIP, service.spec.clusterIP, pod


@pytest.mark.usefixtures("tenant")
def test_a_pod_of_another_namespace_cannot_reach_the_server(kubernetes_client: lightkube.Client, stranger: str) -> None:
    address, service, _ = server(kubernetes_client)
    lock = json.loads((ROOT / ".falaj" / "images.json").read_text())
    image = f"falaj.local/onnxruntime@{lock['falaj.local/onnxruntime']['digest']}"
    api = kubernetes_client.get(Service, "kubernetes", namespace="default")
    assert api.spec is not None
    targets = [f"{address}:8080", f"{service}:8080", f"{api.spec.clusterIP}:443"]
    kubernetes_client.create(
        Pod(
            metadata=ObjectMeta(name="knocks", namespace=stranger),
            spec=PodSpec(
                restartPolicy="Never",
                automountServiceAccountToken=False,
                containers=[
                    Container(
                        name="knocks",
                        image=image,
                        imagePullPolicy="Never",
                        command=["python3", "-c", CONNECT, *targets],
                    )
                ],
            ),
        )
    )
    for _ in range(120):
        phase = kubernetes_client.get(Pod, "knocks", namespace=stranger).status
        if phase is not None and phase.phase in {"Succeeded", "Failed"}:
            break
        time.sleep(0.25)
    said = "\n".join(kubernetes_client.log("knocks", namespace=stranger))

    # That it reaches the API server shows that the pod has a network at all.
    assert outcomes(said) == {targets[0]: "TimeoutError", targets[1]: "TimeoutError", targets[2]: "reached"}


@pytest.mark.usefixtures("tenant")
def test_the_server_cannot_reach_out(kubernetes_client: lightkube.Client, cluster: localcluster.Status) -> None:
    _, _, pod = server(kubernetes_client)
    api = kubernetes_client.get(Service, "kubernetes", namespace="default")
    assert api.spec is not None
    targets = [f"{api.spec.clusterIP}:443", f"{cluster.node_address}:6443", "203.0.113.1:443", "127.0.0.1:8080"]

    assert pod.metadata is not None
    said = python_in(kubernetes_client, "tenant-local-smb", pod.metadata.name or "", CONNECT, *targets)

    blocked = {"TimeoutError", "OSError", "ConnectionRefusedError"}
    found = outcomes(said)
    assert {found[target] for target in targets[:3]} <= blocked, found
    assert found[targets[3]] == "reached"
