"""What the operator's parts read: sharing, layouts of parts, measurements, packages; and the labels that choose."""

from __future__ import annotations

import csv
import re

import pytest
import yaml

from components.gpu.configuration import (
    COUNTERS,
    counters,
    layouts,
    package_sources,
    plugin_configurations,
    shares,
)
from components.gpu.node_labels import node_labels, plugin_config_name
from components.gpu.node_rules import node_rules
from components.gpu.spec import GpuSpec
from falaj.catalog.gpus import Sharing, gpu_families, mig_layout_name
from tests.components.gpu_runtime.examples import gpu, runtime

AL2023, BOTTLEROCKET, UBUNTU = "eks-al2023-nvidia", "eks-bottlerocket-nvidia", "eks-ubuntu-2404"
INSTALLED = "aks-ubuntu-driver-install"
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")


def test_each_way_of_sharing_has_a_configuration_and_nodes_without_one_share_nothing() -> None:
    spec = runtime(
        {"a": gpu(AL2023), "b": gpu(AL2023, Sharing.TIME_SLICING), "c": gpu(AL2023, Sharing.MPS, replicas=8)}
    )

    found = {name: yaml.safe_load(text) for name, text in plugin_configurations(spec, "none").items()}
    assert found == {
        "not-shared": {"version": "v1", "flags": {"migStrategy": "none"}},
        "time-slicing-4": {
            "version": "v1",
            "flags": {"migStrategy": "none"},
            "sharing": {
                "timeSlicing": {
                    "renameByDefault": False,
                    "failRequestsGreaterThanOne": True,
                    "resources": [{"name": "nvidia.com/gpu", "replicas": 4}],
                }
            },
        },
        "mps-8": {
            "version": "v1",
            "flags": {"migStrategy": "none"},
            "sharing": {
                "mps": {
                    "renameByDefault": False,
                    "failRequestsGreaterThanOne": True,
                    "resources": [{"name": "nvidia.com/gpu", "replicas": 8}],
                }
            },
        },
    }


@pytest.mark.parametrize(
    ("pool", "shared"),
    [
        (gpu(AL2023), False),
        (gpu(AL2023, Sharing.MIG), False),
        (gpu(AL2023, Sharing.MPS), True),
        (gpu(BOTTLEROCKET, Sharing.TIME_SLICING), False),
    ],
)
def test_only_the_operators_own_device_plugin_is_told_to_share(pool: GpuSpec, *, shared: bool) -> None:
    assert shares(runtime({"gpu": pool})) is shared


