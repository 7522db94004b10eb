"""The simulated metrics as Kubernetes' custom metrics API, and an autoscaler that goes by them."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lightkube import Client
from lightkube.resources.apiregistration_v1 import APIService
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Node, Pod

from falaj import localcluster
from falaj.localcluster import Status
from falaj.localcluster.certificates import Authority, KeyPair
from falaj.localcluster.gpu import conditions
from falaj.localcluster.places import Places
from tests.localcluster.gpu.conftest import UNITS
from tests.localcluster.gpu.test_health import kill
from tests.localcluster.gpu.workloads import (
    NAME,
    NODE,
    SMALL_PART,
    WHOLE,
    Tenant,
    allocatable,
    devices_seen,
    phase,
    specification,
    until,
)

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

API = "v1beta2.custom.metrics.k8s.io"
ROOT = "/apis/custom.metrics.k8s.io/v1beta2"
UTILISATION, ENGINE, MEMORY = "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_FB_USED"
KEYS = Places(NAME).keys
ADMINISTRATOR = Authority(KEYS, "administrator").files
FRONT_PROXY = Authority(KEYS, "front-proxy-client").files
MEMBER = {"X-Remote-User": "administrator", "X-Remote-Group": "system:masters"}


def ask(
    address: str, path: str, shown: KeyPair | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """The answer of whoever listens at the address, which has a certificate of the cluster."""
    context = ssl.create_default_context(cafile=str(Authority(KEYS, "cluster-ca").files.certificate))
    context.check_hostname = False  # the API server knows the metrics API by the name of its Service
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    connection = http.client.HTTPSConnection(f"{address}:6443", timeout=10, context=context)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    status, content = answer.status, json.loads(answer.read())
    connection.close()
    return status, content


@pytest.fixture
def api_server(gpu_cluster: Status) -> str:
    return gpu_cluster.node_address


@pytest.fixture
def metrics_server(gpu_cluster: Status) -> str:
    assert gpu_cluster.gpu_node is not None
    return gpu_cluster.gpu_node.address


def told(api_server: str, path: str) -> tuple[int, dict[str, Any]]:
    """What the API server answers the administrator, without the time, which has to be now."""
    status, answer = ask(api_server, f"{ROOT}/{path}", ADMINISTRATOR)
    for item in answer.get("items", ()):
        age = datetime.now(UTC) - datetime.fromisoformat(item.pop("timestamp"))
        assert abs(age) < timedelta(seconds=30)
    return status, answer


def metric_of(tenant: Tenant, pod: str, metric: str, value: str) -> dict[str, Any]:
    return {
        "describedObject": {"kind": "Pod", "namespace": tenant.name, "name": pod, "apiVersion": "v1"},
        "metric": {"name": metric, "selector": None},
        "value": value,
    }


def metrics(*items: dict[str, Any]) -> dict[str, Any]:
    version = "custom.metrics.k8s.io/v1beta2"
    return {"kind": "MetricValueList", "apiVersion": version, "metadata": {}, "items": [*items]}


def failure(code: int, reason: str, message: str) -> tuple[int, dict[str, Any]]:
    said = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return code, said | {"code": code, "reason": reason, "message": message}


def scaled(tenant: Tenant, *, most: int, target: str) -> None:
    """A Deployment whose pods each ask for a device, and an autoscaler of it."""
    labels = {"app": "model"}
    template = {"metadata": {"labels": labels}, "spec": specification({WHOLE: 1})}
    tenant.make("apps/v1", "Deployment", "model", replicas=1, selector={"matchLabels": labels}, template=template)
    metric = {"metric": {"name": UTILISATION}, "target": {"type": "AverageValue", "averageValue": target}}
    tenant.make(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "model",
        scaleTargetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "model"},
        minReplicas=1,
        maxReplicas=most,
        metrics=[{"type": "Pods", "pods": metric}],
        behavior={"scaleDown": {"stabilizationWindowSeconds": 0}},
    )


def holders(tenant: Tenant, count: int) -> list[Pod]:
    """The pods, once there are so many and all run."""

    def found() -> list[Pod] | None:
        pods = tenant.all()
        return pods if len(pods) == count and all(phase(pod) == "Running" for pod in pods) else None

    return until(found)


def test_a_busy_device_brings_a_second_pod_with_another_and_an_idle_one_takes_it_away(tenant: Tenant) -> None:
    scaled(tenant, most=2, target="60")
    (first,) = holders(tenant, 1)
    (device,) = devices_seen(first)

    conditions.change(NAME, device, utilisation=95)

    held = [devices_seen(pod) for pod in holders(tenant, 2)]
    assert sorted(held) == [["GPU-simulated-0"], ["GPU-simulated-1"]]

    conditions.change(NAME, device, utilisation=5)

    assert devices_seen(*holders(tenant, 1)) in held
    deployment = tenant.client.get(Deployment, "model", namespace=tenant.name)
    assert deployment.spec is not None
    assert deployment.spec.replicas == 1


def test_the_api_server_tells_the_metric_of_the_pods_that_a_selector_chooses(tenant: Tenant, api_server: str) -> None:
    (device,) = devices_seen(tenant.run("model", {WHOLE: 1}))
    tenant.run("small", {SMALL_PART: 1})
    tenant.run("without")
    conditions.change(NAME, device, utilisation=95, memory_used=60000)
    pods = f"namespaces/{tenant.name}/pods"

    assert told(api_server, f"{pods}/*/{UTILISATION}?labelSelector=app%3Dmodel") == (
        200,
        metrics(metric_of(tenant, "model", UTILISATION, "95")),
    )
    assert told(api_server, f"{pods}/*/{UTILISATION}?labelSelector=app%3Dwithout") == (200, metrics())
    # The old utilisation is nobody's where a card is divided; the share of the engine is.
    assert told(api_server, f"{pods}/*/{UTILISATION}") == (200, metrics(metric_of(tenant, "model", UTILISATION, "95")))
    assert told(api_server, f"{pods}/*/{ENGINE}?labelSelector=app%20in%20(model,small)") == (
        200,
        metrics(metric_of(tenant, "model", ENGINE, "950m"), metric_of(tenant, "small", ENGINE, "0")),
    )
    assert told(api_server, f"{pods}/model/{MEMORY}") == (200, metrics(metric_of(tenant, "model", MEMORY, "60000")))
    assert told(api_server, f"namespaces/default/pods/*/{UTILISATION}") == (200, metrics())


def test_a_pod_with_several_devices_has_the_mean_of_them(tenant: Tenant, api_server: str) -> None:
    tenant.run("greedy", {WHOLE: 2})
    conditions.change(NAME, "GPU-simulated-0", utilisation=95)
    conditions.change(NAME, "GPU-simulated-1", utilisation=20)

    assert told(api_server, f"namespaces/{tenant.name}/pods/greedy/{UTILISATION}") == (
        200,
        metrics(metric_of(tenant, "greedy", UTILISATION, "57500m")),
    )


def test_what_there_is_no_value_for_is_refused_by_name(tenant: Tenant, api_server: str) -> None:
    tenant.run("without")
    pods = f"namespaces/{tenant.name}/pods"

    assert told(api_server, f"{pods}/without/{UTILISATION}") == failure(
        404, "NotFound", f"the server could not find the metric {UTILISATION} for pods without"
    )
    assert told(api_server, f"{pods}/*/DCGM_FI_DEV_FAN_SPEED") == failure(
        404, "NotFound", "the server could not find the metric DCGM_FI_DEV_FAN_SPEED for pods"
    )
    assert told(api_server, f"{pods}/*/{UTILISATION}?labelSelector=a%3D%3D%3D") == failure(
        400, "BadRequest", "unable to parse requirement: found '=', expected: identifier"
    )
    assert told(api_server, f"{pods}/*/{UTILISATION}?metricLabelSelector=gpu%3D0") == failure(
        400, "BadRequest", "labels of metrics are not told apart: leave out metricLabelSelector"
    )


def test_every_metric_of_the_exporter_is_discovered(api_server: str) -> None:
    status, found = ask(api_server, ROOT, ADMINISTRATOR)

    assert status == 200
    assert {(each["name"], each["namespaced"], *each["verbs"]) for each in found["resources"]} == {
        (f"pods/{metric}", True, "get")
        for metric in (
            UTILISATION,
            ENGINE,
            MEMORY,
            "DCGM_FI_DEV_FB_FREE",
            "DCGM_FI_DEV_GPU_TEMP",
            "DCGM_FI_DEV_POWER_USAGE",
            "DCGM_FI_DEV_XID_ERRORS",
        )
    }


def test_only_the_api_server_may_ask_for_others(metrics_server: str, tmp_path: Path) -> None:
    path = f"{ROOT}/namespaces/default/pods/*/{UTILISATION}"
    strange, own = Authority(tmp_path / "strange", "front-proxy-ca"), Authority(tmp_path / "own", "front-proxy-ca")
    strange.ensure()
    own.directory.mkdir()
    for file in ("front-proxy-ca.crt", "front-proxy-ca.key"):
        shutil.copy(KEYS / file, own.directory)
    of_another_authority = strange.issue("front-proxy-client", "front-proxy-client")
    of_another_name = own.issue("somebody", "somebody")
    refused = failure(401, "Unauthorized", "only the API server may ask, for those whom it let in")

    assert ask(metrics_server, path, FRONT_PROXY, MEMBER)[0] == 200
    assert ask(metrics_server, path, None, MEMBER) == refused
    assert ask(metrics_server, path, of_another_authority, MEMBER) == refused
    assert ask(metrics_server, path, ADMINISTRATOR, MEMBER) == refused
    assert ask(metrics_server, path, of_another_name, MEMBER) == refused
    assert ask(metrics_server, path, FRONT_PROXY) == refused


def test_who_may_read_no_metrics_is_refused_by_the_api_server(tenant: Tenant, api_server: str) -> None:
    path = f"{ROOT}/namespaces/{tenant.name}/pods/*/{UTILISATION}"
    nobody = Authority(KEYS, "scheduler").files

    status, answer = ask(api_server, path, nobody)

    assert status == 403
    assert answer["message"] == (
        'pods.custom.metrics.k8s.io "*" is forbidden: User "system:kube-scheduler" cannot get resource '
        f'"pods/{UTILISATION}" in API group "custom.metrics.k8s.io" in the namespace "{tenant.name}"'
    )


def test_it_is_known_by_the_clusters_authority_and_nobody_else(client: Client) -> None:
    found = client.get(APIService, API).spec
    assert found is not None
    assert found.caBundle is not None

    assert base64.b64decode(found.caBundle) == Authority(KEYS, "cluster-ca").files.certificate.read_bytes()
    assert found.insecureSkipTLSVerify is None


def test_it_goes_with_the_node_and_comes_back_with_it(client: Client) -> None:
    client.delete(Node, NODE)

    until(lambda: API not in api_services(client))

    kill("gpu-node/kubelet")  # which makes itself known once, when it starts
    assert localcluster.up(NAME).node_ready
    assert API in api_services(client)
    until(lambda: allocatable(client) == UNITS)


def api_services(client: Client) -> set[str]:
    return {str(found.metadata.name) for found in client.list(APIService) if found.metadata is not None}
