"""One wish for GPUs, several pools: where machines are looked for, in order, and what the autoscaler is told of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from components.node_pools.gpu_steps import expander_priorities, gpu_pools
from components.node_pools.names import aws_name, azure_name
from components.node_pools.spec import NodePoolSpec
from falaj.catalog.providers import Provider
from tests.components.cluster.examples import aws_pool, placement
from tests.components.gpu.wishes import GROUP, RESERVATION, aws_wish, azure_wish, steps
from tests.components.node_pools.gpu_examples import DISK_GIB, pool_of, pools_of

EVERYWHERE = steps("reserved", "on_demand", "spot")
ON_AWS = {"capacity": EVERYWHERE, "reservation": {"id": RESERVATION, "zone": "mec1-az2"}}


def told(pools: tuple[NodePoolSpec, ...]) -> list[tuple[str, str, int, tuple[str, ...], tuple[str, ...]]]:
    return [(pool.pool, pool.capacity, pool.minimum, pool.sizes, pool.zones) for pool in pools]


def test_each_place_is_a_pool_and_the_first_holds_the_fewest_machines() -> None:
    assert told(pools_of(aws_wish(ON_AWS))) == [
        ("gpur", "reserved", 1, ("g5.xlarge",), ("mec1-az2",)),
        ("gpu", "on_demand", 0, ("g5.xlarge", "g5.2xlarge"), ("mec1-az1", "mec1-az2")),
        ("gpus", "spot", 0, ("g5.xlarge", "g5.2xlarge"), ("mec1-az1", "mec1-az2")),
    ]


def test_a_group_of_azure_knows_its_zones() -> None:
    wish = azure_wish({"capacity": steps("reserved", "on_demand"), "reservation": {"id": GROUP}})

    assert [pool.zones for pool in pools_of(wish)] == [("1", "2", "3"), ("1", "2", "3")]


def test_a_step_more_renames_no_pool() -> None:
    before, after = pools_of(aws_wish()), pools_of(aws_wish(ON_AWS))

    assert {pool.pool for pool in before} <= {pool.pool for pool in after}


def test_only_the_reserved_pool_knows_the_reservation() -> None:
    reservations = [pool.gpu.reservation for pool in pools_of(aws_wish(ON_AWS)) if pool.gpu is not None]

    assert [each is not None for each in reservations] == [True, False, False]


def test_an_illegal_wish_makes_no_pool_and_says_every_reason() -> None:
    wish = aws_wish({"driver_owner": "operator"}, zones=("mec1-az3",), sizes=("g6.xlarge",))

    with pytest.raises(ValueError, match="driver_owner operator") as refused:
        pools_of(wish)
    assert str(refused.value) == (
        "driver_owner operator with image eks-al2023-nvidia, allowed: image, or image eks-ubuntu-2404; two owners of a "
        "driver break each other. size g6.xlarge is not sold in mec1-az3 "
        "(falaj/catalog/data/offers/me-central-1.yaml, 2026-10-27), allowed zones: mec1-az1, mec1-az2."
    )


def test_an_illegal_order_makes_no_pool_although_each_of_its_places_could_be_one() -> None:
    with pytest.raises(ValueError, match="capacity spot, on_demand, cpu_route, allowed: each once, in the order"):
        pools_of(aws_wish({"capacity": steps("spot", "on_demand")}))


def test_a_name_leaves_room_for_what_follows_it() -> None:
    with pytest.raises(ValueError, match="pool graphics has 8 characters, allowed with GPUs: 6"):
        gpu_pools("graphics", aws_wish(), placement=placement("me-central-1"), disk_gib=DISK_GIB)


@pytest.mark.parametrize(
    ("provider", "name"), [(Provider.AWS, "eks-{}-829e83f5"), (Provider.AZURE, "aks-{}-31415926-vmss")]
)
def test_the_autoscaler_tries_places_in_order_whatever_their_hash(provider: Provider, name: str) -> None:
    wish = aws_wish(ON_AWS)
    found = expander_priorities(provider, pools_of(wish))
    physical = aws_name if provider is Provider.AWS else azure_name

    assert list(found) == [30, 20, 10]
    for patterns, pool in zip(found.values(), ("gpur", "gpu", "gpus"), strict=True):
        (pattern,) = patterns
        matching = [each for each in ("gpur", "gpu", "gpus") if _matches(pattern, name.format(physical(each, {})))]
        assert matching == [pool]
    assert yaml.safe_load(yaml.safe_dump(found)) == found


def _matches(pattern: str, name: str) -> bool:
    return re.match(pattern, name) is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gpu": None}, "role gpu without GPUs described, allowed: role gpu with a gpu, any other role without"),
        ({"role": "cpu"}, "role cpu with GPUs described, allowed: role gpu with a gpu, any other role without"),
        ({"os": "ubuntu"}, "os ubuntu with image eks-al2023-nvidia, allowed: amazon_linux_2023"),
        ({"capacity": "spot"}, "capacity spot with steps on_demand, allowed: a pool for each step"),
    ],
)
def test_a_pool_is_what_its_gpus_need(changes: dict[str, Any], message: str) -> None:
    pool = pool_of(aws_wish())
    fields = {name: getattr(pool, name) for name in NodePoolSpec.model_fields}

    with pytest.raises(ValidationError, match=message):
        NodePoolSpec.model_validate(fields | changes)


def test_machines_without_gpus_are_not_reserved() -> None:
    with pytest.raises(ValidationError, match="capacity reserved without GPUs, allowed: on_demand, spot"):
        aws_pool(capacity="reserved")


def test_a_system_pool_is_upgraded_with_machines_to_spare() -> None:
    with pytest.raises(ValidationError, match="surge_percent 0 in a system pool, allowed: 1 or more"):
        aws_pool(role="system", surge_percent=0)
