"""What is refused of the runtime of a cluster as a whole, each with the sentence that mends it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.gpu.runtime_legality import reasons
from components.gpu.runtime_spec import GpuRuntimeSpec, package_reasons
from components.gpu.sources import missing
from components.gpu.spec import GpuSpec
from falaj.catalog.gpu_operator_images import Part, gpu_operator_images
from falaj.catalog.gpu_software import gpu_operators
from falaj.catalog.gpus import Sharing
from falaj.catalog.recipes import DriverOwner, node_images
from tests.components.gpu_runtime.examples import MIRRORED, NEWEST, REGISTRY, gpu, images, runtime

AL2023, BOTTLEROCKET, UBUNTU = "eks-al2023-nvidia", "eks-bottlerocket-nvidia", "eks-ubuntu-2404"
FREE, INSTALLED, AZURE_LINUX = "aks-ubuntu-driver-none", "aks-ubuntu-driver-install", "aks-azure-linux-driver-install"
ON_EKS = f"{AL2023}, {BOTTLEROCKET}, {UBUNTU}"


def sentences(
    pools: dict[str, GpuSpec], target: str = "eks", kubernetes: str = "1.36", operator: str = NEWEST
) -> list[str]:
    return [str(each) for each in reasons(pools, target=target, kubernetes=kubernetes, operator=operator)]


def test_pools_whose_differences_labels_can_say_are_legal() -> None:
    pools = {"a": gpu(AL2023), "b": gpu(BOTTLEROCKET, Sharing.MIG), "c": gpu(AL2023, Sharing.TIME_SLICING)}

    assert sentences(pools) == []


@pytest.mark.parametrize(
    ("pools", "target", "expected"),
    [
        (
            {"a": gpu(AL2023), "b": gpu(UBUNTU)},
            "eks",
            [
                (
                    "the driver is owned by image (a), operator (b), allowed: one owner in a cluster, because every "
                    "device plugin is sent to the operator's toolkit once it installs one; choose images of one owner, "
                    "or make the other pool in a cluster of its own."
                ),
            ],
        ),
        (
            {"a": gpu(INSTALLED), "b": gpu(AZURE_LINUX)},
            "aks",
            [
                (
                    "pools run Ubuntu 24.04 (a), Azure Linux 3.0 (b), allowed: one operating system with GPUs in an "
                    "AKS cluster, because the operator takes all nodes for the same; make the other pool in a cluster "
                    "of its own."
                ),
            ],
        ),
        (
            {"a": gpu("eks-auto-mode")},
            "eks",
            [
                (
                    "pool a runs EKS Auto Mode, where the provider runs the device plugin and the GPU operator would "
                    f"start a second one, allowed: {ON_EKS}; beside the provider's own, only the DCGM exporter."
                ),
            ],
        ),
        (
            {"a": gpu("eks-al2023")},
            "eks",
            [
                (
                    "pool a runs Amazon Linux 2023, which has no GPU driver and gets none from the operator, "
                    f"allowed: {ON_EKS}."
                ),
            ],
        ),
        ({"a": gpu(INSTALLED)}, "eks", [f"pool a runs {INSTALLED}, allowed in eks: {ON_EKS}."]),
        ({}, "eks", ["no pool has GPUs, allowed: one or more; without any, leave the GPU runtime out."]),
        (
            {
                "a": gpu(AL2023, Sharing.MIG),
                "b": gpu(AL2023, Sharing.MIG, mig_layout={"1g.10gb": 3, "4g.40gb": 1}),
            },
            "eks",
            [
                (
                    "MIG is single (a), mixed (b), allowed: one of single and mixed in a cluster, because the device "
                    "plugin has one strategy; give every pool with MIG parts of one size, or each parts of several "
                    "sizes, or make the other pool in a cluster of its own."
                ),
            ],
        ),
    ],
)
def test_pools_that_one_operator_cannot_serve_are_refused(
    pools: dict[str, GpuSpec], target: str, expected: list[str]
) -> None:
    assert sentences(pools, target) == expected


@pytest.mark.parametrize(
    ("kubernetes", "operator", "expected"),
    [
        ("1.36", "24.9.0", "GPU operator 24.9.0, allowed: 26.3.3, 26.7.0."),
        ("1.32", "26.7.0", "GPU operator 26.7.0 on Kubernetes 1.32, allowed: 1.33 to 1.36, as validated."),
        ("1.37", "26.3.3", "GPU operator 26.3.3 on Kubernetes 1.37, allowed: 1.32 to 1.36, as validated."),
    ],
)
def test_an_operator_that_nobody_validated_there_is_refused(kubernetes: str, operator: str, expected: str) -> None:
    assert sentences({"a": gpu(AL2023)}, kubernetes=kubernetes, operator=operator) == [expected]


def mirrored(pools: list[GpuSpec], *, chart: str | None = None, driver: str | None = None, **named: str) -> list[str]:
    given = {Part(part): name for part, name in named.items()}
    return [str(each) for each in missing(pools, NEWEST, chart=chart, images=given, driver=driver)]


def form(name: str, tag: str) -> str:
    return f"<registry>/…/{name}:{tag}@sha256:<64 hex>"


def test_what_is_not_mirrored_is_said_part_by_part() -> None:
    chart = form("gpu-operator", "v26.3.3")
    assert mirrored([gpu(AL2023)]) == [
        f"nothing for chart; GPU operator 26.3.3 needs gpu-operator:v26.3.3, named as {chart}.",
        f"nothing for images.operator; GPU operator 26.3.3 needs gpu-operator:v26.3.3, named as {chart}.",
        (
            "nothing for images.device_plugin; GPU operator 26.3.3 needs k8s-device-plugin:v0.19.3, "
            f"named as {form('k8s-device-plugin', 'v0.19.3')}."
        ),
        (
            "nothing for images.dcgm_exporter; GPU operator 26.3.3 needs dcgm-exporter:4.5.3-4.8.2-distroless, "
            f"named as {form('dcgm-exporter', '4.5.3-4.8.2-distroless')}."
        ),
        (
            "nothing for images.node_feature_discovery; GPU operator 26.3.3 needs node-feature-discovery:v0.18.3, "
            f"named as {form('node-feature-discovery', 'v0.18.3')}."
        ),
    ]


@pytest.mark.parametrize(
    ("pool", "parts"),
    [
        (gpu(AL2023), []),
        (gpu(AL2023, Sharing.MIG), ["mig_manager"]),
        (gpu(BOTTLEROCKET, Sharing.MIG), []),
        (gpu(INSTALLED, Sharing.MIG), []),
        (gpu(UBUNTU), ["driver", "driver_manager", "toolkit"]),
        (gpu(FREE, Sharing.MIG), ["driver", "driver_manager", "toolkit", "mig_manager"]),
    ],
)
def test_only_what_runs_has_to_be_mirrored(pool: GpuSpec, parts: list[str]) -> None:
    usual = {"operator", "device_plugin", "dcgm_exporter", "node_feature_discovery"}
    spec = runtime({"gpu": pool})

    assert [part for part in spec.parts if part not in usual] == parts


def test_the_drivers_tag_is_made_of_its_version_and_the_nodes_system() -> None:
    (said,) = [each for each in mirrored([gpu(UBUNTU)], driver="580.178.04") if "images.driver;" in each]

    assert "needs driver:580.178.04-ubuntu24.04, named" in said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{MIRRORED}/container-toolkit:v1.19.1@sha256:{'a' * 64}", None),
        (f"{MIRRORED}/container-toolkit@sha256:{'a' * 64}", None),
        (
            f"{MIRRORED}/container-toolkit:v1.18.0@sha256:{'a' * 64}",
            "is not what GPU operator 26.3.3 was published with",
        ),
        (
            f"{MIRRORED}/k8s-device-plugin:v1.19.1@sha256:{'a' * 64}",
            "is not what GPU operator 26.3.3 was published with",
        ),
        (f"{MIRRORED}/container-toolkit:v1.19.1", "has no digest"),
    ],
)
def test_another_release_another_part_and_a_bare_tag_are_refused(name: str, expected: str | None) -> None:
    found = [each for each in mirrored([gpu(UBUNTU)], toolkit=name) if "container-toolkit" in each]

    wanted = [] if expected is None else [f"{name} {expected}, allowed: {form('container-toolkit', 'v1.19.1')}."]
    assert found == wanted


def test_an_image_from_another_registry_is_refused() -> None:
    elsewhere = f"registry.example.com/nvidia/k8s-device-plugin@sha256:{'a' * 64}"

    with pytest.raises(ValidationError) as refused:
        runtime({"gpu": gpu(AL2023)}, images=images() | {Part.DEVICE_PLUGIN: elsewhere})
    assert f"Value error, {elsewhere}, allowed: below {REGISTRY}; run: falaj mirror -s STACK." in str(refused.value)


def test_a_driver_that_the_operator_builds_needs_a_mirror_of_packages() -> None:
    (reason,) = package_reasons({"gpu": gpu(UBUNTU)}, None)

    assert str(reason) == (
        "no mirror of packages for pools gpu, whose driver the operator builds on the node, allowed: one in the "
        "country; or choose an image that brings its driver."
    )


@pytest.mark.parametrize(
    ("image", "driver", "expected"),
    [
        (
            AL2023,
            "580.178.04",
            "driver 580.178.04, allowed: none, because the node image of every pool brings its own.",
        ),
        (UBUNTU, None, "no driver for pools gpu, allowed: a version of branch 535, 570, 580, 590, 595, 610."),
        (
            UBUNTU,
            "550.90.07",
            "driver 550.90.07 with GPU operator 26.3.3, allowed: branch 535, 570, 580, 590, 595, 610.",
        ),
    ],
)
def test_a_driver_is_named_exactly_where_the_operator_installs_it(
    image: str, driver: str | None, expected: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        runtime({"gpu": gpu(image)}, driver=driver)
    assert f"Value error, {expected} [type" in str(refused.value)


def test_a_misspelt_field_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="drivr"):
        runtime({"gpu": gpu(AL2023)}, drivr="580.178.04")


@pytest.mark.parametrize("field", ["values", "driver_enabled", "toolkit", "device_plugin"])
def test_no_field_switches_a_part_on_or_off(field: str) -> None:
    asked = runtime({"gpu": gpu(AL2023)}).model_dump()

    with pytest.raises(ValidationError, match=rf"{field}\n  Extra inputs are not permitted"):
        GpuRuntimeSpec(**asked, **{field: True})


@pytest.mark.parametrize("release", list(gpu_operator_images()))
def test_a_releases_images_are_those_it_was_validated_with(release: str) -> None:
    published, validated = gpu_operator_images()[release], gpu_operators()[release]

    assert published.chart.version == f"v{release}"
    assert published.images[Part.OPERATOR].tag == f"v{release}"
    assert published.images[Part.TOOLKIT].tag == f"v{validated.toolkit}"
    assert published.images[Part.DEVICE_PLUGIN].tag == f"v{validated.device_plugin}"


def test_images_of_one_owner_differ_by_nothing_that_labels_cannot_say() -> None:
    for owner in (DriverOwner.IMAGE, DriverOwner.OPERATOR):
        rows = [image for image in node_images().values() if image.driver_owner is owner]
        for part in ("driver", "toolkit", "device_plugin"):
            runs = {getattr(image.gpu_operator, part) for image in rows}
            quiet = [image for image in rows if not getattr(image.gpu_operator, part)]
            assert len(runs) == 1 or all(
                image.gpu_operator is not None and image.gpu_operator.switched_off_by == "node_labels"
                for image in quiet
            ), part


def test_pools_that_need_their_gpus_hidden_are_those_whose_image_does_not() -> None:
    assert runtime({"a": gpu(INSTALLED)}).unhidden == ("a",)
    assert runtime({"a": gpu(AL2023), "b": gpu(BOTTLEROCKET)}).unhidden == ()
    assert {gpu(image).driver_owner for image in (UBUNTU, FREE)} == {DriverOwner.OPERATOR}
