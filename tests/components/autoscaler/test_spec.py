"""What may be asked of the cluster autoscaler: an image of the cluster's own Kubernetes minor."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.autoscaler.versions import fitting, misfit
from falaj.catalog.recipes import kubernetes_minors
from tests.components.autoscaler.examples import autoscaler

DIGEST = f"sha256:{'a' * 64}"
MINORS = st.integers(20, 60)


@pytest.mark.parametrize(
    ("kubernetes", "image"),
    [
        ("1.34", "cluster-autoscaler:v1.34.5"),
        ("1.35", "cluster-autoscaler:v1.35.2"),
        ("1.36", "cluster-autoscaler:v1.36.1"),
        ("1.37", "cluster-autoscaler:v1.37.x"),
        ("1.52", "cluster-autoscaler:v1.52.x"),
    ],
)
def test_the_catalog_knows_which_image_fits_a_minor(kubernetes: str, image: str) -> None:
    assert fitting(kubernetes) == image


def test_it_knows_one_for_every_minor_that_a_stack_may_choose() -> None:
    assert [minor for minor in kubernetes_minors("eks") if fitting(minor).endswith(".x")] == []


@given(MINORS, MINORS, st.integers(0, 20), st.sampled_from(["", "v"]), st.sampled_from(["", "-rc.1", "-eks-1"]))
def test_a_tag_of_another_minor_is_refused_and_of_the_same_never(
    minor: int, tagged: int, patch: int, prefix: str, suffix: str
) -> None:
    image = f"registry.example.ae:5000/autoscaling/cluster-autoscaler:{prefix}1.{tagged}.{patch}{suffix}@{DIGEST}"

    assert (misfit(image, f"1.{minor}") is None) is (minor == tagged)


@pytest.mark.parametrize(
    "image",
    [
        f"registry.example.ae:5000/cluster-autoscaler@{DIGEST}",
        f"registry.example.ae/cluster-autoscaler:prod@{DIGEST}",
        f"registry.example.ae/cluster-autoscaler:2026-11-22@{DIGEST}",
    ],
)
def test_an_image_whose_tag_says_nothing_is_taken_by_its_digest(image: str) -> None:
    assert misfit(image, "1.36") is None


def test_another_minor_is_refused_with_the_one_that_fits() -> None:
    said = (
        "found cluster autoscaler 1.35 for Kubernetes 1.36, allowed: cluster-autoscaler:v1.36.1; it carries the "
        "scheduler of its own minor, and decides by that."
    )

    with pytest.raises(ValidationError, match=re.escape(said)):
        autoscaler(image=f"registry.example.ae/cluster-autoscaler:v1.35.2@{DIGEST}")


def test_an_image_without_digest_is_refused() -> None:
    with pytest.raises(ValidationError, match="image"):
        autoscaler(image="registry.example.ae/cluster-autoscaler:v1.36.1")
