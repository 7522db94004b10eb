"""Which machines there are, and what of them is known."""

from __future__ import annotations

import pytest

from falaj.catalog.offers import machine_sizes
from falaj.catalog.prices import prices
from falaj.placement.market import market


def test_prices_are_of_sizes_that_are_sold() -> None:
    for region, row in prices().items():
        assert {*row.hourly} <= {*machine_sizes(region)}


def test_the_samples_of_azure_are_as_they_were_read() -> None:
    north, central = prices()["uaenorth"].hourly, prices()["uaecentral"].hourly

    assert (north["Standard_D8s_v5"], central["Standard_D8s_v5"]) == (0.471, 0.612)
    assert (north["Standard_NV36ads_A10_v5"], north["Standard_NC40ads_H100_v5"]) == (4.576, 9.98)


def test_a_share_of_a_card_is_a_share_of_its_peaks() -> None:
    found = {each.size: each for each in market("uaenorth", ["Standard_D8s_v5"], [], {}).gpu}

    small = found["Standard_NV6ads_A10_v5"]
    assert (small.family, small.count, small.memory_gib, small.hourly) == ("a10", 1, 4, 0.649)
    assert small.share == pytest.approx(1 / 6)
    assert found["Standard_NV72ads_A10_v5"].count == 2


def test_gpus_that_no_zone_sells_are_left_out() -> None:
    both = {each.family for each in market("me-central-1", [], ["mec1-az1", "mec1-az2"], {}).gpu}
    third = {each.family for each in market("me-central-1", [], ["mec1-az3"], {}).gpu}

    assert both == {"a10g", "l4", "l40s", "h200-141gb"}
    assert third == {"h200-141gb"}


def test_cards_without_a_data_sheet_are_left_out() -> None:
    assert {each.family for each in market("uaecentral", [], [], {}).gpu} <= {"a100-80gb", "h100-80gb"}


def test_prices_of_aws_are_unknown_until_the_reader_says_them() -> None:
    unknown = market("me-central-1", ["m7i.2xlarge"], [], {})
    known = market("me-central-1", ["m7i.2xlarge"], [], {"m7i.2xlarge": 0.5, "g6.xlarge": 1.0})

    assert [each.hourly for each in unknown.cpu] == [None]
    assert {each.hourly for each in unknown.gpu} == {None}
    assert known.cpu[0].hourly == 0.5
    assert {each.hourly for each in known.gpu if each.size == "g6.xlarge"} == {1.0}


def test_a_price_of_the_readers_goes_before_the_catalogs() -> None:
    assert market("uaenorth", ["Standard_D8s_v5"], [], {"Standard_D8s_v5": 0.3}).cpu[0].hourly == 0.3
