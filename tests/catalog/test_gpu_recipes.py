"""Recipes with GPUs: each is made of rows that the catalog has, and says no more than those rows."""

from __future__ import annotations

from datetime import date

import pytest

from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.catalog.gpu_software import branch_of, driver_branches, gpu_operators, rollbacks, triton_releases
from falaj.catalog.gpus import gpu_families
from falaj.catalog.recipes import DriverOwner, kubernetes_minors, node_images, recipes

TODAY = date(2026, 11, 22)
NAMES = list(gpu_recipes())


@pytest.mark.parametrize("name", NAMES)
def test_every_part_of_a_recipe_is_a_row(name: str) -> None:
    row = gpu_recipes()[name]

    assert node_images()[row.node_image].target == row.target
    assert row.gpu_operator in gpu_operators()
    assert branch_of(row.driver) in driver_branches()
    assert row.kubernetes in kubernetes_minors(row.target)
    assert {*row.gpu_families} <= {*gpu_families()}


@pytest.mark.parametrize("name", NAMES)
def test_cuda_and_onnx_runtime_are_those_of_the_triton_it_locks(name: str) -> None:
    row = gpu_recipes()[name]
    triton = triton_releases()[row.triton]

    assert (row.cuda_to, row.onnxruntime) == (triton.cuda, triton.onnxruntime)
    assert row.cuda_from <= row.cuda_to


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_target_and_minor(name: str) -> None:
    assert name.startswith(f"{gpu_recipes()[name].target}-{gpu_recipes()[name].kubernetes}-")


@pytest.mark.parametrize("name", NAMES)
def test_no_recipe_locks_what_its_makers_have_dropped(name: str) -> None:
    row = gpu_recipes()[name]
    ends = driver_branches()[branch_of(row.driver)].supported_until

    assert gpu_operators()[row.gpu_operator].state != "ended"
    assert ends == "unknown" or ends >= TODAY or row.gpu_families == ("a10",)


def test_the_a10_of_azure_stays_with_cuda_12() -> None:
    row = gpu_recipes()["aks-1.36-ubuntu-a10"]

    assert (branch_of(row.driver), row.triton, row.cuda_to) == ("570", "25.07", "12.9.0")
    assert driver_branches()["570"].cuda_major == 12


@pytest.mark.parametrize("target", ["eks", "aks"])
def test_the_operator_of_a_clusters_own_recipe_is_one_that_gpu_recipes_lock(target: str) -> None:
    locked = {row.gpu_operator for row in gpu_recipes().values() if row.target == target}

    assert recipes()[target].gpu_operator in locked


def test_every_image_that_an_operator_or_image_drives_has_a_recipe_or_is_experimental() -> None:
    locked = {row.node_image for row in gpu_recipes().values()}
    driven = {
        key
        for key, image in node_images().items()
        if image.driver_owner in (DriverOwner.IMAGE, DriverOwner.OPERATOR) and not image.experimental
    }

    assert driven <= locked


def test_releases_are_listed_from_the_oldest() -> None:
    def numbers(version: str) -> tuple[int, ...]:
        return tuple(map(int, version.split(".")))

    for versions in (list(gpu_operators()), list(triton_releases()), list(driver_branches())):
        assert versions == sorted(versions, key=numbers)


def test_a_newer_triton_never_brings_an_older_cuda() -> None:
    cudas = [tuple(map(int, row.cuda.split("."))) for row in triton_releases().values()]

    assert cudas == sorted(cudas)


def test_what_each_cloud_takes_back() -> None:
    found = {key: (str(row.possible), row.within_days) for key, row in rollbacks().items()}

    assert found == {
        ("eks", "control_plane"): ("yes", 7),
        ("eks", "pool"): ("unknown", "unknown"),
        ("aks", "control_plane"): ("no", "unknown"),
        ("aks", "pool"): ("yes", 7),
    }
