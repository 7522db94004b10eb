"""EKS node pools with GPUs: image, start-up taint, reservation, what Bottlerocket and Ubuntu read, by exact values."""

from __future__ import annotations

import base64
import tomllib
from typing import Any

import pytest

from components.gpu.spec import GpuPool
from tests.components.conftest import Run
from tests.components.gpu.wishes import RESERVATION, aws_wish, h200_wish, steps
from tests.components.node_pools.gpu_examples import make
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

MIG = {"sharing": "mig", "mig_layout": {"1g.18gb": 7}}
BOTTLEROCKET = {"image": "eks-bottlerocket-nvidia"}
UBUNTU = {"image": "eks-ubuntu-2404", "driver_owner": "operator", "image_id": "ami-0123456789abcdef0"}
PLUGIN = "kubelet-device-plugins"


def group_of(plan: Plan, pool: str = "gpu") -> dict[str, Any]:
    return plan.of("aws:eks/nodeGroup:NodeGroup", f"{pool}-nodes").inputs


def template_of(plan: Plan, pool: str = "gpu") -> dict[str, Any]:
    return plan.of("aws:ec2/launchTemplate:LaunchTemplate", f"{pool}-template").inputs


def read_at_start(plan: Plan) -> str:
    return base64.b64decode(template_of(plan)["userData"]).decode()


def autoscaler_told(plan: Plan) -> dict[str, str]:
    tags = [each.inputs["tag"] for each in plan.typed("aws:autoscaling/tag:Tag")]
    assert not any(tag["propagateAtLaunch"] for tag in tags)
    return {tag["key"].removeprefix("k8s.io/cluster-autoscaler/node-template/"): tag["value"] for tag in tags}


def test_its_plan_equals_the_snapshot(run: Run) -> None:
    wish = h200_wish({**BOTTLEROCKET, **MIG})

    assert_golden("eks_gpu_node_pool", run(lambda: make(wish), preview=True))


@pytest.mark.parametrize(
    ("wish", "image"),
    [
        (aws_wish(), "AL2023_x86_64_NVIDIA"),
        (aws_wish(BOTTLEROCKET), "BOTTLEROCKET_x86_64_NVIDIA"),
    ],
)
def test_eks_keeps_the_image_with_its_driver(run: Run, wish: GpuPool, image: str) -> None:
    plan = run(lambda: make(wish))

    assert group_of(plan)["amiType"] == image
    assert group_of(plan)["version"] == "1.36"
    assert "imageId" not in template_of(plan)
    assert "userData" not in template_of(plan)


def test_nodes_say_what_they_have_and_turn_pods_away_until_it_can_be_had(run: Run) -> None:
    group = group_of(run(lambda: make(aws_wish(tenant="acme"))))

    assert group["labels"] == {
        "falaj.dev/pool": "gpu",
        "falaj.dev/pool-name": "gpu",
        "falaj.dev/capacity": "on_demand",
        "falaj.dev/tenant": "acme",
        "falaj.dev/gpu-family": "a10g",
        "falaj.dev/gpu-sharing": "whole",
        "nvidia.com/mig.config": "all-disabled",
        "nvidia.com/device-plugin.config": "not-shared",
        "k8s.amazonaws.com/accelerator": "nvidia-a10g",
    }
    assert group["taints"] == [
        {"key": "falaj.dev/tenant", "value": "acme", "effect": "NO_SCHEDULE"},
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"},
        {"key": "falaj.dev/gpu-not-ready", "value": "true", "effect": "NO_SCHEDULE"},
    ]


def test_what_an_image_brings_itself_stays_away_from_birth(run: Run) -> None:
    found = group_of(run(lambda: make(aws_wish(BOTTLEROCKET))))["labels"]

    assert {key: value for key, value in found.items() if key.startswith("nvidia.com/")} == {
        "nvidia.com/gpu.deploy.driver": "false",
        "nvidia.com/gpu.deploy.container-toolkit": "false",
        "nvidia.com/gpu.deploy.device-plugin": "false",
        "nvidia.com/gpu.deploy.mig-manager": "false",
    }


