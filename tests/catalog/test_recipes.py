"""Recipes: which minors may be chosen, and who owns the GPU driver on each node image."""

from __future__ import annotations

from datetime import date

import pytest

from falaj.catalog.recipes import DriverOwner, kubernetes_minors, minor_of, node_images, offered_minors, recipes


def test_the_minors_that_may_be_chosen() -> None:
    assert kubernetes_minors("eks") == ("1.35", "1.36")
    assert kubernetes_minors("aks") == ("1.35", "1.36")


def test_a_local_cluster_has_the_minor_that_is_built() -> None:
    assert kubernetes_minors("local") == (minor_of(recipes()["local"].kubernetes),)


@pytest.mark.parametrize("target", ["eks", "aks"])
def test_the_recipe_is_among_the_minors_and_its_support_is_dated(target: str) -> None:
    chosen = recipes()[target].kubernetes

    assert chosen in kubernetes_minors(target)
    assert offered_minors(target)[chosen].image_volumes == "yes"
    assert isinstance(offered_minors(target)[chosen].supported_until, date)


@pytest.mark.parametrize("target", ["eks", "aks"])
def test_a_minor_without_image_volumes_is_known_and_not_chosen(target: str) -> None:
    assert offered_minors(target)["1.34"].image_volumes == "no"
    assert "1.34" not in kubernetes_minors(target)


def test_a_minor_without_a_published_end_is_not_chosen() -> None:
    assert offered_minors("eks")["1.37"].supported_until == "unknown"
    assert "1.37" not in kubernetes_minors("eks")


@pytest.mark.parametrize("minor", ["1.35", "1.36"])
def test_every_minor_of_eks_names_the_add_ons_a_cluster_cannot_do_without(minor: str) -> None:
    add_ons = offered_minors("eks")[minor].add_ons

    assert set(add_ons) == {"vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"}
    assert add_ons["kube-proxy"].startswith(f"v{minor}.")


@pytest.mark.parametrize("key", list(node_images()))
def test_the_owner_of_the_driver_decides_the_operator(key: str) -> None:
    image = node_images()[key]

    if image.driver_owner in (DriverOwner.NONE, DriverOwner.CLOUD):
        assert image.gpu_operator is None
    else:
        assert image.gpu_operator is not None
        assert image.gpu_operator.driver is (image.driver_owner is DriverOwner.OPERATOR)
        assert image.gpu_operator.toolkit is (image.driver_owner is DriverOwner.OPERATOR)


def test_an_image_with_a_device_plugin_of_its_own_switches_parts_off_by_labels() -> None:
    operator = node_images()["eks-bottlerocket-nvidia"].gpu_operator

    assert operator is not None
    assert (operator.device_plugin, operator.switched_off_by) == (False, "node_labels")


@pytest.mark.parametrize(("version", "minor"), [("1.36.3", "1.36"), ("1.36", "1.36")])
def test_the_minor_of_a_version(version: str, minor: str) -> None:
    assert minor_of(version) == minor
