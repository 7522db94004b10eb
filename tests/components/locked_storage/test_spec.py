from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.cloud_spec import CloudSpec
from components.locked_storage.azure import redundancy
from components.locked_storage.spec import LockedStorageSpec, bucket_name, storage_account_name
from falaj.catalog.tags import Stage
from tests.components.locked_storage.samples import aws, azure, placement

STACKS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True)


def spec(**fields: Any) -> LockedStorageSpec:  # noqa: ANN401 - fields of the specification
    return LockedStorageSpec.model_validate(
        {**aws(), "role": "audit", "locked_days": 30, "old_versions_days": 90, **fields}
    )


def refusal(**fields: Any) -> str:  # noqa: ANN401 - fields of the specification
    with pytest.raises(ValidationError) as raised:
        spec(**fields)
    return str(raised.value.errors()[0]["msg"]).removeprefix("Value error, ")


def test_an_account_has_to_fit_its_cloud() -> None:
    assert refusal(account=azure()["account"]) == (
        f"account {azure()['account']} does not fit me-central-1, allowed: an account of twelve digits"
    )
    assert refusal(**{**azure(), "account": "111122223333"}) == (
        "account 111122223333 does not fit uaenorth, allowed: a subscription's id"
    )


def test_the_local_cluster_is_no_cloud() -> None:
    here = placement("uaenorth").model_copy(update={"region": "local"})

    assert refusal(placement=here) == "local is no region of a cloud, allowed: a region of aws or azure"


@pytest.mark.parametrize("name", ["kept_days", "old_versions_days"])
def test_nothing_is_forgotten_before_its_lock_ends(name: str) -> None:
    assert refusal(**{name: 29}) == f"{name} 29 ends before the lock of 30 days, allowed: that or more"
    assert getattr(spec(**{name: 30}), name) == 30


def test_a_copy_in_the_pair_needs_a_pair_in_the_country() -> None:
    assert refusal(copy_to_pair=True) == "me-central-1 has no pair in its country, allowed: copy_to_pair false"


@pytest.mark.parametrize(
    ("region", "pair", "copies"),
    [
        ("uaenorth", False, "ZRS"),
        ("uaenorth", True, "GZRS"),
        ("uaecentral", False, "LRS"),
        ("uaecentral", True, "GRS"),
    ],
)
def test_copies_follow_the_zones_of_the_region(region: str, *, pair: bool, copies: str) -> None:
    assert redundancy(spec(**azure(region), copy_to_pair=pair)) == copies


def test_the_pair_is_the_catalogs() -> None:
    assert CloudSpec(**azure("uaecentral")).pair_in_country == "uaenorth"
    assert CloudSpec(**aws()).pair_in_country is None


@given(stack=STACKS)
def test_every_stack_gets_names_that_the_clouds_take(stack: str) -> None:
    bucket = bucket_name(spec(placement=placement("me-central-1").model_copy(update={"stack": stack})))
    account = storage_account_name(
        spec(**{**azure(), "placement": placement("uaenorth").model_copy(update={"stack": stack})})
    )

    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", bucket)
    assert re.fullmatch(r"[a-z0-9]{3,24}", account)


def test_two_accounts_with_equally_named_stacks_get_buckets_of_their_own() -> None:
    assert bucket_name(spec()) == "aws-me-central-1-prod-audit-56170cd0"
    assert bucket_name(spec(account="444455556666")) != bucket_name(spec())
    assert bucket_name(spec(role="models")) != bucket_name(spec())
    assert bucket_name(spec(placement=placement("me-central-1", Stage.DEVELOPMENT))) != bucket_name(spec())
