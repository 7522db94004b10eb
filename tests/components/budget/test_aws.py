from __future__ import annotations

from collections.abc import Callable

from components.budget.aws import AwsBudget
from components.budget.spec import BudgetSpec
from tests.components.budget.test_spec import spec
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden


def program(asked: BudgetSpec) -> Callable[[], None]:
    def made() -> None:
        AwsBudget("budget", asked)

    return made


def test_equals_its_snapshot(run: Run) -> None:
    assert_golden("aws_budget", run(program(spec())))


def test_people_are_told_before_and_when_a_month_is_too_dear(run: Run) -> None:
    (budget,) = run(program(spec())).typed("aws:budgets/budget:Budget")

    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == ("25000.00", "USD")
    assert [(each["notificationType"], each["threshold"]) for each in budget.inputs["notifications"]] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
        ("ACTUAL", 100),
    ]
    assert {tuple(each["subscriberEmailAddresses"]) for each in budget.inputs["notifications"]} == {
        ("finance@bank.ae", "platform@bank.ae")
    }


def test_its_flow_says_that_costs_are_added_up_elsewhere(run: Run) -> None:
    plan = run(program(spec()))

    (flow,) = plan.of("falaj:index:AwsBudget", "budget").inputs["dataFlows"]
    assert (flow["sink"], flow["region"], flow["data_class"]) == ("aws/budgets", "us-east-1", "operational")
