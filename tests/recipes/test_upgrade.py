"""The steps from one recipe to another: their order, the cluster after each, and what has no way."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from falaj.catalog.gpu_recipes import GpuRecipe, gpu_recipes
from falaj.catalog.gpu_software import gpu_operators, triton_releases
from falaj.catalog.gpus import gpu_families
from falaj.catalog.recipes import DriverOwner, node_images
from falaj.recipes.matrix import NODES_BEHIND, faults, minors_between, releases_between
from falaj.recipes.state import at
from falaj.recipes.steps import ORDER, Part
from falaj.recipes.upgrade import MINORS_AT_ONCE, UpgradeRefusedError, refusals, stations, upgrade
from falaj.recipes.wording import AUTOSCALER, CLUSTERS, DEFINITIONS, POOLS, RUNTIME, SERVERS

RECIPES = gpu_recipes()
DRIVERS = ("535.309.01", "570.211.01", "580.178.04", "595.91.07", "610.57.04", "unknown")
IMAGES = [
    key for key, image in node_images().items() if image.driver_owner in (DriverOwner.IMAGE, DriverOwner.OPERATOR)
]


MINORS = ("1.33", "1.34", "1.35", "1.36", "1.37")
FAMILIES = ("a10", "l4", "a100-80gb", "h100-80gb")
TAGS = ("25.07", "26.04", "26.07")


Parts = tuple[str, str, tuple[str, ...], str, str, str]


def row(parts: Parts) -> GpuRecipe:
    minor, image, families, operator, driver, tag = parts
    triton = triton_releases()[tag]
    return GpuRecipe(
        target=node_images()[image].target,
        kubernetes=minor,
        node_image=image,
        gpu_families=families,
        gpu_operator=operator,
        driver=driver,
        cuda_from="12.0",
        cuda_to=triton.cuda,
        triton=tag,
        onnxruntime=triton.onnxruntime,
        source="a test",
        reviewed=date(2026, 11, 22),
    )


def legal_recipes(image: str) -> list[GpuRecipe]:
    """Every row of one image that the matrix allows."""
    families = [FAMILIES, *((family,) for family in FAMILIES)]
    rows = (row(parts) for parts in itertools.product(MINORS, [image], families, gpu_operators(), DRIVERS, TAGS))
    return [each for each in rows if not faults(at(each))]


LEGAL = {image: legal_recipes(image) for image in IMAGES}


@st.composite
def two_legal_recipes(draw: st.DrawFn) -> tuple[GpuRecipe, GpuRecipe]:
    image = draw(st.sampled_from(IMAGES))
    source = draw(st.sampled_from(LEGAL[image]))
    ahead = [
        each
        for other in IMAGES
        for each in LEGAL[other]
        if each.target == source.target and each.kubernetes >= source.kubernetes
    ]
    return source, draw(st.sampled_from(ahead))


def follows_the_matrix(source: GpuRecipe, target: GpuRecipe) -> None:
    way = upgrade("from", "to", {"from": source, "to": target})

    event(f"{len(way.steps)} steps")
    states = [way.begins, *(step.after for step in way.steps)]
    assert [state for state in states if faults(state)] == []
    places = [ORDER.index(step.part) for step in way.steps]
    assert places == sorted(set(places))
    common = tuple(family for family in source.gpu_families if family in target.gpu_families)
    assert states[-1] == at(target, common)
    for before, after in itertools.pairwise(states):
        assert before != after
        assert 0 <= minors_between(before.control_plane, after.control_plane) <= MINORS_AT_ONCE
        assert 0 <= releases_between(before.gpu_operator, after.gpu_operator) <= 1
        assert minors_between(after.cpu, after.control_plane) <= NODES_BEHIND


@given(pair=two_legal_recipes())
@settings(max_examples=600, deadline=None)
def test_every_prefix_of_a_plan_is_legal_and_in_order(pair: tuple[GpuRecipe, GpuRecipe]) -> None:
    reasons = refusals(*pair)
    if not reasons:
        follows_the_matrix(*pair)
        return

    event("refused")
    with pytest.raises(UpgradeRefusedError) as caught:
        upgrade("from", "to", {"from": pair[0], "to": pair[1]})
    assert caught.value.message == "\n".join(reasons)


@given(
    source=st.tuples(
        st.sampled_from(MINORS),
        st.sampled_from(IMAGES),
        st.sampled_from([(family,) for family in FAMILIES]),
        st.sampled_from(list(gpu_operators())),
        st.sampled_from(DRIVERS),
        st.sampled_from(TAGS),
    ).map(row)
)
@settings(max_examples=200, deadline=None)
def test_an_illegal_recipe_leads_nowhere_and_a_legal_one_to_itself(source: GpuRecipe) -> None:
    if faults(at(source)):
        assert refusals(source, source) == faults(at(source))
    else:
        assert upgrade("same", "same", {"same": source}).steps == ()


def test_every_pair_of_locked_recipes_is_refused_or_legal_after_every_step() -> None:
    ways = 0
    for source, target in itertools.permutations(RECIPES, 2):
        if not refusals(RECIPES[source], RECIPES[target]):
            way = upgrade(source, target, RECIPES)
            assert [faults(step.after) for step in way.steps] == [()] * len(way.steps)
            assert way.steps[-1].after.gpu[0].node_image == RECIPES[target].node_image
            ways += 1
    assert ways > 10


def parts(source: str, target: str) -> list[str]:
    return [step.name for step in upgrade(source, target, RECIPES).steps]


def test_everything_changes_in_the_one_order() -> None:
    assert parts("eks-1.35-ubuntu", "eks-1.36-ubuntu-operator-26.7") == [
        "definitions",
        "operator",
        "control-plane",
        "system-pool",
        "cpu-pools",
        "gpu-driver",
        "gpu-pools",
        "triton",
    ]


def test_what_is_the_same_has_no_step() -> None:
    assert parts("eks-1.36-al2023", "eks-1.36-al2023-operator-26.7") == ["definitions", "operator"]


def test_another_image_makes_a_new_pool_beside_the_old() -> None:
    way = upgrade("eks-1.35-al2023", "eks-1.36-bottlerocket", RECIPES)

    assert [step.name for step in way.steps][-3:] == ["gpu-pools", "old-gpu-pools", "triton"]
    beside = way.steps[-3].after.gpu
    assert [(pool.node_image, pool.minor) for pool in beside] == [
        ("eks-al2023-nvidia", "1.35"),
        ("eks-bottlerocket-nvidia", "1.36"),
    ]


def with_minor(name: str, minor: str) -> dict[str, GpuRecipe]:
    changed = RECIPES[name].model_copy(update={"kubernetes": minor})
    return {**RECIPES, "changed": changed}


REFUSED = [
    (
        "eks-1.36-al2023",
        "eks-1.35-al2023",
        RECIPES,
        "Kubernetes would go back from 1.36 to 1.35; a rollback is no upgrade.",
    ),
    (
        "changed",
        "eks-1.36-al2023",
        with_minor("eks-1.35-al2023", "1.34"),
        "Kubernetes would jump 2 minors, from 1.34 to 1.36; allowed: 1.",
    ),
    (
        "eks-1.35-al2023",
        "aks-1.36-ubuntu",
        RECIPES,
        "A cluster of eks does not become one of aks; make a second environment.",
    ),
    (
        "aks-1.35-ubuntu",
        "aks-1.36-ubuntu-a10",
        RECIPES,
        "No GPU of a100-80gb, h100-80gb, h100-nvl-94gb, h200-141gb is locked in the other recipe, which has a10.",
    ),
    (
        "eks-1.36-al2023-operator-26.7",
        "eks-1.36-al2023",
        RECIPES,
        "The GPU operator would go back from 26.7.0 to 26.3.3.",
    ),
]


@pytest.mark.parametrize(("source", "target", "recipes", "sentence"), REFUSED)
def test_what_has_no_way_is_refused(source: str, target: str, recipes: Mapping[str, GpuRecipe], sentence: str) -> None:
    with pytest.raises(UpgradeRefusedError) as caught:
        upgrade(source, target, recipes)

    assert (caught.value.message, caught.value.code, caught.value.exit_code) == (sentence, "FAL-REC-003", 3)


def test_a_jump_of_two_minors_names_the_way_in_turns() -> None:
    recipes = with_minor("eks-1.35-al2023", "1.34")

    with pytest.raises(UpgradeRefusedError) as caught:
        upgrade("changed", "eks-1.36-al2023", recipes)

    assert caught.value.hint == "go in turns: eks-1.35-al2023, then eks-1.36-al2023"


def test_an_operator_that_would_skip_a_release_is_refused() -> None:
    older = RECIPES["eks-1.35-al2023"].model_copy(update={"gpu_operator": "25.10.1", "kubernetes": "1.34"})
    newer = RECIPES["eks-1.36-al2023-operator-26.7"].model_copy(update={"kubernetes": "1.34"})

    assert refusals(older, newer) == ("The GPU operator would jump 2 releases, from 25.10.1 to 26.7.0; allowed: 1.",)


def test_an_operator_that_does_not_know_the_present_minor_is_refused_before_the_control_plane() -> None:
    older = RECIPES["eks-1.35-ubuntu"].model_copy(update={"kubernetes": "1.32"})
    newer = RECIPES["eks-1.36-ubuntu-operator-26.7"].model_copy(update={"kubernetes": "1.33"})

    (fault,) = refusals(older, newer)
    assert fault == (
        "GPU operator 26.7.0 was validated with Kubernetes 1.33 to 1.36, not with 1.32; "
        "change the one that is further behind first."
    )


def test_no_way_leads_to_another_cloud() -> None:
    assert stations("eks-1.35-al2023", "aks-1.36-ubuntu", RECIPES) == ()


def test_a_control_plane_goes_back_on_eks_alone() -> None:
    eks = next(s for s in upgrade("eks-1.35-al2023", "eks-1.36-al2023", RECIPES).steps if s.part is Part.CONTROL_PLANE)
    aks = next(s for s in upgrade("aks-1.35-ubuntu", "aks-1.36-ubuntu", RECIPES).steps if s.part is Part.CONTROL_PLANE)

    assert eks.command == (
        "name Kubernetes 1.36 and an autoscaler_image of that minor in the stack file, then falaj mirror -s STACK, "
        "then pulumi up -s STACK --target '**EksCluster**' --target '**ClusterAutoscaler**'"
    )
    assert eks.rollback is not None
    assert eks.rollback.startswith(
        "aws eks update-cluster-version --name CLUSTER --kubernetes-version 1.35, within 7 days."
    )
    assert aks.rollback is None
    assert aks.no_rollback == (
        "AKS has a rollback of node pools alone; a control plane stays at its minor. "
        "What goes back is a new cluster of the older minor, with the workloads moved."
    )


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (one, other)
        for one in RECIPES
        for other in RECIPES
        if one != other and not refusals(RECIPES[one], RECIPES[other])
    ],
)
def test_every_step_says_what_comes_before_what_to_run_how_to_see_it_and_the_way_back(source: str, target: str) -> None:
    for step in upgrade(source, target, RECIPES).steps:
        assert step.precondition
        assert re.search(r"\b(pulumi up -s STACK|az aks upgrade) ", step.command), step
        assert re.search(r"\bkubectl ", step.check), step
        assert (step.rollback is None) is bool(step.no_rollback)


def test_commands_name_components_that_there_are() -> None:
    made = "".join(path.read_text() for path in Path(__file__).parents[2].glob("components/*/*.py"))

    for pattern in (*CLUSTERS.values(), *POOLS.values(), AUTOSCALER, DEFINITIONS, RUNTIME, SERVERS):
        assert f'"falaj:index:{pattern.strip("*")}"' in made


def test_families_of_the_rows_are_known() -> None:
    assert {"a10", "l4", "a100-80gb", "h100-80gb"} <= {*gpu_families()}
