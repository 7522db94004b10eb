"""Devices that fail, and parts of the node that are killed: what that does to pods and to what they hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lightkube import Client
from lightkube.resources.core_v1 import Node, Pod

from falaj import localcluster
from falaj.localcluster import GpuNode, Status, control_groups, state
from falaj.localcluster.gpu import conditions
from falaj.localcluster.places import Places
from tests.localcluster.gpu.conftest import GPUS, UNITS
from tests.localcluster.gpu.test_metrics import samples
from tests.localcluster.gpu.workloads import (
    LARGE_PART,
    NAME,
    NODE,
    SMALL_PART,
    WHOLE,
    Tenant,
    address_of,
    allocatable,
    container_id,
    devices_seen,
    phase,
    until,
)

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

FULL = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu"
FALAJ = str(Path(sys.executable).with_name("falaj"))
PLACES = Places(NAME).gpu_node


def parts() -> dict[str, localcluster.ComponentStatus]:
    """What the node with GPUs runs."""
    listed = localcluster.status(NAME).components
    return {part.name: part for part in listed if part.name.startswith("gpu-node/")}


def kill(name: str) -> None:
    """Kill one part of the node and wait until it runs again."""
    before = parts()[name]
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: (now := parts()[name]).running and now.restarts > before.restarts)


def what_does_not_change(pod: Pod) -> tuple[str, str, list[str]]:
    return container_id(pod), address_of(pod), devices_seen(pod)


def test_a_failed_device_is_given_to_nobody_and_taken_from_nobody(tenant: Tenant, client: Client) -> None:
    (device,) = devices_seen(tenant.run("holder", {WHOLE: 1}))

    conditions.change(NAME, device, xid=79)

    until(lambda: allocatable(client)[WHOLE] == 1)
    assert capacity(client) == UNITS[WHOLE]
    assert phase(tenant.get("holder")) == "Running"
    tenant.add("second", {WHOLE: 1})
    # The scheduler counts, it does not know which: one is left, and the holder has one.
    assert tenant.why_pending("second") == FULL
    tenant.client.delete(Pod, "holder", namespace=tenant.name)
    (other,) = devices_seen(tenant.running("second"))
    assert other != device
    tenant.add("third", {WHOLE: 1})
    assert tenant.why_pending("third") == FULL

    conditions.change(NAME, device, xid=0)

    assert devices_seen(tenant.running("third")) == [device]


def capacity(client: Client) -> int:
    status = client.get(Node, NODE).status
    assert status is not None
    return int((status.capacity or {})[WHOLE])


def test_an_error_of_a_program_leaves_the_device_well_and_is_told(
    tenant: Tenant, client: Client, gpu_cluster: Status
) -> None:
    assert gpu_cluster.gpu_node is not None
    conditions.change(NAME, "GPU-simulated-0", xid=13)
    conditions.change(NAME, "GPU-simulated-1", xid=79)  # what is told after it shows that the first was looked at

    until(lambda: allocatable(client)[WHOLE] == 1)

    told = [samples(gpu_cluster.gpu_node.address, UUID=f"GPU-simulated-{card}") for card in (0, 1)]
    assert [each["DCGM_FI_DEV_XID_ERRORS"] for each in told] == [13, 79]
    assert devices_seen(tenant.run("model", {WHOLE: 1})) == ["GPU-simulated-0"]


@pytest.mark.usefixtures("tenant")
def test_a_failed_card_takes_all_its_parts_along_and_a_failed_part_none_other(client: Client) -> None:
    conditions.change(NAME, "MIG-simulated-2-2", xid=94)
    until(lambda: allocatable(client) == UNITS | {SMALL_PART: 3})

    conditions.change(NAME, "GPU-simulated-2", xid=79)
    until(lambda: allocatable(client) == UNITS | {SMALL_PART: 0, LARGE_PART: 0})


@pytest.mark.parametrize("part", ["gpu-node/kubelet", "gpu-node/device-plugin"])
def test_who_held_a_device_holds_it_after_a_restart_and_nobody_else_gets_it(
    tenant: Tenant, client: Client, gpu_cluster: Status, part: str
) -> None:
    assert gpu_cluster.gpu_node is not None
    whole, small = tenant.run("whole", {WHOLE: 1}), tenant.run("small", {SMALL_PART: 1})
    before = [what_does_not_change(pod) for pod in (whole, small)]

    registered = registrations()

    kill(part)

    until(lambda: registrations() >= registered + len(UNITS))
    until(lambda: allocatable(client) == UNITS)
    second = tenant.run("second", {WHOLE: 1})
    tenant.add("third", {WHOLE: 1})
    assert tenant.why_pending("third") == FULL
    assert sorted(devices_seen(whole) + devices_seen(second)) == ["GPU-simulated-0", "GPU-simulated-1"]
    assert [what_does_not_change(tenant.get(name)) for name in ("whole", "small")] == before
    told = samples(gpu_cluster.gpu_node.address, UUID=devices_seen(whole)[0], pod="whole")
    assert told["DCGM_FI_DEV_XID_ERRORS"] == 0


def registrations() -> int:
    """How often the device plugin has told a kubelet of one of its resources."""
    said = localcluster.logs(NAME, "gpu-node/device-plugin")
    return sum("registered with the kubelet" in line for line in said)


def test_each_part_that_is_killed_comes_back_and_pods_notice_nothing(tenant: Tenant, client: Client) -> None:
    before = what_does_not_change(tenant.run("steady", {WHOLE: 1}))

    for part in parts():
        kill(part)

    until(lambda: localcluster.up(NAME).running)
    until(lambda: allocatable(client) == UNITS)
    assert what_does_not_change(tenant.get("steady")) == before


def test_a_dead_supervisor_is_told_and_healed_without_losing_pods(tenant: Tenant, client: Client) -> None:
    before = what_does_not_change(tenant.run("steady", {WHOLE: 1}))
    account = state.read(PLACES)
    assert account is not None
    first = state.read(Places(NAME))
    os.kill(account.pid, signal.SIGKILL)
    until(lambda: not localcluster.status(NAME).running)

    healed = localcluster.up(NAME)

    assert healed.node_ready
    assert state.read(Places(NAME)) == first
    until(lambda: allocatable(client) == UNITS)
    assert what_does_not_change(tenant.get("steady")) == before
    group = f"{PLACES.control_group}/{control_groups.SYSTEM}"
    account = state.read(PLACES)
    assert account is not None
    known = {account.pid, *(part.pid for part in parts().values())}
    until(lambda: control_groups.processes(group) <= known)


def test_up_on_a_running_cluster_changes_nothing(gpu_cluster: Status) -> None:
    before = [state.read(places) for places in (Places(NAME), PLACES)]

    again = localcluster.up(NAME)

    assert again.gpu_node == localcluster.status(NAME).gpu_node
    assert again.kubeconfig == gpu_cluster.kubeconfig
    assert [state.read(places) for places in (Places(NAME), PLACES)] == before


def test_other_devices_can_be_asked_for_and_the_labels_follow(tenant: Tenant, client: Client) -> None:
    before = what_does_not_change(tenant.run("steady", {WHOLE: 1}))
    try:
        changed = localcluster.up(NAME, gpu_node=GpuNode(family="l4", count=2, time_slices=2))

        assert changed.gpu_node is not None
        assert changed.gpu_node.family == "l4"
        until(lambda: {name: count for name, count in allocatable(client).items() if count} == {WHOLE: 4})
        labels = labels_of(client)
        assert labels["nvidia.com/gpu.product"] == "NVIDIA-L4-24GB-SIMULATED-SHARED"
        assert labels["falaj.dev/gpu-sharing"] == "time_slicing"
        assert [label for label in labels if "mig-" in label] == []
        sharers = [tenant.run(f"turn-{turn}", {WHOLE: 1}) for turn in range(3)]
        first, second, third = (device for pod in sharers for device in devices_seen(pod))
        assert {first, second} == {"GPU-simulated-0", "GPU-simulated-1"}
        sharer = "turn-0" if third == first else "turn-1"
        for pod in ("turn-2", sharer):
            assert samples(changed.gpu_node.address, UUID=third, pod=pod)["DCGM_FI_DEV_GPU_TEMP"] == 30
    finally:
        localcluster.up(NAME, gpu_node=GPUS)
    assert what_does_not_change(tenant.get("steady")) == before


def labels_of(client: Client) -> dict[str, str]:
    metadata = client.get(Node, NODE).metadata
    assert metadata is not None
    return dict(metadata.labels or {})


def test_the_node_says_what_it_is(client: Client, gpu_cluster: Status) -> None:
    node = client.get(Node, NODE)
    assert node.metadata is not None
    assert node.spec is not None
    labels = node.metadata.labels or {}

    assert labels["falaj.dev/simulated-gpu"] == "true"
    assert (node.metadata.annotations or {})["falaj.dev/simulated-gpu"].startswith("No GPU is in this node")
    assert labels["falaj.dev/pool"] == "gpu"
    assert [(taint.key, taint.value, taint.effect) for taint in node.spec.taints or []] == [
        ("nvidia.com/gpu", "present", "NoSchedule")
    ]
    assert gpu_cluster.gpu_node is not None
    assert gpu_cluster.gpu_node.allocatable == UNITS
    for part in ("device-plugin", "dcgm-exporter"):
        assert any("SIMULATED: no GPU is behind" in line for line in localcluster.logs(NAME, f"gpu-node/{part}"))
    listed = subprocess.run(
        [FALAJ, "cluster", "status", "--name", NAME], capture_output=True, text=True, check=True
    ).stdout
    assert (
        f"  gpu node    {NODE}, {gpu_cluster.gpu_node.address}, ready; simulated h100-80gb: "
        "2 nvidia.com/gpu, 4 nvidia.com/mig-1g.10gb, 1 nvidia.com/mig-3g.40gb\n" in listed
    )
