"""Builders for the examples of controls: budgets of both clouds."""

from __future__ import annotations

from typing import Any, Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource

AWS_BUDGET: Final = "aws:budgets/budget:Budget"
AZURE_BUDGET: Final = "azure-native:consumption:Budget"
COST: Final = "COST"


def budget(**properties: object) -> Resource:
    """Make a budget of AWS that tells one address."""
    told = [{"threshold": 80, "subscriberEmailAddresses": ["platform@example.ae"]}]
    made: dict[str, Any] = {"budgetType": COST, "limitAmount": "40000.00", "notifications": told}
    return resource(AWS_BUDGET, without_none(made | properties))


def azure_budget(amount: object = 40000, **notification: object) -> Resource:
    """Make a budget of Azure that tells one address."""
    told: dict[str, Any] = {"enabled": True, "threshold": 80, "contactEmails": ["platform@example.ae"]}
    return resource(
        AZURE_BUDGET, without_none({"amount": amount, "notifications": {"spent": without_none(told | notification)}})
    )
