"""Which versions may stand beside each other: every rule refuses what it is about, and says what mends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.recipes.matrix import faults, minors_between, releases_between
from falaj.recipes.state import ClusterVersions, GpuPool, at

EKS = at(gpu_recipes()["eks-1.36-al2023"])
AKS = at(gpu_recipes()["aks-1.36-ubuntu"])
UBUNTU = at(gpu_recipes()["eks-1.36-ubuntu"])


def with_pool(cluster: ClusterVersions, **changed: str) -> ClusterVersions:
    return replace(cluster, gpu=(replace(cluster.gpu[0], **changed),))


@pytest.mark.parametrize("name", list(gpu_recipes()))
def test_every_locked_recipe_is_legal(name: str) -> None:
    assert faults(at(gpu_recipes()[name])) == ()


@pytest.mark.parametrize(
    ("cluster", "sentence"),
    [
        (
            replace(EKS, definitions="25.10.1"),
            "Definitions of 25.10.1 don't serve GPU operator 26.3.3; apply those of its own release first.",
        ),
        (
            replace(
                with_pool(EKS, minor="1.34"),
                gpu_operator="25.10.1",
                definitions="26.7.0",
                control_plane="1.34",
                system="1.34",
                cpu="1.34",
            ),
            "Definitions of 26.7.0 don't serve GPU operator 25.10.1; apply those of its own release first.",
        ),
        (
            replace(EKS, control_plane="1.37"),
            (
                "GPU operator 26.3.3 was validated with Kubernetes 1.32 to 1.36, not with 1.37; "
                "change the one that is further behind first."
            ),
        ),
        (
            replace(EKS, cpu="1.37"),
            "The CPU pools at 1.37 is newer than the control plane at 1.36; raise that first.",
        ),
        (
            replace(EKS, system="1.32"),
            "The system pool at 1.32 is 4 minors behind the control plane at 1.36; raise it first: 3 are allowed.",
        ),
        (
            with_pool(EKS, node_image="aks-ubuntu-driver-install"),
            "Node image aks-ubuntu-driver-install is of aks, the cluster of eks; choose another.",
        ),
        (
            with_pool(EKS, minor="1.33"),
            "Node image eks-al2023-nvidia is offered for Kubernetes 1.34 to 1.37, not for 1.33; choose another.",
        ),
        (
            with_pool(UBUNTU, driver="550.163.01"),
            "Driver branch 550 is not in the catalog; choose one of 535, 570, 580, 590, 595, 610.",
        ),
        (
            replace(
                with_pool(UBUNTU, driver="570.211.01"),
                definitions="26.7.0",
                gpu_operator="26.7.0",
                triton="25.07",
            ),
            "GPU operator 26.7.0 installs drivers of 535, 580, 595, 610, not of 570; change the driver first.",
        ),
        (
            with_pool(EKS, driver="570.211.01"),
            (
                "Triton 26.07 brings CUDA 13.3.1, driver branch 570 runs CUDA 12 at most; "
                "raise the driver first, or take an older Triton."
            ),
        ),
        (
            replace(EKS, triton="24.12"),
            (
                "Triton 24.12 is not in the catalog; choose one of "
                "25.07, 25.12, 26.02, 26.03, 26.04, 26.05, 26.06, 26.07, 26.08."
            ),
        ),
        (
            replace(UBUNTU, gpu_families=("a10",)),
            "a10 is handed out by vGPU, whose driver the GPU operator can't install; take an image with it.",
        ),
    ],
)
def test_what_does_not_work_together_is_refused_in_one_sentence(cluster: ClusterVersions, sentence: str) -> None:
    assert faults(cluster) == (sentence,)


def test_two_owners_of_the_driver_are_refused() -> None:
    both = replace(EKS, gpu=(EKS.gpu[0], UBUNTU.gpu[0]))

    (fault,) = faults(both)
    assert fault.startswith("eks-al2023-nvidia and eks-ubuntu-2404 ask for different values of one GPU operator")


def test_two_images_that_bring_the_driver_may_stand_beside_each_other() -> None:
    bottlerocket = GpuPool("1.36", "eks-bottlerocket-nvidia", "580.178.04")

    assert faults(replace(EKS, gpu=(EKS.gpu[0], bottlerocket))) == ()


def test_two_systems_with_gpus_in_an_aks_cluster_are_refused() -> None:
    azure_linux = GpuPool("1.36", "aks-azure-linux-driver-install", "unknown")

    found = faults(replace(AKS, gpu=(AKS.gpu[0], azure_linux)))
    assert any("one operating system with GPUs in an AKS cluster" in fault for fault in found)


def test_what_nobody_knows_is_no_fault() -> None:
    assert faults(with_pool(EKS, driver="unknown")) == ()


def test_names_that_the_catalog_does_not_have_are_refused() -> None:
    wrong = replace(with_pool(EKS, node_image="eks-windows"), gpu_operator="1.0.0", gpu_families=("k80",))

    assert [fault.partition(" is not in the catalog")[0] for fault in faults(wrong)] == [
        "GPU operator 1.0.0",
        "Node image eks-windows",
        "GPU family k80",
    ]


@pytest.mark.parametrize(
    ("older", "newer", "expected"), [("1.35", "1.36", 1), ("1.36", "1.35", -1), ("1.36", "1.36", 0)]
)
def test_minors_are_counted(older: str, newer: str, expected: int) -> None:
    assert minors_between(older, newer) == expected


def test_releases_of_the_operator_are_counted_by_their_month() -> None:
    assert releases_between("25.10.1", "26.7.0") == 2
    assert releases_between("26.3.3", "26.3.3") == 0
    assert releases_between("26.7.0", "26.3.3") == -1
