"""AKS node pools: everything the issue asks of them, by exact values."""

from __future__ import annotations

from typing import Any

import pytest

from components.node_pools.azure import AksNodePool
from components.node_pools.spec import NodeOs, NodePoolSpec
from tests.components.cluster.examples import TAGS, azure_pool, own_part, placement, record_ignored
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan, Registration

SUBNET = "/subscriptions/x/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"


def make(spec: NodePoolSpec) -> None:
    AksNodePool("cpu", spec, resource_group="group", cluster_name="azure-uaenorth-prod", subnet=SUBNET)


def pool_of(plan: Plan) -> Registration:
    return plan.of("azure-native:containerservice:AgentPool", "cpu-nodes")


def test_its_plan_equals_the_snapshot(run: Run) -> None:
    assert_golden("aks_node_pool", own_part(run(lambda: make(azure_pool()), preview=True)))


def test_hosts_encrypt_and_no_machine_has_a_public_address(run: Run) -> None:
    pool = pool_of(run(lambda: make(azure_pool()))).inputs

    assert pool["enableEncryptionAtHost"] is True
    assert pool["enableNodePublicIP"] is False
    assert pool["vnetSubnetID"] == SUBNET


@pytest.mark.parametrize(("architecture", "signed"), [("x86_64", True), ("arm64", False)])
def test_machines_boot_signed_code_and_let_nobody_log_in(run: Run, architecture: str, *, signed: bool) -> None:
    assert pool_of(run(lambda: make(azure_pool(architecture=architecture)))).inputs["securityProfile"] == {
        "sshAccess": "Disabled",
        "enableSecureBoot": signed,
        "enableVTPM": signed,
    }


def test_disks_are_managed_so_that_our_key_encrypts_them(run: Run) -> None:
    pool = pool_of(run(lambda: make(azure_pool()))).inputs

    assert (pool["osDiskType"], pool["osDiskSizeGB"], pool["kubeletDiskType"]) == ("Managed", 128, "OS")


@pytest.mark.parametrize(("system", "expected"), [(NodeOs.AZURE_LINUX_3, "AzureLinux3"), (NodeOs.UBUNTU, "Ubuntu")])
def test_the_image_follows_the_system(run: Run, system: NodeOs, expected: str) -> None:
    pool = pool_of(run(lambda: make(azure_pool(os=system)))).inputs

    assert (pool["osSKU"], pool["osType"], pool["type"]) == (expected, "Linux", "VirtualMachineScaleSets")


def test_it_spans_the_zones_and_names_none_where_there_are_none(run: Run) -> None:
    assert pool_of(run(lambda: make(azure_pool()))).inputs["availabilityZones"] == ["1", "2", "3"]

    without = azure_pool(placement=placement("uaecentral"), zones=())
    assert "availabilityZones" not in pool_of(run(lambda: make(without))).inputs


def test_the_count_starts_at_the_minimum_and_then_belongs_to_the_autoscaler(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = record_ignored(monkeypatch)
    pool = pool_of(run(lambda: make(azure_pool())))

    scaling = {key: pool.inputs[key] for key in ("enableAutoScaling", "minCount", "maxCount", "count")}
    assert scaling == {"enableAutoScaling": True, "minCount": 3, "maxCount": 12, "count": 3}
    assert ignored["cpu-nodes"] == ("count",)


def test_new_nodes_come_before_old_ones_go(run: Run) -> None:
    assert pool_of(run(lambda: make(azure_pool(surge_percent=50)))).inputs["upgradeSettings"] == {
        "maxSurge": "50%",
        "maxUnavailable": "0",
        "drainTimeoutInMinutes": 30,
        "undrainableNodeBehavior": "Cordon",
    }


def test_spot_machines_are_marked_go_away_for_good_and_have_no_surge_which_azure_refuses(run: Run) -> None:
    pool = pool_of(run(lambda: make(azure_pool(capacity="spot")))).inputs

    assert (pool["scaleSetPriority"], pool["scaleSetEvictionPolicy"], pool["spotMaxPrice"]) == ("Spot", "Delete", -1)
    assert pool["nodeTaints"] == [
        "falaj.dev/capacity=spot:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]
    assert pool["nodeLabels"]["kubernetes.azure.com/scalesetpriority"] == "spot"
    assert "upgradeSettings" not in pool


@pytest.mark.parametrize(
    ("changes", "mode", "taints"),
    [
        ({}, "User", []),
        ({"role": "system"}, "System", ["CriticalAddonsOnly=true:NoSchedule"]),
        ({"tenant": "acme"}, "User", ["falaj.dev/tenant=acme:NoSchedule"]),
    ],
)
def test_the_mode_and_taints_follow_role_and_tenant(
    run: Run, changes: dict[str, Any], mode: str, taints: list[str]
) -> None:
    pool = pool_of(run(lambda: make(azure_pool(**changes)))).inputs

    assert (pool["mode"], pool.get("nodeTaints", [])) == (mode, taints)
    assert pool["nodeLabels"]["falaj.dev/pool"] == changes.get("role", "cpu")


def test_it_carries_the_tags_and_the_kubernetes_asked_for(run: Run) -> None:
    pool = pool_of(run(lambda: make(azure_pool()))).inputs

    assert pool["tags"] == {**TAGS, "stack": "azure-uaenorth-prod"}
    assert pool["orchestratorVersion"] == "1.34"


NEW_POOL: list[dict[str, Any]] = [
    {"sizes": ("Standard_D16s_v5",)},
    {"disk_gib": 256},
    {"zones": ("1", "2")},
    {"os": NodeOs.UBUNTU},
    {"architecture": "arm64"},
    {"capacity": "spot"},
    {"role": "system"},
    {"tenant": "acme"},
]
IN_PLACE: list[dict[str, Any]] = [
    {"minimum": 4},
    {"maximum": 20},
    {"kubernetes_version": "1.35"},
    {"surge_percent": 10},
]


@pytest.mark.parametrize("change", NEW_POOL, ids=str)
def test_a_change_that_needs_a_new_pool_makes_one_under_the_same_urn(run: Run, change: dict[str, Any]) -> None:
    before, after = run(lambda: make(azure_pool())), run(lambda: make(azure_pool(**change)))

    assert pool_of(before).inputs["agentPoolName"] != pool_of(after).inputs["agentPoolName"]
    assert [*before.resources] == [*after.resources]


@pytest.mark.parametrize("change", IN_PLACE, ids=str)
def test_a_change_that_needs_none_keeps_the_pool(run: Run, change: dict[str, Any]) -> None:
    before, after = run(lambda: make(azure_pool())), run(lambda: make(azure_pool(**change)))

    assert pool_of(before).inputs["agentPoolName"] == pool_of(after).inputs["agentPoolName"]


def test_it_says_what_the_machines_move(run: Run) -> None:
    flows = run(lambda: make(azure_pool())).of("falaj:index:AksNodePool", "cpu").inputs["dataFlows"]

    assert [(each["source"], each["sink"], each["channel"], each["region"]) for each in flows] == [
        ("nodes/cpu", "registry", "image_pull", "uaenorth"),
        ("nodes/cpu", "kubernetes-api", "control", "uaenorth"),
        ("nodes/cpu", "azure/compute", "telemetry", "uaenorth"),
    ]
