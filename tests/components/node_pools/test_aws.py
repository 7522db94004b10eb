"""EKS node pools: everything the issue asks of them, by exact values."""

from __future__ import annotations

from typing import Any

import pytest

from components.node_pools.aws import EksNodePool
from components.node_pools.spec import NodeOs, NodePoolSpec
from tests.components.cluster.examples import ACCOUNT, TAGS, aws_pool, record_ignored
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

DISK_KEY = f"arn:aws:kms:me-central-1:{ACCOUNT}:key/node-disks"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nodes"
POOL_TAGS = {**TAGS, "stack": "aws-me-central-1-prod"}


def make(spec: NodePoolSpec) -> None:
    EksNodePool(
        "cpu",
        spec,
        cluster_name="aws-me-central-1-prod",
        role=ROLE,
        subnets=["subnet-1", "subnet-2", "subnet-3"],
        security_group="sg-nodes",
        disk_key=DISK_KEY,
    )


def template_of(plan: Plan) -> dict[str, Any]:
    return plan.of("aws:ec2/launchTemplate:LaunchTemplate", "cpu-template").inputs


def group_of(plan: Plan) -> dict[str, Any]:
    return plan.of("aws:eks/nodeGroup:NodeGroup", "cpu-nodes").inputs


def test_its_plan_equals_the_snapshot(run: Run) -> None:
    assert_golden("eks_node_pool", run(lambda: make(aws_pool()), preview=True))


def test_pods_get_no_further_than_one_hop_to_the_machines_credentials(run: Run) -> None:
    assert template_of(run(lambda: make(aws_pool())))["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
        "instanceMetadataTags": "disabled",
    }


def disk(device: str, size: int) -> dict[str, Any]:
    return {
        "deviceName": device,
        "ebs": {
            "encrypted": "true",
            "kmsKeyId": DISK_KEY,
            "volumeType": "gp3",
            "volumeSize": size,
            "deleteOnTermination": "true",
        },
    }


@pytest.mark.parametrize(
    ("system", "disks"),
    [
        (NodeOs.AMAZON_LINUX_2023, [disk("/dev/xvda", 100)]),
        (NodeOs.BOTTLEROCKET, [disk("/dev/xvda", 4), disk("/dev/xvdb", 100)]),
    ],
)
def test_every_disk_lies_under_our_key(run: Run, system: NodeOs, disks: list[dict[str, Any]]) -> None:
    assert template_of(run(lambda: make(aws_pool(os=system))))["blockDeviceMappings"] == disks


def test_no_machine_has_a_public_address(run: Run) -> None:
    assert template_of(run(lambda: make(aws_pool())))["networkInterfaces"] == [
        {
            "deviceIndex": 0,
            "associatePublicIpAddress": "false",
            "deleteOnTermination": "true",
            "securityGroups": ["sg-nodes"],
        }
    ]


