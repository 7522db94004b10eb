from __future__ import annotations

import json
from collections.abc import Callable

from components.guardrails.aws import AwsGuardrails
from components.guardrails.service_control import service_control_policy
from components.guardrails.spec import GuardrailsSpec
from tests.components.conftest import Run
from tests.components.guardrails.test_spec import spec
from tests.fakes.golden import assert_golden

UNIT = "ou-ab12-cd34ef56"


def program(asked: GuardrailsSpec) -> Callable[[], None]:
    def made() -> None:
        AwsGuardrails("guardrails", asked)

    return made


def test_equals_its_snapshot(run: Run) -> None:
    assert_golden("aws_guardrails", run(program(spec(organizational_unit=UNIT))))


def test_the_policy_binds_the_unit_that_is_named(run: Run) -> None:
    plan = run(program(spec(organizational_unit=UNIT)))

    (policy,) = plan.typed("aws:organizations/policy:Policy")
    assert json.loads(policy.inputs["content"]) == service_control_policy(spec())
    assert (policy.inputs["type"], policy.protect) == ("SERVICE_CONTROL_POLICY", True)
    (attachment,) = plan.typed("aws:organizations/policyAttachment:PolicyAttachment")
    assert attachment.inputs["targetId"] == UNIT


def test_without_a_unit_a_person_gets_the_policy_and_nothing_is_made(run: Run) -> None:
    plan = run(program(spec()))

    component = plan.of("falaj:index:AwsGuardrails", "guardrails")
    assert not [each for each in plan.resources.values() if each.custom and each.type.startswith("aws:")]
    assert component.outputs is not None
    assert json.loads(component.outputs["policy"]) == service_control_policy(spec())
    assert component.inputs["dataFlows"] == []
