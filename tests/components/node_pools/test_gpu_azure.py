"""AKS node pools with GPUs: who installs the driver, how cards are divided, what boots, by exact values."""

from __future__ import annotations

from typing import Any

import pytest

from components.gpu.spec import GpuPool
from tests.components.cluster.examples import own_part
from tests.components.conftest import Run
from tests.components.gpu.wishes import GROUP, azure_wish, steps
from tests.components.node_pools.gpu_examples import make
from tests.fakes.golden import assert_golden

OPERATOR = {"image": "aks-ubuntu-driver-none", "driver_owner": "operator"}
MIG = {"sharing": "mig", "mig_layout": {"1g.12gb": 7}}
A100 = ("Standard_ND96amsr_A100_v4",)
AZURE_LINUX = {"image": "aks-azure-linux-driver-install", "acknowledge_experimental": True}


def pool_of(run: Run, wish: GpuPool, pool: str = "gpu") -> dict[str, Any]:
    plan = run(lambda: make(wish))
    return plan.of("azure-native:containerservice:AgentPool", f"{pool}-nodes").inputs


def test_its_plan_equals_the_snapshot(run: Run) -> None:
    assert_golden("aks_gpu_node_pool", own_part(run(lambda: make(azure_wish(MIG)), preview=True)))


@pytest.mark.parametrize(
    ("wish", "driver", "system"),
    [
        (azure_wish(), "Install", "Ubuntu"),
        (azure_wish(OPERATOR), "None", "Ubuntu"),
        (azure_wish(AZURE_LINUX, sizes=A100), "Install", "AzureLinux3"),
        (azure_wish(sizes=("Standard_NV6ads_A10_v5",)), "Install", "Ubuntu"),
    ],
)
def test_the_driver_is_never_left_to_a_default(run: Run, wish: GpuPool, driver: str, system: str) -> None:
    pool = pool_of(run, wish)

    assert pool["gpuProfile"] == {"driver": driver}
    assert (pool["osSKU"], pool["mode"]) == (system, "User")


@pytest.mark.parametrize(
    ("wish", "measured"),
    [(azure_wish(), True), (azure_wish(OPERATOR), True), (azure_wish(sizes=A100), False)],
)
def test_what_boots_is_measured_where_the_size_can_and_not_held_to_signatures(
    run: Run, wish: GpuPool, *, measured: bool
) -> None:
    assert pool_of(run, wish)["securityProfile"] == {
        "sshAccess": "Disabled",
        "enableSecureBoot": False,
        "enableVTPM": measured,
    }


@pytest.mark.parametrize(
    ("profile", "count", "told"),
    [
        ("1g.12gb", 7, "MIG1g"),
        ("2g.24gb", 3, "MIG2g"),
        ("3g.47gb", 2, "MIG3g"),
        ("4g.47gb", 1, "MIG4g"),
        ("7g.94gb", 1, "MIG7g"),
    ],
)
def test_aks_divides_cards_when_it_makes_the_pool(run: Run, profile: str, count: int, told: str) -> None:
    wish = azure_wish({"sharing": "mig", "mig_layout": {profile: count}})

    assert pool_of(run, wish)["gpuInstanceProfile"] == told


def test_the_manager_divides_cards_where_the_operator_owns_the_driver(run: Run) -> None:
    pool = pool_of(run, azure_wish({**OPERATOR, "sharing": "mig", "mig_layout": {"1g.12gb": 1, "3g.47gb": 1}}))

    assert "gpuInstanceProfile" not in pool
    assert pool["nodeLabels"]["nvidia.com/mig.config"] == "1x1g.12gb_1x3g.47gb"


def test_nodes_say_what_they_have_and_keep_no_mark_that_nobody_could_take_away(run: Run) -> None:
    pool = pool_of(run, azure_wish(tenant="acme"))

    assert pool["nodeLabels"] == {
        "falaj.dev/pool": "gpu",
        "falaj.dev/pool-name": "gpu",
        "falaj.dev/capacity": "on_demand",
        "falaj.dev/tenant": "acme",
        "falaj.dev/gpu-family": "h100-nvl-94gb",
        "falaj.dev/gpu-sharing": "whole",
        "nvidia.com/device-plugin.config": "not-shared",
    }
    assert pool["nodeTaints"] == ["falaj.dev/tenant=acme:NoSchedule", "nvidia.com/gpu=present:NoSchedule"]


def test_spot_machines_with_gpus_are_marked_twice(run: Run) -> None:
    pool = pool_of(run, azure_wish({"capacity": steps("spot")}), "gpus")

    assert (pool["scaleSetPriority"], pool["gpuProfile"]) == ("Spot", {"driver": "Install"})
    assert pool["nodeTaints"] == [
        "falaj.dev/capacity=spot:NoSchedule",
        "nvidia.com/gpu=present:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]
    assert "upgradeSettings" not in pool


def test_reserved_machines_come_from_the_group(run: Run) -> None:
    wish = azure_wish({"capacity": steps("reserved", "on_demand"), "reservation": {"id": GROUP}})
    plan = run(lambda: make(wish))
    reserved, free = (
        plan.of("azure-native:containerservice:AgentPool", f"{name}-nodes").inputs for name in ("gpur", "gpu")
    )

    assert reserved["capacityReservationGroupID"] == GROUP
    assert "capacityReservationGroupID" not in free
    assert (reserved["minCount"], free["minCount"]) == (1, 0)


@pytest.mark.parametrize(("surge", "told"), [(0, ("0", "1")), (33, ("33%", "0"))])
def test_without_a_surge_machines_are_exchanged_one_by_one(run: Run, surge: int, told: tuple[str, str]) -> None:
    settings = pool_of(run, azure_wish(surge_percent=surge))["upgradeSettings"]

    assert (settings["maxSurge"], settings["maxUnavailable"]) == told


NEW_POOL: list[GpuPool] = [
    azure_wish(OPERATOR),
    azure_wish(MIG),
    azure_wish({**OPERATOR, **MIG}),
    azure_wish({**OPERATOR, "sharing": "mig", "mig_layout": {"1g.12gb": 6}}),
    azure_wish({"sharing": "mig", "mig_layout": {"2g.24gb": 3}}),
    azure_wish(sizes=("Standard_NC80adis_H100_v5",)),
    azure_wish(zones=("1",)),
    azure_wish(tenant="acme"),
    azure_wish({"sharing": "mps", "replicas": 2}, tenant="acme"),
    azure_wish({"sharing": "mps", "replicas": 4}, tenant="acme"),
    azure_wish({"sharing": "time_slicing", "replicas": 4}, tenant="acme"),
]
IN_PLACE: list[GpuPool] = [
    azure_wish(minimum=0),
    azure_wish(maximum=9),
    azure_wish(kubernetes="1.37"),
    azure_wish(surge_percent=33),
    azure_wish({"capacity": steps("on_demand", minutes=30)}),
]


def test_another_driver_layout_size_or_way_of_sharing_is_another_pool(run: Run) -> None:
    found = [pool_of(run, wish)["agentPoolName"] for wish in [azure_wish(), *NEW_POOL]]

    assert len({*found}) == len(found)


def test_what_can_be_changed_in_place_is(run: Run) -> None:
    assert {pool_of(run, wish)["agentPoolName"] for wish in IN_PLACE} == {pool_of(run, azure_wish())["agentPoolName"]}
