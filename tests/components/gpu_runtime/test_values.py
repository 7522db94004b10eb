"""The values of the operator's chart: every row of the matrix, by every way of sharing, for every release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from components.gpu.node_labels import node_labels
from components.gpu.values import values
from falaj.catalog.gpus import Sharing
from falaj.catalog.recipes import node_images
from tests.components.gpu_runtime.examples import MIRRORED, NEWEST, REGISTRY, RELEASES, ROWS, gpu, runtime

OUTLINE = yaml.safe_load((Path(__file__).parent / "chart_outline.yaml").read_text(encoding="utf-8"))
BY_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
KINDS = {"flag": bool, "text": str, "list": list, "map": dict}
RUNS = {
    "eks-al2023-nvidia": {"devicePlugin", "gfd", "dcgmExporter", "nfd"},
    "eks-bottlerocket-nvidia": {"gfd", "dcgmExporter", "nfd"},
    "eks-ubuntu-2404": {"driver", "toolkit", "devicePlugin", "gfd", "dcgmExporter", "nfd"},
    "aks-ubuntu-driver-none": {"driver", "toolkit", "devicePlugin", "gfd", "dcgmExporter", "nfd"},
    "aks-ubuntu-driver-install": {"devicePlugin", "gfd", "dcgmExporter", "nfd"},
    "aks-azure-linux-driver-install": {"devicePlugin", "gfd", "dcgmExporter", "nfd"},
}
"""Which parts of the chart are on, by node image; the MIG manager joins where it divides cards."""


def leaves(tree: dict[str, Any], outline: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any, str | None]]:
    """Every value that is set, with what the outline says it is; None where the chart has no such path."""
    for key, value in tree.items():
        known = outline.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            yield from leaves(value, known, f"{path}{key}.")
        else:
            yield f"{path}{key}", value, known if isinstance(known, str) else None


def outline_of(release: str) -> dict[str, Any]:
    return {**OUTLINE["values"], **OUTLINE["since"].get(release, {})}


def on(made: dict[str, Any]) -> set[str]:
    return {key for key, value in made.items() if isinstance(value, dict) and value.get("enabled") is True} - {"cdi"}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("image", "sharing"), ROWS)
def test_a_row_of_the_matrix_decides_what_runs(image: str, sharing: Sharing, release: str) -> None:
    made = values(runtime({"gpu": gpu(image, sharing)}, release))

    divided = {"migManager"} if (sharing, node_images()[image].mig_by) == (Sharing.MIG, "manager") else set()
    assert on(made) == RUNS[image] | divided


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("image", "sharing"), ROWS)
def test_every_value_is_one_that_the_chart_knows(image: str, sharing: Sharing, release: str) -> None:
    made = values(runtime({"gpu": gpu(image, sharing)}, release))

    for path, value, known in leaves(made, outline_of(release)):
        assert known is not None, f"{path} is no value of the chart"
        assert isinstance(value, KINDS[known]), f"{path} is {value!r}, not a {known}"


def test_the_outline_of_the_chart_names_nothing_that_no_row_sets() -> None:
    def flat(tree: dict[str, Any], path: str = "") -> Iterator[str]:
        for key, value in tree.items():
            yield from flat(value, f"{path}{key}.") if isinstance(value, dict) else (f"{path}{key}",)

    set_somewhere = {
        path
        for image, sharing in ROWS
        for path, *_ in leaves(values(runtime({"gpu": gpu(image, sharing)}, "26.7.0")), outline_of("26.7.0"))
    }
    assert set(flat(outline_of("26.7.0"))) == set_somewhere


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("image", "sharing"), ROWS)
def test_every_image_lies_in_the_environments_registry_and_what_runs_has_a_digest(
    image: str, sharing: Sharing, release: str
) -> None:
    made = values(runtime({"gpu": gpu(image, sharing)}, release))

    for key, part in {**made, "driver.manager": made["driver"]["manager"]}.items():
        if not isinstance(part, dict) or "repository" not in part:
            continue
        assert part["repository"].startswith(REGISTRY), key
        if part.get("enabled", key in ("operator", "validator")):
            assert BY_DIGEST.search(pulled(part)), key
        else:
            assert BY_DIGEST.search(pulled(part)) or pulled(part) == f"{REGISTRY}/not-mirrored:none", key
    discovery = made["node-feature-discovery"]["image"]
    assert f"{discovery['repository']}:{discovery['tag']}".startswith(f"{MIRRORED}/node-feature-discovery@sha256:000")


def pulled(part: dict[str, Any]) -> str:
    """The image as the operator and the chart's templates put it together."""
    mark = "@" if part["version"].startswith("sha256:") else ":"
    return f"{part['repository']}/{part['image']}{mark}{part['version']}"


