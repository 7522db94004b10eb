"""A budget of an AWS account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.budget.thresholds import THRESHOLDS, costs_known
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.budget.spec import BudgetSpec

BILLING_REGION = "us-east-1"
"""Where AWS Budgets runs for every region of the partition."""


class AwsBudget(pulumi.ComponentResource):
    """Tells people by e-mail when a month costs, or is going to cost, more than expected. Stops nothing.

    Makes a monthly budget over the whole account and not over the stack's tag: a tag counts only once the payer has
    switched it on for cost allocation, and a budget over one that is off stays at zero.

    Source: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
    """

    data_flows: tuple[DataFlow, ...] = (costs_known("aws/budgets", BILLING_REGION, "aws-organizations"),)
    """Where costs are added up."""
    controls = ()
    """Controls it supports."""

    def __init__(self, name: str, spec: BudgetSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsBudget", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        aws.budgets.Budget(
            f"{name}-monthly",
            name=f"{spec.placement.stack}-monthly",
            account_id=spec.account,
            budget_type="COST",
            time_unit="MONTHLY",
            time_period_start=f"{spec.starts:%Y-%m-%d}_00:00",
            limit_amount=f"{spec.monthly:.2f}",
            limit_unit=spec.currency,
            notifications=[
                {
                    "notification_type": "FORECASTED" if threshold.forecast else "ACTUAL",
                    "comparison_operator": "GREATER_THAN",
                    "threshold": threshold.percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": sorted(spec.alerts),
                }
                for threshold in THRESHOLDS
            ],
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
