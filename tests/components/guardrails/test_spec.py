from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.guardrails.spec import GuardrailsSpec
from tests.components.network.networks import ACCOUNT, SUBSCRIPTION, placement


def spec(region: str = "me-central-1", **changes: object) -> GuardrailsSpec:
    account = ACCOUNT if region == "me-central-1" else SUBSCRIPTION
    fields: dict[str, Any] = {"placement": placement("prod", region), "account": account, "egress": "none"}
    return GuardrailsSpec.model_validate({**fields, **changes})


@pytest.mark.parametrize(
    ("region", "allowed"),
    [
        ("me-central-1", ("me-central-1",)),
        ("uaenorth", ("uaecentral", "uaenorth")),
        ("uaecentral", ("uaecentral", "uaenorth")),
    ],
)
def test_the_providers_regions_in_the_country_are_allowed(region: str, allowed: tuple[str, ...]) -> None:
    assert spec(region).allowed_regions == allowed


@pytest.mark.parametrize("target", ["ou-1", "everyone", "12345", "ou-ABCD-12345678"])
def test_a_target_that_no_organisation_has_is_refused(target: str) -> None:
    with pytest.raises(ValidationError, match="organizational_unit"):
        spec(organizational_unit=target)


def test_azure_has_no_units() -> None:
    with pytest.raises(ValidationError, match="organizational_unit outside aws, allowed: none"):
        spec("uaenorth", organizational_unit=ACCOUNT)
