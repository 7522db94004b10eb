from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.budget.spec import BudgetSpec
from tests.components.network.networks import ACCOUNT, SUBSCRIPTION, placement


def spec(region: str = "me-central-1", **changes: object) -> BudgetSpec:
    fields: dict[str, Any] = {
        "placement": placement("prod", region),
        "account": ACCOUNT if region == "me-central-1" else SUBSCRIPTION,
        "monthly": "25000",
        "currency": "USD",
        "alerts": ["platform@bank.ae", "finance@bank.ae"],
        "starts": "2026-12-01",
    }
    return BudgetSpec.model_validate({**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"currency": "AED"}, "currency AED on aws, allowed: USD"),
        ({"starts": "2026-12-15"}, "2026-12-15, allowed: the first of a month such as 2026-12-01"),
    ],
)
def test_a_mistake_is_refused_in_one_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(**changes)

    (error,) = refused.value.errors()
    assert error["msg"] == f"Value error, {message}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alerts", []),
        ("alerts", ["platform"]),
        ("alerts", ["platform@bank"]),
        ("monthly", 0),
        ("monthly", "10.001"),
        ("currency", "EUR"),
    ],
)
def test_a_budget_nobody_hears_of_or_that_means_nothing_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        spec("me-central-1", **{field: value})


def test_azure_takes_the_currency_of_the_bill() -> None:
    assert spec("uaenorth", currency="AED").currency == "AED"
