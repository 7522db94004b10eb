"""A budget of an Azure subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.budget.thresholds import THRESHOLDS, costs_known
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.budget.spec import BudgetSpec


class AzureBudget(pulumi.ComponentResource):
    """Tells people by e-mail when a month costs, or is going to cost, more than expected. Stops nothing.

    Makes a monthly budget over the whole subscription: AKS puts machines, most of the cost, into a resource group of
    its own. Its amount is in the currency of the bill. Azure never lets the first month change, so a later edit of it
    is ignored.

    Source: https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-acm-create-budgets
    """

    data_flows: tuple[DataFlow, ...] = (costs_known("azure/cost-management", "global", "azure-management"),)
    """Where costs are added up."""
    controls = ()
    """Controls it supports."""

    def __init__(self, name: str, spec: BudgetSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AzureBudget", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        azure_native.consumption.Budget(
            f"{name}-monthly",
            scope=f"/subscriptions/{spec.account}",
            budget_name=f"{spec.placement.stack}-monthly",
            category="Cost",
            time_grain="Monthly",
            time_period={"start_date": f"{spec.starts:%Y-%m-%d}T00:00:00Z"},
            amount=float(spec.monthly),
            notifications={
                threshold.name: {
                    "enabled": True,
                    "operator": "GreaterThan",
                    "threshold": threshold.percent,
                    "threshold_type": "Forecasted" if threshold.forecast else "Actual",
                    "contact_emails": sorted(spec.alerts),
                }
                for threshold in THRESHOLDS
            },
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["timePeriod"]),
        )
        self.register_outputs({})
