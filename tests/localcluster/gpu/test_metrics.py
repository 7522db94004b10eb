"""The simulated metrics: names and labels of DCGM exporter, by the pods that really hold the devices."""

from __future__ import annotations

import re
import urllib.request
from functools import partial

import pytest
from lightkube import Client
from lightkube.resources.core_v1 import Pod, Service

from falaj.localcluster import Status
from falaj.localcluster.gpu import conditions
from tests.localcluster.gpu.workloads import (
    NAME,
    NODE,
    SMALL_PART,
    WHOLE,
    Tenant,
    devices_seen,
    process_of,
    until,
)
from tests.localcluster.policy_agent.sockets import Namespace

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

SAMPLE = re.compile(r"(?P<name>\w+){(?P<labels>.*)} (?P<value>\S+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
OF_WHOLE_CARDS = {
    "DCGM_FI_DEV_GPU_UTIL",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "DCGM_FI_DEV_FB_USED",
    "DCGM_FI_DEV_FB_FREE",
    "DCGM_FI_DEV_GPU_TEMP",
    "DCGM_FI_DEV_POWER_USAGE",
    "DCGM_FI_DEV_XID_ERRORS",
}
OF_PARTS = {"DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE"}


def text_at(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}:9400/metrics") as answer:
        return str(answer.read().decode())


@pytest.fixture
def address(gpu_cluster: Status) -> str:
    assert gpu_cluster.gpu_node is not None
    return gpu_cluster.gpu_node.address


def samples(address: str, **wanted: str) -> dict[str, float]:
    """The value of each metric whose labels include those wanted."""
    found = {}
    for match in SAMPLE.finditer(text_at(address)):
        if wanted.items() <= dict(LABEL.findall(match["labels"])).items():
            assert match["name"] not in found
            found[match["name"]] = float(match["value"])
    return found


@pytest.mark.usefixtures("tenant")
def test_every_metric_says_that_it_is_simulated(address: str) -> None:
    lines = text_at(address).splitlines()
    helps = [line for line in lines if line.startswith("# HELP")]

    assert {line.split()[2] for line in helps} == OF_WHOLE_CARDS
    assert [line for line in helps if "Simulated, no GPU is behind it: " not in line] == []
    assert [line for line in lines if "{" in line and 'modelName="NVIDIA H100 80GB SIMULATED"' not in line] == []


def test_a_device_that_a_pod_holds_is_told_with_the_pod_and_what_was_set(tenant: Tenant, address: str) -> None:
    (device,) = devices_seen(tenant.run("model", {WHOLE: 1}))
    conditions.change(NAME, device, utilisation=80, memory_used=60000)

    assert samples(address, UUID=device, pod="model", namespace=tenant.name, container="main", Hostname=NODE) == {
        "DCGM_FI_DEV_GPU_UTIL": 80,
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": 0.8,
        "DCGM_FI_DEV_FB_USED": 60000,
        "DCGM_FI_DEV_FB_FREE": 80 * 1024 - 60000,
        "DCGM_FI_DEV_GPU_TEMP": 66,
        "DCGM_FI_DEV_POWER_USAGE": 332,
        "DCGM_FI_DEV_XID_ERRORS": 0,
    }
    assert samples(address, UUID=device, gpu=device[-1], device=f"nvidia{device[-1]}").keys() == OF_WHOLE_CARDS


def test_a_device_that_nobody_holds_is_idle_whatever_was_set(tenant: Tenant, address: str) -> None:
    (device,) = devices_seen(tenant.run("model", {WHOLE: 1}))
    conditions.change(NAME, device, utilisation=80, memory_used=60000)
    tenant.client.delete(Pod, "model", namespace=tenant.name)
    until(lambda: not tenant.exists("model"))

    idle = until(lambda: found if (found := samples(address, UUID=device, pod="")) else None)

    assert (idle["DCGM_FI_DEV_GPU_UTIL"], idle["DCGM_FI_DEV_FB_USED"], idle["DCGM_FI_DEV_POWER_USAGE"]) == (0, 0, 60)


def test_parts_of_a_card_are_told_apart(tenant: Tenant, address: str) -> None:
    (part,) = devices_seen(tenant.run("model", {SMALL_PART: 1}))
    conditions.change(NAME, part, utilisation=50, memory_used=1024)
    number = part.rpartition("-")[2]

    told = samples(address, UUID="GPU-simulated-2", GPU_I_ID=number, GPU_I_PROFILE="1g.10gb", pod="model")

    assert told == {
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": 0.5,
        "DCGM_FI_DEV_FB_USED": 1024,
        "DCGM_FI_DEV_FB_FREE": 9 * 1024,
    }
    card = samples(address, UUID="GPU-simulated-2", pod="", GPU_I_ID="1").keys()
    assert card == OF_PARTS


def test_pods_find_the_metrics_by_the_name_of_a_service(tenant: Tenant, client: Client) -> None:
    pod = tenant.run("prometheus")
    service = client.get(Service, "simulated-dcgm-exporter", namespace="kube-system")
    assert service.spec is not None
    ask = partial(reachable, str(service.spec.clusterIP))
    inside = Namespace(process_of(pod) / "ns" / "net")

    told = until(lambda: inside.inside(ask))

    assert "DCGM_FI_DEV_GPU_UTIL" in told


def reachable(address: str) -> str | None:
    try:
        return text_at(address)
    except OSError:
        return None
