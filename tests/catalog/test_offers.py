"""Machine sizes: what is sold where, what is not, and what nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from falaj.catalog import offers
from falaj.catalog.availability import Availability
from falaj.catalog.offers import absences, families_sold, family_of, machine_sizes, why_not_sold
from falaj.catalog.regions import regions

PLACES = ["me-central-1", "uaenorth", "uaecentral"]


def test_a_size_says_what_a_machine_holds() -> None:
    size = machine_sizes("me-central-1")["m7i.2xlarge"]

    assert (size.vcpus, size.memory_gib, size.architecture, size.gpu) == (8, 32, "x86_64", None)
    assert set(size.zones.values()) == {Availability.YES}


def test_graphics_are_sold_in_two_zones_of_three() -> None:
    size = machine_sizes("me-central-1")["g6e.xlarge"]

    assert size.gpu is not None
    assert (size.gpu.model, size.gpu.count, size.gpu.memory_gib) == ("L40S", 1, 48)
    assert {zone: str(answer) for zone, answer in size.zones.items()} == {
        "mec1-az1": "yes",
        "mec1-az2": "yes",
        "mec1-az3": "no",
    }


def test_the_training_size_is_sold_in_other_zones_than_graphics() -> None:
    size = machine_sizes("me-central-1")["p5en.48xlarge"]

    assert [zone for zone in size.zones if size.sold_in(zone) is Availability.YES] == ["mec1-az1", "mec1-az3"]


@pytest.mark.parametrize("size", ["t3.large", "c7i-flex.large"])
def test_zones_that_no_source_names_are_unknown(size: str) -> None:
    assert set(machine_sizes("me-central-1")[size].zones.values()) == {Availability.UNKNOWN}


def test_azure_sells_by_region_and_says_nothing_of_zones() -> None:
    size = machine_sizes("uaenorth")["Standard_D8s_v5"]

    assert size.offered is Availability.YES
    assert {zone: str(answer) for zone, answer in size.zones.items()} == {
        "1": "unknown",
        "2": "unknown",
        "3": "unknown",
    }
    assert size.quota_family == "standardDSv5Family"


def test_a_region_without_zones_has_none_in_its_sizes() -> None:
    size = machine_sizes("uaecentral")["Standard_D8s_v5"]

    assert dict(size.zones) == {}
    assert size.sold_in("1") is Availability.NO


def test_a_part_of_a_gpu_says_which_part() -> None:
    size = machine_sizes("uaenorth")["Standard_NV6ads_A10_v5"]

    assert size.gpu is not None
    assert (size.gpu.model, size.gpu.share, size.gpu.memory_gib) == ("A10", "1/6", 4)


def test_the_recovery_region_has_no_small_gpu() -> None:
    with_gpu = {name for name, size in machine_sizes("uaecentral").items() if size.gpu is not None}

    assert with_gpu == {"Standard_ND96amsr_A100_v4", "Standard_ND96ams_A100_v4", "Standard_ND128isr_NDR_GB200_v6"}


@pytest.mark.parametrize("region", ["local", "me-south-1"])
def test_a_region_whose_offers_nobody_listed_has_no_sizes(region: str) -> None:
    assert dict(machine_sizes(region)) == {}
    assert dict(absences(region)) == {}


def test_a_region_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="eu-west-1"):
        machine_sizes("eu-west-1")


@pytest.mark.parametrize("region", PLACES)
def test_every_size_names_the_zones_of_its_region(region: str) -> None:
    zones = tuple(regions()[region].zones)

    assert {tuple(size.zones) for size in machine_sizes(region).values()} == {zones}


@pytest.mark.parametrize("region", PLACES)
def test_memory_grows_with_a_familys_size(region: str) -> None:
    for size in machine_sizes(region).values():
        assert size.vcpus >= 1
        assert 1 <= size.memory_gib / size.vcpus * 4 <= 128, size.name


@pytest.mark.parametrize(
    ("size", "family"),
    [
        ("g5.xlarge", "g5"),
        ("c7i-flex.large", "c7i-flex"),
        ("Standard_D8s_v5", "Ds_v5"),
        ("Standard_NC4as_T4_v3", "NCas_T4_v3"),
        ("Standard_ND128isr_NDR_GB200_v6", "NDisr_NDR_GB200_v6"),
        ("Standard_M8-2ms", "Mms"),
    ],
)
def test_the_name_of_a_size_names_its_family(size: str, family: str) -> None:
    assert family_of(size) == family


def test_what_a_source_shows_to_be_absent_is_said_with_file_and_date() -> None:
    assert why_not_sold("me-central-1", "g4dn.xlarge") == (
        "g4dn.xlarge is not sold in me-central-1 (falaj/catalog/data/offers/me-central-1.yaml, 2026-10-27)."
    )
    assert absences("me-central-1")["g4dn"].accelerator == "T4"


def test_what_no_source_mentions_is_not_called_absent() -> None:
    assert why_not_sold("me-central-1", "c9.large") == (
        "c9.large is not among the sizes known to be sold in me-central-1 "
        "(falaj/catalog/data/offers/me-central-1.yaml)."
    )


def test_families_are_named_by_the_zones_that_sell_them() -> None:
    assert families_sold("me-central-1", gpu=True) == (
        "g5, g6, g6e in mec1-az1 and mec1-az2; p5en in mec1-az1 and mec1-az3"
    )
    assert families_sold("uaecentral", gpu=True) == "NDamsr_A100_v4, NDams_A100_v4, NDisr_NDR_GB200_v6"


def a_file(**changes: object) -> dict[str, Any]:
    family: dict[str, object] = {
        "purpose": "general",
        "architecture": "x86_64",
        "sold_in": ["mec1-az1"],
        "quota": "aws-standard",
        "evidence": "seen",
        "sizes": {"m7i.large": {"vcpus": 2, "memory_gib": 8}},
    }
    return {
        "provider": "aws",
        "region": "me-central-1",
        "evidence": {"seen": {"source": "a list", "reviewed": "2026-11-22"}},
        "families": {"m7i": family | changes},
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sold_in": ["mec1-az9"]}, "m7i names zones that me-central-1 does not have: mec1-az9"),
        ({"absent_from": ["mec1-az1"]}, "m7i is both sold in and absent from mec1-az1"),
        ({"evidence": "hearsay"}, "no such evidence: hearsay"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        offers._File.model_validate(a_file(**changes))
