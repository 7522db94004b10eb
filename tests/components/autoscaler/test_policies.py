"""The policy pack judges the autoscaler: nothing is broken and nothing needs a waiver.

Its identity is judged where the plan is whole, with every shipped stack.
"""

from __future__ import annotations

from policies.controls import load
from policies.evaluator import Verdict, evaluate
from policies.node import Node
from policies.parameters import Parameters
from policies.resources import Resource
from policies.workloads.registries import OwnRegistries
from tests.components.autoscaler.examples import HOST, make
from tests.components.conftest import Run

OWN: dict[type[Parameters], Parameters] = {OwnRegistries: OwnRegistries(registries=(HOST,))}
SUPPORTED = {"NET-003", "POD-002", "POD-011", "SUP-001", "SUP-002"}


def test_no_control_is_broken_and_those_it_supports_pass(run: Run) -> None:
    plan = run(make, preview=True)
    found = [
        Resource(each.type, each.urn, Node(each.inputs))
        for each in plan.resources.values()
        if not each.type.startswith("aws:")
    ]

    results = list(evaluate(found, controls=list(load()), given=OWN))

    assert [
        (result.control.id, result.urn.rpartition("::")[2])
        for result in results
        if result.verdict in (Verdict.FAIL, Verdict.ERROR)
    ] == []
    assert {result.control.id for result in results if result.verdict == Verdict.PASS} >= SUPPORTED
