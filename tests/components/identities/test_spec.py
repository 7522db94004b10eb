from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.identities.spec import IdentitiesSpec
from tests.components.identities.samples import ACCOUNT, SUBSCRIPTION, aws_identities, placement


def test_a_subscription_does_not_fit_an_aws_region() -> None:
    with pytest.raises(
        ValidationError,
        match=f"account {SUBSCRIPTION} does not fit me-central-1, allowed: an account of twelve digits",
    ):
        IdentitiesSpec(placement=placement(), account=SUBSCRIPTION)


def test_an_account_does_not_fit_an_azure_region() -> None:
    with pytest.raises(ValidationError, match=f"account {ACCOUNT} does not fit uaenorth, allowed: a subscription's id"):
        IdentitiesSpec(placement=placement(region="uaenorth"), account=ACCOUNT)


@pytest.mark.parametrize("registry", ["759879836304.dkr.ecr.me-central-1.amazonaws.com", "75987983630", "*"])
def test_a_registry_of_add_ons_is_an_account(registry: str) -> None:
    with pytest.raises(ValidationError, match="addon_registry"):
        IdentitiesSpec(placement=placement(), account=ACCOUNT, addon_registry=registry)


def test_a_misspelt_field_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="adon_registry"):
        IdentitiesSpec.model_validate({**aws_identities().model_dump(), "adon_registry": ACCOUNT})
