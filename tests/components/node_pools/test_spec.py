"""What may be asked of a pool, what is refused, and what its nodes say about themselves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.node_pools.aws import AMI_TYPES
from components.node_pools.azure import OS_SKUS
from components.node_pools.contract import labels, taints
from components.node_pools.names import aws_name, azure_name
from components.node_pools.spec import NodeOs
from falaj.catalog.recipes import DriverOwner, node_images
from tests.components.cluster.examples import aws_pool, azure_pool, placement

ZONES = ("mec1-az1", "mec1-az2", "mec1-az3")


def refusal(make: Any, **changes: Any) -> str:  # noqa: ANN401 - a maker and any field
    with pytest.raises(ValidationError) as refused:
        make(**changes)
    (error,) = refused.value.errors()
    return str(error["msg"]).removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"minimum": 13}, "minimum 13 is above maximum 12, allowed: at most as many"),
        (
            {"role": "system", "minimum": 0},
            "minimum 0 in a system pool, allowed: 1 or more; the cluster's own add-ons run there",
        ),
        (
            {"role": "system", "capacity": "spot"},
            "capacity spot in a system pool, allowed: on_demand; all add-ons would go at once",
        ),
        (
            {"role": "system", "tenant": "acme"},
            "tenant acme in a system pool, allowed: none; the cluster's add-ons run there",
        ),
        (
            {"capacity": "spot", "sizes": ("m7i.xlarge",)},
            "1 size of capacity spot, allowed: 2 or more; one size is taken away all at once",
        ),
        (
            {"capacity": "spot", "sizes": ("m7i.xlarge", "m7i.xlarge")},
            "1 size of capacity spot, allowed: 2 or more; one size is taken away all at once",
        ),
        ({"os": NodeOs.UBUNTU}, "os ubuntu on aws, allowed: amazon_linux_2023, bottlerocket"),
        (
            {"zones": ("mec1-az1", "mec1-az4")},
            "zones mec1-az4 in me-central-1, allowed: mec1-az1, mec1-az2, mec1-az3",
        ),
    ],
)
def test_what_aws_would_refuse_late_is_refused_at_once(changes: dict[str, Any], expected: str) -> None:
    assert refusal(aws_pool, **changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"sizes": ("Standard_D8s_v5", "Standard_D8as_v6")},
            "2 sizes on azure, allowed: 1; make a pool for each further one",
        ),
        ({"os": NodeOs.BOTTLEROCKET}, "os bottlerocket on azure, allowed: azure_linux_3, ubuntu"),
        (
            {"placement": placement("uaecentral")},
            "zones 1, 2, 3 in uaecentral, allowed: none, the region has no zones",
        ),
    ],
)
def test_what_azure_would_refuse_late_is_refused_at_once(changes: dict[str, Any], expected: str) -> None:
    assert refusal(azure_pool, **changes) == expected


@pytest.mark.parametrize("name", ["Cpu", "cpu-1", "1cpu", "", "c" * 13])
def test_a_name_that_a_cloud_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="pool"):
        aws_pool(pool=name)


def test_nodes_say_what_they_are_for_which_pool_they_are_of_and_how_they_are_paid_for() -> None:
    assert labels(aws_pool()) == {
        "falaj.dev/pool": "cpu",
        "falaj.dev/pool-name": "cpu",
        "falaj.dev/capacity": "on_demand",
    }
    assert labels(aws_pool(tenant="acme"))["falaj.dev/tenant"] == "acme"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"role": "system"}, ["CriticalAddonsOnly=true:NoSchedule"]),
        ({"tenant": "acme"}, ["falaj.dev/tenant=acme:NoSchedule"]),
        ({"capacity": "spot"}, ["falaj.dev/capacity=spot:NoSchedule"]),
        (
            {"tenant": "acme", "capacity": "spot"},
            ["falaj.dev/tenant=acme:NoSchedule", "falaj.dev/capacity=spot:NoSchedule"],
        ),
    ],
)
def test_nodes_turn_away_pods_that_do_not_ask_for_them(changes: dict[str, Any], expected: list[str]) -> None:
    assert [str(taint) for taint in taints(aws_pool(**changes))] == expected


FIXED = st.dictionaries(st.sampled_from(["disk", "os", "size"]), st.one_of(st.integers(), st.text(max_size=4)))
POOLS = st.from_regex(r"[a-z][a-z0-9]{0,11}", fullmatch=True)


@given(POOLS, FIXED)
def test_names_fit_the_clouds_and_begin_like_the_pool(pool: str, fixed: dict[str, Any]) -> None:
    on_azure, on_aws = azure_name(pool, fixed), aws_name(pool, fixed)

    assert len(on_azure) <= 12
    assert on_azure.isalnum()
    assert on_azure.islower()
    assert on_azure.startswith(pool[:7])
    assert on_aws.startswith(f"{pool}-")
    assert len(on_aws) <= 63


@given(POOLS, FIXED, FIXED)
def test_a_pool_has_another_name_exactly_if_something_fixed_differs(
    pool: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (aws_name(pool, one) == aws_name(pool, other)) == (one == other)


@given(POOLS, POOLS, FIXED)
def test_two_pools_of_the_same_kind_have_two_names(one: str, other: str, fixed: dict[str, Any]) -> None:
    assert (aws_name(one, fixed) == aws_name(other, fixed)) == (one == other)


def test_images_have_the_names_that_the_catalog_knows() -> None:
    named = {
        (image.target, image.os): dict(image.provider_names)
        for image in node_images().values()
        if image.driver_owner is DriverOwner.NONE
    }

    assert named["eks", "Amazon Linux 2023"] == {
        architecture: AMI_TYPES[NodeOs.AMAZON_LINUX_2023, architecture] for architecture in ("x86_64", "arm64")
    }
    assert named["eks", "Bottlerocket"] == {
        architecture: AMI_TYPES[NodeOs.BOTTLEROCKET, architecture] for architecture in ("x86_64", "arm64")
    }
    assert {*named["aks", "Azure Linux 3.0"].values()} == {OS_SKUS[NodeOs.AZURE_LINUX_3]}
