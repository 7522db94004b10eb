"""The gate on a real API server: it opens nodes with its own account, which can do nothing else to them."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import yaml
from lightkube import Client
from lightkube.codecs import from_dict
from lightkube.core.resource import GlobalResource
from lightkube.models.authentication_v1 import TokenRequestSpec
from lightkube.models.core_v1 import NodeSpec, Taint
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Node, NodeStatus, ServiceAccount, ServiceAccountToken

from components.gpu import gate
from components.gpu.runtime import GpuRuntime
from components.zero_trust.edges import End
from falaj.localcluster import Status
from tests.components.conftest import Run
from tests.components.gpu_runtime.examples import gpu, runtime

pytestmark = pytest.mark.cluster
NODE = f"gpu-gate-{uuid4().hex[:8]}"
NAMESPACE, ACCOUNT = "gpu-operator", "gpu-gate"
MADE = {
    "kubernetes:core/v1:ServiceAccount": "gpu-gate-account",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": "gpu-gate-role",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": "gpu-gate-binding",
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy": "gpu-gate-guard",
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding": "gpu-gate-guard-binding",
}
"""What of the runtime the gate stands on, by type and name."""
SECONDS = 60
MERGE = "application/merge-patch+json"


@pytest.fixture
def guarded(run: Run, kubernetes_client: Client) -> Iterator[Client]:
    """A cluster in which the gate's account and its guard are, as the component makes them."""
    spec = runtime({"gpu": gpu("eks-al2023-nvidia")})
    plan = run(lambda: _make(spec))
    objects = []
    for token, name in MADE.items():
        inputs = plan.of(token, name).inputs
        objects.append(from_dict({"apiVersion": _version(token), "kind": token.rpartition(":")[2], **inputs}))
    kubernetes_client.apply(Namespace(metadata=ObjectMeta(name=NAMESPACE)), field_manager="tests")
    for each in objects:
        kubernetes_client.apply(each, field_manager="tests", force=True)
    yield kubernetes_client
    for each in reversed(objects):
        assert each.metadata is not None
        assert each.metadata.name is not None
        if each.metadata.namespace is None:
            kubernetes_client.delete(cast("type[GlobalResource]", type(each)), each.metadata.name)
    kubernetes_client.delete(Namespace, NAMESPACE)


def _make(spec: Any) -> None:  # noqa: ANN401 - a specification
    GpuRuntime("gpu", spec, api_server=End(peers=[{"ip_block": {"cidr": "10.20.0.0/24"}}], port=443))


def _version(token: str) -> str:
    return token.split(":")[1].removeprefix("core/")


@pytest.fixture
def connect(guarded: Client, cluster: Status, tmp_path: Path) -> Callable[[], http.client.HTTPSConnection]:
    """How the gate's account reaches the API server: with its token, and the cluster's own certificate."""
    token = guarded.create(
        ServiceAccountToken(
            metadata=ObjectMeta(name=ACCOUNT, namespace=NAMESPACE), spec=TokenRequestSpec(audiences=[])
        ),
        ACCOUNT,
        namespace=NAMESPACE,
    )
    assert token.status is not None
    assert token.status.token is not None
    (tmp_path / "token").write_text(token.status.token)
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text(encoding="utf-8"))
    server = config["clusters"][0]["cluster"]
    trusted = ssl.create_default_context(cadata=_authority(server))
    address = urlsplit(server["server"])
    assert address.hostname is not None
    host, port = address.hostname, address.port

    return lambda: http.client.HTTPSConnection(host, port, context=trusted, timeout=10)


def _authority(server: dict[str, str]) -> str:

    if "certificate-authority-data" in server:
        return base64.b64decode(server["certificate-authority-data"]).decode()
    return Path(server["certificate-authority"]).read_text(encoding="utf-8")


@pytest.fixture
def node(guarded: Client) -> Iterator[str]:
    """A node with GPUs that are not there yet, as a pool makes it."""
    taints = [
        Taint(key="nvidia.com/gpu", value="present", effect="NoSchedule"),
        Taint(key=gate.NOT_READY, value="true", effect="NoSchedule"),
    ]
    labels = {"falaj.dev/pool": "gpu", "falaj.dev/pool-name": "gpu"}
    guarded.create(Node(metadata=ObjectMeta(name=NODE, labels=labels), spec=NodeSpec(taints=taints)))
    yield NODE
    guarded.delete(Node, NODE)


def marks(client: Client, node: str) -> set[str]:
    spec = client.get(Node, node).spec
    assert spec is not None
    return {taint.key for taint in spec.taints or [] if not taint.key.startswith("node.kubernetes.io/")}


def patched(connection: http.client.HTTPSConnection, token: str, node: str, change: object) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": MERGE}
    with closing(connection):
        connection.request("PATCH", f"/api/v1/nodes/{node}", json.dumps(change), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()).get("message", "")


def test_a_node_is_opened_once_its_gpus_can_be_had_and_nothing_else_of_it_can_be_changed(
    guarded: Client, connect: Callable[[], http.client.HTTPSConnection], node: str, tmp_path: Path
) -> None:
    api = gate.Api(connect(), tmp_path / "token")
    token = (tmp_path / "token").read_text()
    refusal = "the gate may take falaj.dev/gpu-not-ready off a node, and no more"
    deadline = time.monotonic() + SECONDS
    status, message = patched(connect(), token, node, {"metadata": {"labels": {"proof": "1"}}})
    while refusal not in message and time.monotonic() < deadline:
        # The API server takes a policy into use in its own time.
        status, message = patched(connect(), token, node, {"metadata": {"labels": {"proof": "1"}}})
    assert (status, refusal in message) == (422, True)
    guarded.patch(Node, node, {"metadata": {"labels": {"proof": None}}})

    changes: tuple[dict[str, Any], ...] = (
        {"metadata": {"annotations": {"proof": "1"}}},
        {"spec": {"unschedulable": True}},
        {"spec": {"taints": []}},
        {"spec": {"taints": [{"key": "other", "value": "x", "effect": "NoExecute"}]}},
    )
    for change in changes:
        status, message = patched(connect(), token, node, change)
        assert (status, refusal in message) == (422, True), (change, message)

    assert list(gate.look(api, NAMESPACE, frozenset())) == []
    guarded.patch(
        NodeStatus, node, {"status": {"allocatable": {"nvidia.com/gpu": "1"}, "capacity": {"nvidia.com/gpu": "1"}}}
    )
    assert list(gate.look(api, NAMESPACE, frozenset({"gpu"}))) == []
    assert marks(guarded, node) == {"nvidia.com/gpu", gate.NOT_READY}
    assert list(gate.look(api, NAMESPACE, frozenset())) == [node]
    assert marks(guarded, node) == {"nvidia.com/gpu"}
    assert list(gate.look(api, NAMESPACE, frozenset())) == []
    assert guarded.get(ServiceAccount, ACCOUNT, namespace=NAMESPACE).metadata is not None