def test_bottlerocket_divides_cards_by_its_own_settings(run: Run) -> None:
    settings = tomllib.loads(read_at_start(run(lambda: make(h200_wish({**BOTTLEROCKET, **MIG})))))["settings"]

    assert settings == {
        PLUGIN: {"nvidia": {"device-partitioning-strategy": "mig", "mig": {"profile": {"h200.141gb": "1g.18gb"}}}}
    }


@pytest.mark.parametrize(
    ("sharing", "way", "more"),
    [("time_slicing", "time-slicing", {"fail-requests-greater-than-one": True}), ("mps", "mps", {})],
)
def test_bottlerocket_shares_gpus_under_the_name_that_pods_ask_for(
    run: Run, sharing: str, way: str, more: dict[str, bool]
) -> None:
    wish = aws_wish({**BOTTLEROCKET, "sharing": sharing, "replicas": 4}, tenant="acme")
    settings = tomllib.loads(read_at_start(run(lambda: make(wish))))["settings"]

    assert settings == {
        PLUGIN: {"nvidia": {"device-sharing-strategy": way, way: {"replicas": 4, "rename-by-default": False, **more}}}
    }


def test_an_image_of_ones_own_is_named_and_told_everything(run: Run) -> None:
    plan = run(lambda: make(aws_wish(UBUNTU)))

    assert template_of(plan)["imageId"] == "ami-0123456789abcdef0"
    assert {"amiType", "version"}.isdisjoint(group_of(plan))
    assert [each["deviceName"] for each in template_of(plan)["blockDeviceMappings"]] == ["/dev/sda1"]
    assert read_at_start(plan).splitlines() == [
        "#!/bin/bash",
        "set -euo pipefail",
        (
            "/etc/eks/bootstrap.sh aws-me-central-1-prod --kubelet-extra-args '--node-labels=falaj.dev/pool=gpu,"
            "falaj.dev/pool-name=gpu,falaj.dev/capacity=on_demand,falaj.dev/gpu-family=a10g,falaj.dev/gpu-sharing=whole,"
            "nvidia.com/mig.config=all-disabled,nvidia.com/device-plugin.config=not-shared,"
            "k8s.amazonaws.com/accelerator=nvidia-a10g "
            "--register-with-taints=nvidia.com/gpu=present:NoSchedule,falaj.dev/gpu-not-ready=true:NoSchedule'"
        ),
    ]


RESERVED = {"capacity": steps("reserved"), "reservation": {"id": RESERVATION, "zone": "mec1-az1"}}
BLOCK = {"capacity": steps("reserved"), "reservation": {"id": RESERVATION, "zone": "mec1-az1", "block": True}}


@pytest.mark.parametrize(
    ("gpu", "capacity", "market"),
    [(RESERVED, "ON_DEMAND", None), (BLOCK, "CAPACITY_BLOCK", {"marketType": "capacity-block"})],
)
def test_reserved_machines_start_in_the_reservation_alone(
    run: Run, gpu: dict[str, Any], capacity: str, market: dict[str, str] | None
) -> None:
    plan = run(lambda: make(h200_wish(gpu)))

    assert group_of(plan, "gpur")["capacityType"] == capacity
    assert template_of(plan, "gpur").get("instanceMarketOptions") == market
    assert template_of(plan, "gpur")["capacityReservationSpecification"] == {
        "capacityReservationTarget": {"capacityReservationId": RESERVATION}
    }


@pytest.mark.parametrize(
    ("surge", "update"),
    [
        (0, {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}),
        (50, {"maxUnavailablePercentage": 50, "updateStrategy": "DEFAULT"}),
    ],
)
def test_without_a_surge_machines_are_exchanged_one_by_one(run: Run, surge: int, update: dict[str, Any]) -> None:
    assert group_of(run(lambda: make(aws_wish(surge_percent=surge))))["updateConfig"] == update


