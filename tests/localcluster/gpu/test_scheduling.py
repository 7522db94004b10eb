"""Who gets a device and who does not: the real scheduler, kubelet and quota, with devices that are simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from lightkube import Client
from lightkube.codecs import from_dict
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node, Pod, ResourceQuota
from lightkube.resources.policy_v1 import PodDisruptionBudget
from lightkube.resources.scheduling_v1 import PriorityClass

from tests.localcluster.gpu.workloads import (
    LARGE_PART,
    NODE,
    POOL,
    SMALL_PART,
    WHOLE,
    Tenant,
    device_files,
    devices_seen,
    environment,
    node_of,
    phase,
    refused,
    specification,
    until,
)

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

ONE = {WHOLE: 1}
FULL = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu"


def test_the_taint_keeps_off_whoever_does_not_tolerate_it(tenant: Tenant) -> None:
    tenant.add("stranger", nodeSelector=POOL, tolerations=[])
    tenant.add("careless", ONE, tolerations=[])

    assert tenant.why_pending("stranger") == (
        "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
        "1 node(s) had untolerated taint(s)"
    )
    assert tenant.why_pending("careless") == (
        "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s)"
    )


def test_a_pod_that_asks_gets_its_device_and_is_told_which(tenant: Tenant) -> None:
    pod = tenant.run("asking", ONE)

    assert node_of(pod) == NODE
    assert environment(pod)["FALAJ_SIMULATED_GPU"] == "true"
    (device,) = devices_seen(pod)
    assert device in {"GPU-simulated-0", "GPU-simulated-1"}
    assert device_files(pod) == [f"nvidia-simulated{device[-1]}"]


def test_a_pod_that_does_not_ask_sees_no_device_though_it_is_on_the_node(tenant: Tenant) -> None:
    pod = tenant.run("neighbour", nodeSelector=POOL)

    assert node_of(pod) == NODE
    assert not {"NVIDIA_VISIBLE_DEVICES", "FALAJ_SIMULATED_GPU"} & set(environment(pod))
    assert device_files(pod) == []


def test_a_pod_that_names_devices_itself_instead_of_asking_has_none(tenant: Tenant) -> None:
    spec = specification(None)
    spec["containers"][0]["env"] = [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]
    pod = tenant.run("sly", nodeSelector=POOL, containers=spec["containers"])

    assert node_of(pod) == NODE
    assert device_files(pod) == []


def test_a_pod_may_name_nvidias_runtime(tenant: Tenant) -> None:
    pod = tenant.run("named", ONE, runtimeClassName="nvidia")

    assert len(devices_seen(pod)) == 1


def test_as_many_pods_as_devices_run_and_not_one_more(tenant: Tenant) -> None:
    first, second = tenant.run("first", ONE), tenant.run("second", ONE)
    assert [*devices_seen(first), *devices_seen(second)] in (
        ["GPU-simulated-0", "GPU-simulated-1"],
        ["GPU-simulated-1", "GPU-simulated-0"],
    )
    tenant.add("third", ONE)
    assert tenant.why_pending("third") == FULL

    freed = devices_seen(first)
    tenant.client.delete(Pod, "first", namespace=tenant.name)

    assert devices_seen(tenant.running("third")) == freed


def test_a_pod_may_hold_several_but_no_part_of_one(tenant: Tenant) -> None:
    pod = tenant.run("greedy", {WHOLE: 2})

    assert devices_seen(pod) == ["GPU-simulated-0", "GPU-simulated-1"]
    assert device_files(pod) == ["nvidia-simulated0", "nvidia-simulated1"]
    half = specification(None)
    half["containers"][0]["resources"] = {"limits": {WHOLE: "500m"}}
    assert 'spec.containers[0].resources.limits[nvidia.com/gpu]: Invalid value: "500m": must be an integer' in refused(
        partial(tenant.add, "half", containers=half["containers"])
    )


def test_slices_of_a_card_are_handed_out_by_their_size(tenant: Tenant) -> None:
    small = [tenant.run(f"small-{number}", {SMALL_PART: 1}) for number in range(4)]
    large = tenant.run("large", {LARGE_PART: 1})
    tenant.add("late", {SMALL_PART: 1})

    assert sorted(device for pod in small for device in devices_seen(pod)) == [
        f"MIG-simulated-2-{number}" for number in (2, 3, 4, 5)
    ]
    assert devices_seen(large) == ["MIG-simulated-2-1"]
    assert device_files(large) == ["nvidia-simulated2"]
    assert tenant.why_pending("late") == "0/2 nodes are available: 2 Insufficient nvidia.com/mig-1g.10gb"
    assert devices_seen(tenant.run("whole", ONE)) != []


def test_a_quota_counts_devices(tenant: Tenant) -> None:
    tenant.quota(**{"requests.nvidia.com/gpu": "1"})
    until(lambda: _is_counted(tenant))
    tenant.run("within", ONE)

    assert refused(partial(tenant.add, "beyond", ONE)) == (
        'pods "beyond" is forbidden: exceeded quota: devices, requested: requests.nvidia.com/gpu=1, '
        "used: requests.nvidia.com/gpu=1, limited: requests.nvidia.com/gpu=1"
    )


def _is_counted(tenant: Tenant) -> bool:
    status = tenant.client.get(ResourceQuota, "devices", namespace=tenant.name).status
    return status is not None and status.used is not None


@pytest.fixture
def urgent(client: Client) -> Iterator[str]:
    name = "gpu-test-urgent"
    manifest = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
    client.apply(from_dict(manifest | {"value": 1000, "description": "Before those without a class."}))
    yield name
    client.delete(PriorityClass, name)


def test_of_two_tenants_the_urgent_one_comes_first_as_far_as_its_quota_goes(
    tenant: Tenant, other_tenant: Tenant, urgent: str
) -> None:
    other_tenant.quota(**{"requests.nvidia.com/gpu": "1"})
    until(lambda: _is_counted(other_tenant))
    tenant.run("first", ONE)
    tenant.run("second", ONE)

    other_tenant.run("urgent", ONE, priorityClassName=urgent)

    assert sorted(str(phase(pod)) for pod in tenant.all()) == ["Running"]
    assert "exceeded quota: devices" in refused(partial(other_tenant.add, "more", ONE, priorityClassName=urgent))
    tenant.add("back", ONE)
    assert tenant.why_pending("back") == FULL


def test_a_cordon_keeps_pods_off_and_moves_none(tenant: Tenant, cordon: Callable[[bool], None]) -> None:
    tenant.run("before", ONE)
    cordon(True)
    tenant.add("after", ONE)

    assert tenant.why_pending("after") == (
        "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) were unschedulable"
    )
    assert phase(tenant.get("before")) == "Running"
    cordon(False)
    assert node_of(tenant.running("after")) == NODE


def test_a_drain_asks_the_disruption_budget_and_the_pods_come_back_after(
    tenant: Tenant, cordon: Callable[[bool], None]
) -> None:
    labels = {"app": "model"}
    template = {"metadata": {"labels": labels}, "spec": specification(ONE)}
    tenant.make("apps/v1", "Deployment", "model", replicas=2, selector={"matchLabels": labels}, template=template)
    tenant.make("policy/v1", "PodDisruptionBudget", "model", minAvailable=1, selector={"matchLabels": labels})
    first, second = until(lambda: names if len(names := running(tenant)) == 2 else None)
    until(lambda: _may_disrupt(tenant))

    cordon(True)
    evict(tenant, first)
    until(lambda: not tenant.exists(first))
    replacement = until(lambda: next((name for name in waiting(tenant)), None))

    assert "were unschedulable" in tenant.why_pending(replacement)
    assert refused(partial(evict, tenant, second)) == (
        "Cannot evict pod as it would violate the pod's disruption budget."
    )
    assert running(tenant) == [second]
    cordon(False)
    until(lambda: len(running(tenant)) == 2)


def _may_disrupt(tenant: Tenant) -> bool:
    status = tenant.client.get(PodDisruptionBudget, "model", namespace=tenant.name).status
    return status is not None and status.disruptionsAllowed == 1


def running(tenant: Tenant) -> list[str]:
    return sorted(str(pod.metadata.name) for pod in tenant.all() if pod.metadata and phase(pod) == "Running")


def waiting(tenant: Tenant) -> list[str]:
    return [str(pod.metadata.name) for pod in tenant.all() if pod.metadata and phase(pod) == "Pending"]


def evict(tenant: Tenant, pod: str) -> None:
    eviction = Pod.Eviction(metadata=ObjectMeta(name=pod, namespace=tenant.name))
    tenant.client.create(eviction, pod, namespace=tenant.name)


def test_a_taint_that_evicts_leaves_those_that_tolerate_it(tenant: Tenant, client: Client) -> None:
    patient = [*specification(None)["tolerations"], {"key": "falaj.dev/maintenance", "operator": "Exists"}]
    tenant.run("leaving", ONE)
    tenant.run("staying", ONE, tolerations=patient)
    taints = client.get(Node, NODE).to_dict()["spec"]["taints"]
    try:
        evicting = {"key": "falaj.dev/maintenance", "effect": "NoExecute"}
        client.patch(Node, NODE, {"spec": {"taints": [*taints, evicting]}})
        until(lambda: not tenant.exists("leaving"))
        assert phase(tenant.get("staying")) == "Running"
    finally:
        client.patch(Node, NODE, {"spec": {"taints": taints}})
