"""Profiles: rules with reasons, and the strictest of several."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from falaj.catalog.profiles import RULES, Profile, combined, profiles
from falaj.catalog.tags import Stage

names = st.lists(st.sampled_from(sorted(profiles())), min_size=1, max_size=7, unique=True)


def test_the_profiles_are_those_of_the_control_catalog() -> None:
    assert list(profiles()) == ["baseline", "smb", "cbuae", "health", "gov", "difc_adgm", "gdpr"]


@pytest.mark.parametrize("name", list(profiles()))
def test_every_rule_of_a_profile_has_a_reason(name: str) -> None:
    profile = profiles()[name]

    assert profile.name == name
    assert set(profile.because) == set(RULES)
    assert all(len(reason) > 10 for reason in profile.because.values())


@pytest.mark.parametrize(
    ("name", "days", "zones", "waivable"),
    [
        ("baseline", 365, 3, True),
        ("smb", 365, 2, True),
        ("cbuae", 1827, 3, True),
        ("health", 9132, 3, False),
        ("gov", 365, 3, False),
    ],
)
def test_retention_zones_and_residency_are_those_of_the_texts(name: str, days: int, zones: int, waivable: bool) -> None:
    profile = profiles()[name]

    assert (profile.log_retention_days, profile.least_zones, profile.residency_waivable) == (days, zones, waivable)


def test_only_small_business_may_show_its_api_to_the_internet() -> None:
    assert [name for name, profile in profiles().items() if not profile.private_api] == ["smb"]


def test_banks_and_government_keep_keys_in_hardware() -> None:
    assert [name for name, profile in profiles().items() if profile.hardware_keys] == ["cbuae", "gov"]


def test_regulated_profiles_are_not_for_development() -> None:
    regulated = [name for name, profile in profiles().items() if Stage.DEVELOPMENT not in profile.allowed_stages]

    assert regulated == ["cbuae", "health", "gov"]
    assert "RES-018" in profiles()["cbuae"].because["allowed_stages"]


def test_free_zones_and_europe_ask_for_a_document() -> None:
    assert combined(["difc_adgm", "gdpr"]).requires == ("transfer-assessment", "transfer-tool")


def test_without_names_it_is_the_baseline() -> None:
    assert combined([]) == profiles()["baseline"]


def test_one_name_is_the_profile_itself() -> None:
    assert combined(["smb"]) is profiles()["smb"]


def test_the_strictest_of_each_rule_holds_with_its_own_reason() -> None:
    both = combined(["smb", "cbuae", "health"])

    assert both.name == "smb+cbuae+health"
    assert both.private_api is True
    assert both.hardware_keys is True
    assert both.log_retention_days == 9132
    assert both.residency_waivable is False
    assert both.allowed_stages == {Stage.PRODUCTION, Stage.RECOVERY}
    assert both.because["log_retention_days"] == profiles()["health"].because["log_retention_days"]
    assert both.because["hardware_keys"] == profiles()["cbuae"].because["hardware_keys"]
    assert both.because["allowed_stages"] == profiles()["cbuae"].because["allowed_stages"]


def test_a_name_that_is_no_profile_is_refused() -> None:
    with pytest.raises(KeyError, match="pci"):
        combined(["baseline", "pci"])


@given(names)
def test_a_combination_is_never_looser_than_one_of_its_parts(chosen: list[str]) -> None:
    whole = combined(chosen)

    for name in chosen:
        part = profiles()[name]
        assert whole.private_api >= part.private_api
        assert whole.hardware_keys >= part.hardware_keys
        assert whole.tenant_keys >= part.tenant_keys
        assert whole.second_site >= part.second_site
        assert whole.network_isolated_bootstrap >= part.network_isolated_bootstrap
        assert whole.residency_waivable <= part.residency_waivable
        assert whole.log_retention_days >= part.log_retention_days
        assert whole.immutable_days >= part.immutable_days
        assert whole.least_zones >= part.least_zones
        assert whole.deletion_window_days >= part.deletion_window_days
        assert whole.allowed_stages <= part.allowed_stages
        assert set(part.requires) <= set(whole.requires)


@given(names)
def test_the_order_of_the_names_changes_no_rule(chosen: list[str]) -> None:
    one, other = combined(chosen), combined(chosen[::-1])

    rules = [rule for rule in RULES if rule != "requires"]
    assert {rule: getattr(one, rule) for rule in rules} == {rule: getattr(other, rule) for rule in rules}
    assert set(one.requires) == set(other.requires)


@pytest.mark.parametrize(
    ("because", "message"),
    [
        ({"private_api": None}, "no reason for private_api"),
        ({"colour": "because"}, "a reason for what is no rule: colour"),
    ],
)
def test_a_profile_gives_a_reason_for_each_rule_and_for_no_other(because: dict[str, Any], message: str) -> None:
    fields = profiles()["smb"].model_dump()
    reasons = {**fields["because"], **because}
    fields["because"] = {rule: reason for rule, reason in reasons.items() if reason is not None}

    with pytest.raises(ValidationError, match=message):
        Profile.model_validate(fields)
