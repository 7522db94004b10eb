"""The GPU tier as a whole, on a node whose GPUs are simulated: Triton on it, ONNX Runtime on CPU, a router before both.

Nothing here computes on a GPU. What is real: the scheduler, quotas, devices by the kubelet's own interface, Triton
itself (its variant for CPU), the router, the gateway and the loss of the node under load.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
import yaml
from lightkube import Client, KubeConfig
from lightkube.codecs import from_dict
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Node, Pod
from prometheus_client.parser import text_string_to_metric_families

from falaj import localcluster
from falaj.localcluster import GpuNode, Status
from falaj.localcluster.places import Places
from tests.end_to_end.callers import REQUEST, Caller, GrpcCaller, asking, assert_all_answered
from tests.end_to_end.checked_answers import SIDE, Checked, Endpoint, ask, call, expected, is_right
from tests.end_to_end.conftest import ROOT, Workspace, link_project
from tests.localcluster.gpu.workloads import container_id, node_of, refused, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

NAME = "falaj-test-gpu-tier"
GPU_NODE = Places(NAME).gpu_node.node
GPUS = GpuNode(family="h100-80gb", count=2)
WHOLE = "nvidia.com/gpu"
IMAGES = ("cert-manager", "traefik", "onnxruntime", "triton", "models/iris")
BANK, SHOP = "tenant-bank", "tenant-shop"
ROUTER_PORT, TRITON_METRICS_PORT = 8080, 8082
ONE_ROW = REQUEST | {"inputs": [REQUEST["inputs"][0] | {"shape": [1, 4], "data": [[6.3, 3.3, 6.0, 2.5]]}]}
ROUTED = {
    "runtime": "routed",
    "gpu": {"family": GPUS.family},
    "gpu_replicas": 1,
    "routing": {
        "cpu": {"cost_per_hour": 0.2},
        "gpu": {"cost_per_hour": 1.2},
        "rules": [
            {"name": "one-row", "send": "cpu", "rows_at_most": 1},
            {"name": "batches", "send": "gpu", "rows_at_least": 3},
        ],
        "recovery_seconds": 2,
    },
}
"""By rows, so that a test knows beforehand which side a request belongs to."""
TWO_ROWS = REQUEST | {"inputs": [REQUEST["inputs"][0] | {"shape": [2, 4], "data": REQUEST["inputs"][0]["data"][:2]}]}
OPTIMISED = frozenset({"cheaper", "meets_target", "faster", "overflow", "probe", "unknown"})
"""Reasons of the router where no rule fits."""
PHASE = 30
"""How many requests of each kind are seen before a phase counts as shown."""
READ = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"
SIGNS = ("NVIDIA_VISIBLE_DEVICES", "FALAJ_SIMULATED_GPU")
"""Variables by which a container learns of its GPUs."""


@pytest.fixture(scope="module")
def gpu_cluster() -> Iterator[Status]:
    localcluster.down(NAME)
    yield localcluster.up(NAME, gpu_node=GPUS)
    localcluster.down(NAME)


@pytest.fixture(scope="module")
def client(gpu_cluster: Status) -> Iterator[Client]:
    configuration = KubeConfig.from_file(gpu_cluster.kubeconfig)
    with closing(Client(config=configuration, field_manager="tests", trust_env=False)) as opened:
        yield opened


@pytest.fixture(scope="module")
def tenants(gpu_cluster: Status, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Endpoint]:
    """An environment with simulated GPUs and a tenant of each tier, by stack files alone; they go with the cluster."""
    project = Workspace(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("state"), gpu_cluster.kubeconfig)
    link_project(project.root)
    shutil.copy(ROOT / ".falaj" / "images.json", project.root / ".falaj")
    project.falaj("images", "build", "falaj.local/onnxruntime", "falaj.local/triton")
    project.falaj("images", "load", "--name", NAME, *(f"falaj.local/{image}" for image in IMAGES))
    write_stacks(project.root / "stacks" / "config")
    found = {stack: project.up(stack)["outputs"] for stack in ("local", "shop", "bank")}
    return {
        stack: (found[stack]["endpoints"]["iris"], found[stack]["certificate_authority"]) for stack in ("shop", "bank")
    }


def write_stacks(folder: Path) -> None:
    """The shipped files, with simulated GPUs in the environment and an endpoint on both sides for the bank."""
    local, shop, bank = (
        yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text())
        for stack in ("local", "local-smb", "local-enterprise")
    )
    local["config"]["falaj:environment"]["gpus"] = {"family": GPUS.family, "resources": {WHOLE: GPUS.count}}
    bank["config"]["falaj:tenant"]["endpoints"]["iris"] |= ROUTED
    for stack, content in (("local", local), ("shop", shop), ("bank", bank)):
        (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def bank(tenants: dict[str, Endpoint]) -> Endpoint:
    return tenants["bank"]


@pytest.fixture
def shop(tenants: dict[str, Endpoint]) -> Endpoint:
    return tenants["shop"]


def pods(client: Client, namespace: str, workload: str) -> list[Pod]:
    """Those of a workload that are to stay."""
    found = client.list(Pod, namespace=namespace, labels={"app.kubernetes.io/name": workload})
    return [pod for pod in found if pod.metadata is not None and pod.metadata.deletionTimestamp is None]


def name_of(pod: Pod) -> str:
    assert pod.metadata is not None
    return str(pod.metadata.name)


def conditions(pod: Pod) -> dict[str, tuple[str, str]]:
    found = (pod.status.conditions if pod.status is not None else None) or []
    return {each.type: (each.status, each.message or "") for each in found}


def triton(client: Client) -> Pod:
    """The pod of the GPU side, once it answers."""

    def ready() -> Pod | None:
        found = pods(client, BANK, "iris-gpu")
        return next((pod for pod in found if conditions(pod).get("Ready", ("", ""))[0] == "True"), None)

    return until(ready, seconds=90)


def process_of(pod: Pod) -> Path:
    """The folder in /proc of the first process in the pod's container."""
    identifier = container_id(pod).removeprefix("containerd://")
    for number in psutil.pids():
        folder = Path("/proc", str(number))
        with suppress(OSError):  # one that has just ended
            if identifier in (folder / "cgroup").read_text():
                return folder
    raise AssertionError(f"no process of {name_of(pod)}")