@pytest.mark.parametrize("image", sorted(RUNS))
def test_no_node_ever_has_two_device_plugins_or_two_drivers(image: str) -> None:
    row, made = node_images()[image], values(runtime({"gpu": gpu(image)}))
    labels = node_labels(gpu(image))

    plugins = (made["devicePlugin"]["enabled"] and labels.get("nvidia.com/gpu.deploy.device-plugin") != "false") + (
        row.ships_device_plugin
    )
    drivers = (made["driver"]["enabled"] and labels.get("nvidia.com/gpu.deploy.driver") != "false") + (
        row.driver_owner == "image"
    )
    assert (plugins, drivers) == (1, 1)


@pytest.mark.parametrize("pair", list(combinations(ROWS, 2)), ids=str)
def test_two_pools_either_run_under_one_configuration_or_are_refused(
    pair: tuple[tuple[str, Sharing], tuple[str, Sharing]],
) -> None:
    pools = {name: gpu(*row) for name, row in zip("ab", pair, strict=True)}
    rows = [node_images()[image] for image, _ in pair]
    if len({row.target for row in rows}) == 2:
        return
    legal = len({row.driver_owner for row in rows}) == 1 and (
        rows[0].target == "eks" or len({row.os.partition(",")[0] for row in rows}) == 1
    )
    if not legal:
        with pytest.raises(ValidationError, match=r"allowed: one (owner|operating system)"):
            runtime(pools)
        return
    made = values(runtime(pools))
    for (image, _), pool in zip(pair, pools.values(), strict=True):
        off = {key for key, value in node_labels(pool).items() if value == "false"}
        here = {part for part in ("driver", "toolkit", "devicePlugin") if made[part]["enabled"]}
        names = {"driver": "driver", "toolkit": "container-toolkit", "devicePlugin": "device-plugin"}
        runs = {part for part in here if f"nvidia.com/gpu.deploy.{names[part]}" not in off}
        assert runs == RUNS[image] & set(names), image


def test_devices_reach_a_container_by_no_other_way_than_the_device_plugin() -> None:
    made = values(runtime({"gpu": gpu("eks-ubuntu-2404")}))

    assert made["cdi"] == {"enabled": True, "nriPluginEnabled": False}
    assert made["toolkit"]["env"] == [
        {"name": "ACCEPT_NVIDIA_VISIBLE_DEVICES_ENVVAR_WHEN_UNPRIVILEGED", "value": "false"},
        {"name": "ACCEPT_NVIDIA_VISIBLE_DEVICES_AS_VOLUME_MOUNTS", "value": "false"},
    ]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("eks-al2023-nvidia", "nvidia"),
        ("eks-ubuntu-2404", "nvidia"),
        ("aks-ubuntu-driver-none", "nvidia"),
        ("aks-ubuntu-driver-install", "nvidia-container-runtime"),
        ("aks-azure-linux-driver-install", "nvidia-container-runtime"),
    ],
)
def test_the_operators_pods_run_in_the_class_that_the_nodes_runtime_knows(image: str, expected: str) -> None:
    assert values(runtime({"gpu": gpu(image)}))["operator"]["runtimeClass"] == expected