def test_machines_disks_and_interfaces_carry_the_tags(run: Run) -> None:
    plan = run(lambda: make(aws_pool()))
    tags = {**POOL_TAGS, "Name": group_of(plan)["nodeGroupName"]}

    assert template_of(plan)["tagSpecifications"] == [
        {"resourceType": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")
    ]
    assert template_of(plan)["tags"] == tags
    assert group_of(plan)["tags"] == tags


def test_eks_keeps_the_image_and_repairs_the_nodes(run: Run) -> None:
    plan = run(lambda: make(aws_pool()))

    assert "imageId" not in template_of(plan)
    assert "userData" not in template_of(plan)
    assert "keyName" not in template_of(plan)
    assert "remoteAccess" not in group_of(plan)
    assert group_of(plan)["nodeRepairConfig"] == {"enabled": True}
    assert group_of(plan)["version"] == "1.35"


@pytest.mark.parametrize(
    ("system", "architecture", "image"),
    [
        (NodeOs.AMAZON_LINUX_2023, "x86_64", "AL2023_x86_64_STANDARD"),
        (NodeOs.AMAZON_LINUX_2023, "arm64", "AL2023_ARM_64_STANDARD"),
        (NodeOs.BOTTLEROCKET, "x86_64", "BOTTLEROCKET_x86_64"),
        (NodeOs.BOTTLEROCKET, "arm64", "BOTTLEROCKET_ARM_64"),
    ],
)
def test_the_image_follows_system_and_architecture(run: Run, system: NodeOs, architecture: str, image: str) -> None:
    plan = run(lambda: make(aws_pool(os=system, architecture=architecture)))

    assert group_of(plan)["amiType"] == image


def test_new_nodes_come_before_old_ones_go(run: Run) -> None:
    assert group_of(run(lambda: make(aws_pool(surge_percent=50))))["updateConfig"] == {
        "maxUnavailablePercentage": 50,
        "updateStrategy": "DEFAULT",
    }


def test_the_count_starts_at_the_minimum_and_then_belongs_to_the_autoscaler(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = record_ignored(monkeypatch)
    group = run(lambda: make(aws_pool())).of("aws:eks/nodeGroup:NodeGroup", "cpu-nodes")

    assert group.inputs["scalingConfig"] == {"minSize": 3, "maxSize": 12, "desiredSize": 3}
    assert ignored["cpu-nodes"] == ("scalingConfig.desiredSize",)


@pytest.mark.parametrize(("capacity", "expected"), [("on_demand", "ON_DEMAND"), ("spot", "SPOT")])
def test_spot_is_asked_for_by_name_and_by_several_sizes(run: Run, capacity: str, expected: str) -> None:
    group = group_of(run(lambda: make(aws_pool(capacity=capacity))))

    assert group["capacityType"] == expected
    assert group["instanceTypes"] == ["m7i.2xlarge", "m6i.2xlarge"]
    assert group["labels"]["falaj.dev/capacity"] == capacity


def test_a_dedicated_pool_turns_everyone_elses_pods_away(run: Run) -> None:
    group = group_of(run(lambda: make(aws_pool(tenant="acme"))))

    assert group["taints"] == [{"key": "falaj.dev/tenant", "value": "acme", "effect": "NO_SCHEDULE"}]
    assert group["labels"]["falaj.dev/tenant"] == "acme"


def test_a_system_pool_is_kept_for_what_the_cluster_needs(run: Run) -> None:
    group = group_of(run(lambda: make(aws_pool(role="system"))))

    assert group["taints"] == [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}]
    assert group["labels"]["falaj.dev/pool"] == "system"


NEW_POOL: list[dict[str, Any]] = [
    {"sizes": ("m7i.4xlarge", "m6i.4xlarge")},
    {"sizes": ("m6i.2xlarge", "m7i.2xlarge")},
    {"disk_gib": 200},
    {"zones": ("mec1-az1", "mec1-az2")},
    {"os": NodeOs.BOTTLEROCKET},
    {"architecture": "arm64"},
    {"capacity": "spot"},
    {"role": "system"},
    {"tenant": "acme"},
]
IN_PLACE: list[dict[str, Any]] = [
    {"minimum": 4},
    {"maximum": 20},
    {"kubernetes_version": "1.36"},
    {"surge_percent": 10},
]


def names(plan: Plan) -> tuple[str, str]:
    return group_of(plan)["nodeGroupName"], template_of(plan)["name"]


@pytest.mark.parametrize("change", NEW_POOL, ids=str)
def test_a_change_that_needs_a_new_pool_makes_one_under_the_same_urn(run: Run, change: dict[str, Any]) -> None:
    before, after = run(lambda: make(aws_pool())), run(lambda: make(aws_pool(**change)))

    assert {*names(before)}.isdisjoint(names(after))
    assert [*before.resources] == [*after.resources]


@pytest.mark.parametrize("change", IN_PLACE, ids=str)
def test_a_change_that_needs_none_keeps_the_pool(run: Run, change: dict[str, Any]) -> None:
    before, after = run(lambda: make(aws_pool())), run(lambda: make(aws_pool(**change)))

    assert names(before) == names(after)


def test_it_says_what_the_machines_move(run: Run) -> None:
    flows = run(lambda: make(aws_pool())).of("falaj:index:EksNodePool", "cpu").inputs["dataFlows"]

    assert [(each["source"], each["sink"], each["channel"], each["region"]) for each in flows] == [
        ("nodes/cpu", "registry", "image_pull", "me-central-1"),
        ("nodes/cpu", "kubernetes-api", "control", "me-central-1"),
        ("nodes/cpu", "aws/ec2", "telemetry", "me-central-1"),
    ]