def devices(pod: Pod) -> tuple[dict[str, str], list[str]]:
    """What the container was told of GPUs, and their files that it has."""
    folder = process_of(pod)
    variables = [line.split("=", 1) for line in (folder / "environ").read_text().split("\0") if "=" in line]
    files = sorted(path.name for path in (folder / "root" / "dev").iterdir() if "nvidia" in path.name)
    return {name: value for name, value in variables if name in SIGNS}, files


def samples(pod: Pod, port: int) -> list[Any]:
    """What a pod counts, read from inside its network: its walls let nobody else ask.

    By another process, without TLS: what closing such a connection leaves behind, OpenSSL may tell a caller.
    """
    url = f"http://127.0.0.1:{port}/metrics"
    command = ["nsenter", f"--net={process_of(pod)}/ns/net", sys.executable, "-I", "-c", READ, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def routed(client: Client) -> Counter[tuple[str, str, str]]:
    """Requests of both routers, by side, reason and protocol."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for pod in pods(client, BANK, "iris"):
        for sample in samples(pod, ROUTER_PORT):
            if sample.name == "inference_router_requests_total":
                labels = sample.labels
                counted[labels["side"], labels["reason"], labels["protocol"]] += int(sample.value)
    return counted


def not_answered(client: Client) -> dict[str, float]:
    """What the routers refused, and every answer of theirs that was no success, probes of their start among them."""
    wrong = {}
    for pod in pods(client, BANK, "iris"):
        for sample in samples(pod, ROUTER_PORT):
            refusal = sample.name == "inference_router_refused_total"
            answer = sample.name in {"inference_router_http_responses_total", "inference_router_grpc_responses_total"}
            if refusal or (answer and sample.labels["status"] not in {"200", "OK"}):
                wrong[f"{sample.name} {sample.labels}"] = sample.value
    return wrong


def successes(client: Client) -> int:
    """Requests that Triton answered; the parser adds `_total` to the names of its counters."""
    found = samples(triton(client), TRITON_METRICS_PORT)
    return sum(int(sample.value) for sample in found if sample.name == "nv_inference_request_success_total")


def cordon(client: Client, *, off: bool) -> None:
    """Keep new pods off the GPU node, or let them come again."""
    client.patch(Node, GPU_NODE, {"spec": {"unschedulable": off}})


def evict(client: Client, pod: Pod) -> None:
    """Ask for the pod to leave as a drain does: its disruption budget has a say, and it may end what it works on."""
    eviction = Pod.Eviction(metadata=ObjectMeta(name=name_of(pod), namespace=BANK))
    client.create(eviction, name_of(pod), namespace=BANK)


def is_gone(client: Client, pod: Pod) -> bool:
    found = client.list(Pod, namespace=BANK, labels={"app.kubernetes.io/name": "iris-gpu"})
    return name_of(pod) not in {name_of(each) for each in found}


def grew(client: Client, before: Counter[tuple[str, str, str]], *kinds: tuple[str, str, str]) -> bool:
    """Whether each kind of request was seen so often since."""
    now = routed(client)
    return all(now[kind] - before[kind] >= PHASE for kind in kinds)


def no_room(client: Client) -> str | None:
    """Why the pod that was made for the evicted one waits."""
    waiting = [conditions(pod).get("PodScheduled") for pod in pods(client, BANK, "iris-gpu")]
    return next((message for found in waiting if found for status, message in [found] if status == "False"), None)


def test_triton_holds_a_simulated_gpu_of_the_gpu_node(client: Client, bank: Endpoint) -> None:
    del bank
    pod, node = triton(client), client.get(Node, GPU_NODE)

    seen, files = devices(pod)

    assert node_of(pod) == GPU_NODE
    assert node.metadata is not None
    assert (node.metadata.labels or {})["falaj.dev/simulated-gpu"] == "true"
    number = seen["NVIDIA_VISIBLE_DEVICES"].removeprefix("GPU-simulated-")
    assert number in {"0", "1"}
    assert files == [f"nvidia-simulated{number}"]


@pytest.mark.parametrize(("request_", "side"), [(ONE_ROW, "cpu"), (REQUEST, "gpu")], ids=["one row", "three rows"])
def test_the_enterprises_requests_go_where_they_belong(
    client: Client, bank: Endpoint, request_: dict[str, Any], side: str
) -> None:
    triton(client)
    wanted = expected(request_)
    until(lambda: ask(bank, request_).headers[SIDE] == side)
    before, before_triton = routed(client), successes(client)

    answer = ask(bank, request_)
    called_side, outputs = call(bank, request_)

    assert (answer.status_code, answer.headers[SIDE], called_side) == (httpx2.codes.OK, side, side)
    assert is_right(answer.json()["outputs"], wanted)
    assert is_right(outputs, wanted)
    assert routed(client) - before == Counter({(side, "rule", "rest"): 1, (side, "rule", "grpc"): 1})
    assert successes(client) - before_triton == (2 if side == "gpu" else 0)


def test_what_no_rule_names_is_decided_by_cost_and_latency(client: Client, bank: Endpoint) -> None:
    triton(client)
    wanted = expected(TWO_ROWS)
    until(lambda: ask(bank, REQUEST).headers[SIDE] == "gpu")
    before = routed(client)

    answers = [ask(bank, TWO_ROWS) for _ in range(20)]

    went = routed(client) - before
    assert [answer for answer in answers if not is_right(answer.json()["outputs"], wanted)] == []
    assert went.total() == len(answers)
    assert {reason for _, reason, _ in went} <= OPTIMISED
    sides = Counter(answer.headers[SIDE] for answer in answers)
    assert sides == {side: sum(went[kind] for kind in went if kind[0] == side) for side in sides}


@pytest.mark.parametrize("side", ["cpu", "gpu"])
def test_a_client_may_ask_for_a_side(client: Client, bank: Endpoint, side: str) -> None:
    triton(client)
    until(lambda: ask(bank, ONE_ROW, falaj_route=side).headers[SIDE] == side)
    before = routed(client)

    answer = ask(bank, ONE_ROW, falaj_route=side)

    assert is_right(answer.json()["outputs"], expected(ONE_ROW))
    assert routed(client) - before == Counter({(side, "wish", "rest"): 1})


def test_the_small_business_is_answered_on_cpu(client: Client, shop: Endpoint) -> None:
    before = routed(client), successes(client)

    answer = ask(shop, REQUEST)
    side, outputs = call(shop, REQUEST)

    assert answer.status_code == httpx2.codes.OK
    assert is_right(answer.json()["outputs"], expected(REQUEST))
    assert is_right(outputs, expected(REQUEST))
    assert (SIDE in answer.headers, side) == (False, None)
    assert (routed(client), successes(client)) == before
    assert {node_of(pod) for pod in pods(client, SHOP, "iris")} == {NAME}


@pytest.mark.usefixtures("tenants")
@pytest.mark.parametrize(("namespace", "workload"), [(SHOP, "iris"), (BANK, "iris-cpu"), (BANK, "iris")])
def test_who_asked_for_no_gpu_sees_none(client: Client, namespace: str, workload: str) -> None:
    for pod in pods(client, namespace, workload):
        assert devices(pod) == ({}, [])


@pytest.mark.usefixtures("tenants")
def test_a_gpu_is_beyond_the_small_businesss_quota(client: Client) -> None:
    """The pod is the tenant's own server but for the GPU, so nothing else is wrong with it."""
    server, deployment = (
        pods(client, SHOP, "iris")[0].to_dict(),
        client.get(Deployment, "iris", namespace=SHOP).to_dict(),
    )
    spec = {key: server["spec"][key] for key in ("containers", "volumes", "securityContext", "tolerations")}
    spec["automountServiceAccountToken"] = False
    resources = spec["containers"][0]["resources"]
    said = {key: deployment["metadata"][key] for key in ("labels", "annotations")}
    metadata = {"name": "greedy", "namespace": SHOP, **said}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    client.create(from_dict(pod), dry_run=True)
    for kind in ("requests", "limits"):
        resources[kind][WHOLE] = "1"

    message = refused(partial(client.create, from_dict(pod)))

    assert message == (
        'pods "greedy" is forbidden: exceeded quota: quota, requested: requests.nvidia.com/gpu=1, '
        "used: requests.nvidia.com/gpu=0, limited: requests.nvidia.com/gpu=0"
    )


def test_a_drain_of_the_gpu_node_costs_no_request(client: Client, bank: Endpoint) -> None:
    """Under load the GPU node is closed and its Triton sent away: CPU answers, and gives back what the GPU's is."""
    callers: list[Caller] = [Checked(*bank), Checked(*bank), GrpcCaller(*bank)]
    protocols = ("rest", "grpc")
    pod, start, failures = triton(client), routed(client), not_answered(client)
    step: Callable[..., bool] = partial(grew, client)
    with asking(callers):
        until(lambda: step(start, *(("gpu", "rule", protocol) for protocol in protocols)))

        cordon(client, off=True)
        evict(client, pod)
        until(lambda: is_gone(client, pod))
        closed = routed(client)
        away = tuple(("cpu", "other_not_ready", protocol) for protocol in protocols)
        until(lambda: step(closed, *away))
        meanwhile = routed(client)
        why = until(lambda: no_room(client))

        cordon(client, off=False)
        triton(client)
        opened = routed(client)
        until(lambda: step(opened, *(("gpu", "rule", protocol) for protocol in protocols)))
        assert successes(client) >= 2 * PHASE

    assert {kind[:2] for kind in meanwhile - closed} == {("cpu", "other_not_ready")}
    assert "1 node(s) were unschedulable" in why
    assert_all_answered(callers)
    assert not_answered(client) == failures
    checked = [caller for caller in callers if isinstance(caller, Checked)]
    assert [caller.wrong for caller in checked] == [[], []]
    assert all(caller.sides.keys() == {"cpu", "gpu"} for caller in checked)
    print(f"{sum(sum(caller.statuses.values()) for caller in callers)} answers, none missing")