@pytest.mark.parametrize("image", ["eks-al2023-nvidia", "eks-ubuntu-2404", "aks-ubuntu-driver-none"])
def test_the_mig_manager_starts_nodes_anew_and_reads_our_layouts(image: str) -> None:
    made = values(runtime({"gpu": gpu(image, Sharing.MIG)}))

    assert made["migManager"]["env"] == [{"name": "WITH_REBOOT", "value": "true"}]
    assert made["migManager"]["config"] == {"create": False, "name": "gpu-layouts", "default": "all-disabled"}


@pytest.mark.parametrize(
    ("layouts", "strategy"),
    [
        ([], "none"),
        ([{"1g.10gb": 7}], "single"),
        ([{"1g.10gb": 3, "4g.40gb": 1}], "mixed"),
        ([{"1g.10gb": 7}, {"3g.40gb": 2}], "single"),
    ],
)
def test_parts_of_one_size_are_handed_out_as_gpus_and_of_several_sizes_by_name(
    layouts: list[dict[str, int]], strategy: str
) -> None:
    pools = {"whole": gpu("eks-al2023-nvidia")}
    pools |= {f"mig{n}": gpu("eks-al2023-nvidia", Sharing.MIG, mig_layout=one) for n, one in enumerate(layouts)}

    assert values(runtime(pools))["mig"] == {"strategy": strategy}


def test_the_driver_is_built_with_open_modules_from_packages_of_the_country_and_never_changed_under_pods() -> None:
    driver = values(runtime({"gpu": gpu("eks-ubuntu-2404")}))["driver"]

    assert driver["kernelModuleType"] == "open"
    assert driver["repoConfig"] == {"configMapName": "gpu-driver-packages"}
    assert driver["upgradePolicy"] == {"autoUpgrade": False}
    assert driver["usePrecompiled"] is False


def test_measurements_carry_tenant_endpoint_tier_and_model_of_the_pod() -> None:
    exporter = values(runtime({"gpu": gpu("eks-al2023-nvidia")}))["dcgmExporter"]

    assert exporter["enablePodLabels"] is True
    allowed = [re.compile(pattern) for pattern in exporter["podLabelAllowlistRegex"]]
    found = ["falaj.dev/tenant", "app.kubernetes.io/name", "falaj.dev/tier", "falaj.dev/model-name"]
    assert [pattern.pattern for pattern in allowed for label in found if pattern.search(label)] == [
        pattern.pattern for pattern in allowed
    ]
    assert not any(pattern.search(label) for pattern in allowed for label in ("falaj.dev/owner", "xfalaj.dev/tenant"))
    assert exporter["annotations"] == {"prometheus.io/scrape": "true", "prometheus.io/port": "9400"}
    assert exporter["serviceMonitor"] == {"enabled": False}
    assert exporter["config"] == {"create": False, "name": "gpu-counters"}


@pytest.mark.parametrize(
    ("image", "keys"),
    [
        ("eks-al2023-nvidia", []),
        ("aks-ubuntu-driver-install", ["kubernetes.azure.com/scalesetpriority"]),
    ],
)
def test_the_operators_parts_tolerate_every_taint_of_a_node_with_gpus(image: str, keys: list[str]) -> None:
    made = values(runtime({"gpu": gpu(image)}))

    expected = ["nvidia.com/gpu", "falaj.dev/gpu-not-ready", "falaj.dev/tenant", "falaj.dev/capacity", *keys]
    for found in (made["daemonsets"], made["node-feature-discovery"]["worker"]):
        assert [each["key"] for each in found["tolerations"]] == expected
        assert all(each["operator"] == "Exists" for each in found["tolerations"])


@pytest.mark.parametrize("release", RELEASES)
def test_the_chart_makes_one_policy_and_never_both(release: str) -> None:
    made = values(runtime({"gpu": gpu("eks-al2023-nvidia")}, release))

    asked = (made.get("clusterPolicy"), made.get("gpuCluster"))
    assert asked == ((None, None) if release == NEWEST else ({"deployCR": True}, {"deployCR": False}))


def test_definitions_are_left_to_their_own_step() -> None:
    operator = values(runtime({"gpu": gpu("eks-al2023-nvidia")}))["operator"]

    assert (operator["upgradeCRD"], operator["cleanupCRD"]) == (False, False)
