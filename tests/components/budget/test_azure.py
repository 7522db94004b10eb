from __future__ import annotations

from collections.abc import Callable

from components.budget.azure import AzureBudget
from components.budget.spec import BudgetSpec
from tests.components.budget.test_spec import spec
from tests.components.conftest import Run
from tests.components.network.networks import SUBSCRIPTION
from tests.fakes.golden import assert_golden


def program(asked: BudgetSpec) -> Callable[[], None]:
    def made() -> None:
        AzureBudget("budget", asked)

    return made


def test_equals_its_snapshot(run: Run) -> None:
    assert_golden("azure_budget", run(program(spec("uaenorth"))))


def test_people_are_told_before_and_when_a_month_is_too_dear(run: Run) -> None:
    (budget,) = run(program(spec("uaenorth", monthly="99.5"))).typed("azure-native:consumption:Budget")

    assert (budget.inputs["amount"], budget.inputs["scope"]) == (99.5, f"/subscriptions/{SUBSCRIPTION}")
    assert budget.inputs["timePeriod"] == {"startDate": "2026-12-01T00:00:00Z"}
    told = {name: (each["thresholdType"], each["threshold"]) for name, each in budget.inputs["notifications"].items()}
    assert told == {
        "spent-80": ("Actual", 80),
        "forecast-100": ("Forecasted", 100),
        "spent-100": ("Actual", 100),
    }


def test_its_flow_says_that_costs_are_added_up_elsewhere(run: Run) -> None:
    plan = run(program(spec("uaenorth")))

    (flow,) = plan.of("falaj:index:AzureBudget", "budget").inputs["dataFlows"]
    assert (flow["sink"], flow["region"], flow["channel"]) == ("azure/cost-management", "global", "telemetry")