def test_the_autoscaler_knows_the_limit_and_what_it_can_not_see(run: Run) -> None:
    limit = {"autoscaling-options/maxnodeprovisiontime": "15m0s"}
    mixed = {"sharing": "mig", "mig_layout": {"1g.18gb": 2, "2g.35gb": 1, "3g.71gb": 1}}

    assert autoscaler_told(run(lambda: make(h200_wish()))) == limit
    assert autoscaler_told(run(lambda: make(h200_wish(MIG)))) == {**limit, "resources/nvidia.com/gpu": "56"}
    assert autoscaler_told(run(lambda: make(h200_wish(mixed)))) == {
        **limit,
        "resources/nvidia.com/mig-1g.18gb": "16",
        "resources/nvidia.com/mig-2g.35gb": "8",
        "resources/nvidia.com/mig-3g.71gb": "8",
    }


def test_the_tags_lie_on_the_group_that_eks_made(run: Run) -> None:
    plan = run(lambda: make(aws_wish()))
    (tag,) = plan.typed("aws:autoscaling/tag:Tag")

    assert tag.inputs["autoscalingGroupName"].startswith(f"eks-{group_of(plan)['nodeGroupName']}-")


def test_cards_of_several_sizes_are_not_waited_for_as_whole_ones(run: Run) -> None:
    mixed = {"sharing": "mig", "mig_layout": {"1g.18gb": 1, "3g.71gb": 1}}

    assert "k8s.amazonaws.com/accelerator" not in group_of(run(lambda: make(h200_wish(mixed))))["labels"]
    assert group_of(run(lambda: make(h200_wish(MIG))))["labels"]["k8s.amazonaws.com/accelerator"] == "nvidia-h200-141gb"


NEW_POOL: list[GpuPool] = [
    h200_wish(),
    h200_wish({**MIG, "mig_layout": {"2g.35gb": 3}}),
    h200_wish({**MIG, **BOTTLEROCKET}),
    h200_wish({**MIG, **UBUNTU}),
    h200_wish({**MIG, **UBUNTU, "image_id": "ami-0123456789abcdef1"}),
    h200_wish(MIG, zones=("mec1-az3",)),
    h200_wish(MIG, tenant="acme"),
    aws_wish(),
    aws_wish(sizes=("g6.xlarge",)),
    aws_wish({"sharing": "mps", "replicas": 2}, tenant="acme"),
    aws_wish({"sharing": "mps", "replicas": 4}, tenant="acme"),
    aws_wish({"sharing": "time_slicing", "replicas": 4}, tenant="acme"),
]
IN_PLACE: list[GpuPool] = [
    h200_wish(MIG, minimum=0),
    h200_wish(MIG, maximum=9),
    h200_wish(MIG, kubernetes="1.35"),
    h200_wish(MIG, surge_percent=33),
    h200_wish({**MIG, "capacity": steps("on_demand", minutes=30)}),
    h200_wish({**MIG, "vcpu_quota": 10_000}),
]


def names(run: Run, wish: GpuPool) -> tuple[str, str]:
    plan = run(lambda: make(wish))
    return group_of(plan)["nodeGroupName"], template_of(plan)["name"]


def test_another_driver_layout_size_or_way_of_sharing_is_another_pool(run: Run) -> None:
    found = [names(run, wish) for wish in [h200_wish(MIG), *NEW_POOL]]

    assert len({group for group, _ in found}) == len({template for _, template in found}) == len(found)


def test_what_can_be_changed_in_place_is(run: Run) -> None:
    assert {names(run, wish) for wish in IN_PLACE} == {names(run, h200_wish(MIG))}


def test_another_reservation_is_another_pool(run: Run) -> None:
    other = {**RESERVED, "reservation": {"id": "cr-0123456789abcdef1", "zone": "mec1-az1"}}
    one, two = run(lambda: make(h200_wish(RESERVED))), run(lambda: make(h200_wish(other)))

    assert group_of(one, "gpur")["nodeGroupName"] != group_of(two, "gpur")["nodeGroupName"]
