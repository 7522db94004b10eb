"""What holds of every shipped stack's plan: it is the golden one, it can be taken down, it can be drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from falaj.graph import picture_of
from falaj.graph.drawing import draw
from falaj.plan import Departure, Plan, removal_order, removal_problems
from falaj.plan.removal import CLUSTERS, runs_controllers
from tests.fakes.forked_python import ForkedPython
from tests.fakes.plans import ROOT, assert_plan, planned

STACKS = sorted(
    file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    for file in (ROOT / "stacks" / "config").glob("Pulumi.*.yaml")
)
PlanOf = Callable[[str], Plan]

each_stack = pytest.mark.parametrize(
    "stack", [pytest.param(stack, marks=pytest.mark.xdist_group(f"plan-{stack}")) for stack in STACKS]
)


@pytest.fixture(scope="session")
def plan_of_stack(tmp_path_factory: pytest.TempPathFactory, stacks_python: ForkedPython) -> PlanOf:
    """Gives the plan of a stack; made once, however often asked for."""
    plans: dict[str, Plan] = {}

    def plan(stack: str) -> Plan:
        if stack not in plans:
            with stacks_python.in_use():
                plans[stack] = planned(stack, tmp_path_factory.mktemp(stack))
        return plans[stack]

    return plan


@each_stack
def test_the_plan_is_the_golden_one(plan_of_stack: PlanOf, stack: str) -> None:
    assert_plan(stack, plan_of_stack(stack))


@each_stack
def test_nothing_is_left_behind_when_the_stack_goes(plan_of_stack: PlanOf, stack: str) -> None:
    assert removal_problems(plan_of_stack(stack)) == []


@each_stack
def test_nothing_in_the_cluster_outlives_it_and_what_it_made_is_drained_first(
    plan_of_stack: PlanOf, stack: str
) -> None:
    removals = removal_order(plan_of_stack(stack))

    ends = [each.wave for each in removals if each.resource.type in CLUSTERS]
    inside = [each.wave for each in removals if each.resource.type.startswith("kubernetes:") and not each.resource.read]
    drained = [each.wave for each in removals if each.departure is Departure.DRAINED]
    of_pools = [each for each in removals if each.resource.type.endswith((":NodeGroup", ":AgentPool"))]
    pools = [each.wave for each in of_pools if runs_controllers(each.resource)]
    assert all(wave < end for wave in inside for end in ends)
    assert all(wave < pool for wave in drained for pool in pools)


@each_stack
def test_the_plan_can_be_drawn_with_every_component_in_it(plan_of_stack: PlanOf, stack: str) -> None:
    plan = plan_of_stack(stack)

    picture = picture_of(plan, stack)

    shown = {card.key for frame in picture.frames() for card in frame.cards()}
    tops = {
        each.urn for each in plan.children.get("", ()) if each.component and not each.type.endswith(":WalledNamespace")
    }
    assert tops - shown == set()
    drawing = draw(picture)
    assert [text.text for text in drawing.texts() if not drawing.box.holds(text.box)] == []