def test_layouts_are_those_of_the_pools_that_the_manager_divides() -> None:
    spec = runtime(
        {
            "a": gpu(AL2023, Sharing.MIG, mig_layout={"4g.40gb": 1, "1g.10gb+me": 1, "1g.10gb": 2}),
            "b": gpu(AL2023),
            "c": gpu(BOTTLEROCKET),
        }
    )

    assert yaml.safe_load(layouts(spec)) == {
        "version": "v1",
        "mig-configs": {
            "all-disabled": [{"devices": "all", "mig-enabled": False}],
            "2x1g.10gb_1x1g.10gb.me_1x4g.40gb": [
                {
                    "devices": "all",
                    "mig-enabled": True,
                    "mig-devices": {"1g.10gb": 2, "1g.10gb+me": 1, "4g.40gb": 1},
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        (gpu(AL2023), {"nvidia.com/mig.config": "all-disabled", "nvidia.com/device-plugin.config": "not-shared"}),
        (
            gpu(AL2023, Sharing.MIG),
            {"nvidia.com/mig.config": "7x1g.10gb", "nvidia.com/device-plugin.config": "not-shared"},
        ),
        (
            gpu(AL2023, Sharing.MPS),
            {"nvidia.com/mig.config": "all-disabled", "nvidia.com/device-plugin.config": "mps-4"},
        ),
        (
            gpu(BOTTLEROCKET),
            {
                "nvidia.com/gpu.deploy.driver": "false",
                "nvidia.com/gpu.deploy.container-toolkit": "false",
                "nvidia.com/gpu.deploy.device-plugin": "false",
                "nvidia.com/gpu.deploy.mig-manager": "false",
            },
        ),
        (gpu(INSTALLED, Sharing.MIG), {"nvidia.com/device-plugin.config": "not-shared"}),
        (gpu(INSTALLED, Sharing.TIME_SLICING), {"nvidia.com/device-plugin.config": "time-slicing-4"}),
        (gpu("eks-auto-mode"), {}),
        (gpu("eks-al2023"), {}),
    ],
)
def test_nodes_say_what_differs_from_pool_to_pool(pool: GpuSpec, expected: dict[str, str]) -> None:
    assert node_labels(pool) == expected


@pytest.mark.parametrize("pool", [gpu(AL2023, Sharing.TIME_SLICING), gpu(AL2023, Sharing.MPS), gpu(AL2023)])
def test_a_nodes_label_names_a_configuration_that_is_there(pool: GpuSpec) -> None:
    spec = runtime({"gpu": pool})

    assert node_labels(pool)["nvidia.com/device-plugin.config"] in plugin_configurations(spec, "none")
    assert node_labels(pool)["nvidia.com/mig.config"] in yaml.safe_load(layouts(spec))["mig-configs"]


def test_every_profile_of_every_card_can_stand_in_a_label() -> None:
    profiles = [name for family in gpu_families().values() for name in family.mig_profiles]

    assert profiles
    for profile in profiles:
        assert LABEL_VALUE.fullmatch(mig_layout_name({profile: 1})), profile
    assert LABEL_VALUE.fullmatch(plugin_config_name(gpu(AL2023, Sharing.TIME_SLICING)))


def test_bottlerocket_is_labelled_however_it_came_into_the_cluster() -> None:
    assert node_rules(runtime({"a": gpu(AL2023), "b": gpu(BOTTLEROCKET)})) == [
        {
            "name": "keep off bottlerocket what it brings itself",
            "labels": {
                "nvidia.com/gpu.deploy.driver": "false",
                "nvidia.com/gpu.deploy.container-toolkit": "false",
                "nvidia.com/gpu.deploy.device-plugin": "false",
                "nvidia.com/gpu.deploy.mig-manager": "false",
            },
            "matchFeatures": [
                {
                    "feature": "system.osrelease",
                    "matchExpressions": {"ID": {"op": "In", "value": ["bottlerocket"]}},
                },
                {"feature": "pci.device", "matchExpressions": {"vendor": {"op": "In", "value": ["10de"]}}},
            ],
        }
    ]
    assert node_rules(runtime({"a": gpu(AL2023)})) == []


def test_every_counter_is_a_row_of_three_columns() -> None:
    rows = list(csv.reader(counters().splitlines(), skipinitialspace=True))

    assert [len(row) for row in rows] == [3] * len(COUNTERS)
    assert {row[1] for row in rows} == {"gauge", "counter", "label"}
    assert len({row[0] for row in rows}) == len(rows)
    assert all(re.fullmatch(r"DCGM_FI_[A-Z0-9_]+", row[0]) for row in rows)


def test_parts_by_mig_have_counters_of_their_own() -> None:
    """Cards report no use of the whole once they are divided: engines do."""
    assert {"DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_FB_USED"} <= {field for field, *_ in COUNTERS}


def test_the_drivers_container_finds_packages_in_the_country() -> None:
    assert package_sources(runtime({"gpu": gpu(UBUNTU)})) == (
        "deb [arch=amd64] https://packages.bank.ae/ubuntu noble main universe\n"
        "deb [arch=amd64] https://packages.bank.ae/ubuntu noble-updates main universe\n"
        "deb [arch=amd64] https://packages.bank.ae/ubuntu noble-security main universe\n"
    )
    assert package_sources(runtime({"gpu": gpu(AL2023)})) is None
