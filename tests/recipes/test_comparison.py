"""Which recipe a choice is, or is nearest to."""

from __future__ import annotations

import pytest

from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.recipes.comparison import Chosen, Difference, compare
from falaj.recipes.review import Verdict, review_cluster, review_engine, review_gpu

RECIPES = gpu_recipes()


@pytest.mark.parametrize("name", list(RECIPES))
def test_what_a_recipe_says_is_that_recipe(name: str) -> None:
    row = RECIPES[name]
    chosen = Chosen(
        row.target,
        kubernetes=row.kubernetes,
        node_image=row.node_image,
        gpu_family=row.gpu_families[0],
        gpu_operator=row.gpu_operator,
        driver=row.driver,
        cuda=row.cuda_to,
        triton=row.triton,
        onnxruntime=row.onnxruntime,
    )

    found = compare(chosen, RECIPES)

    assert found is not None
    assert (found.recipe, found.locked) == (name, True)


def test_nothing_said_is_the_newest_kubernetes() -> None:
    found = compare(Chosen("aks", gpu_family="a10"), RECIPES)

    assert found is not None
    assert (found.recipe, found.differences) == ("aks-1.36-ubuntu-a10", ())


def test_a_version_is_changed_sooner_than_a_machine() -> None:
    chosen = Chosen("aks", node_image="aks-ubuntu-driver-install", gpu_family="a10", driver="580", triton="26.07")

    found = compare(chosen, RECIPES)

    assert found is not None
    assert found.recipe == "aks-1.36-ubuntu-a10"
    assert found.differences == (
        Difference("driver", "580", "branch 570"),
        Difference("triton", "26.07", "25.07"),
    )


@pytest.mark.parametrize(("cuda", "fits"), [("12.9", False), ("13.0", True), ("13.3.9", True), ("13.4", False)])
def test_cuda_is_a_range(cuda: str, fits: bool) -> None:
    found = compare(Chosen("eks", kubernetes="1.36", node_image="eks-al2023-nvidia", cuda=cuda), RECIPES)

    assert found is not None
    assert found.locked is fits


def test_a_target_without_recipes_has_none() -> None:
    assert compare(Chosen("local"), RECIPES) is None
    assert review_gpu("pool", Chosen("local"), RECIPES).difference == "local has no recipe with GPUs"


def test_a_minor_that_is_offered_is_not_off() -> None:
    found = review_cluster("eks", "1.35")

    assert (found.verdict, found.difference) == (
        Verdict.OFFERED,
        "Kubernetes 1.35 where eks has 1.36; offered until 2027-03-27",
    )


@pytest.mark.parametrize(("minor", "verdict"), [("1.36", Verdict.LOCKED), ("1.34", Verdict.OFF), ("1.37", Verdict.OFF)])
def test_a_minor_is_the_recipes_or_off(minor: str, verdict: Verdict) -> None:
    assert review_cluster("eks", minor).verdict is verdict


def test_another_engine_is_off() -> None:
    found = review_engine("eks", "1.30.0")

    assert (found.verdict, found.difference) == (Verdict.OFF, "ONNX Runtime 1.30.0 where eks has 1.31.1")
