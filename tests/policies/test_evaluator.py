"""The judge: dispatch by type, worst verdict first, and a broken check lets nothing through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from falaj.catalog.controls import Asked, Level, Relation
from policies.control import Control, Severity, Subject, as_is
from policies.controls import named
from policies.days import EXAMPLE_DAY
from policies.evaluator import Evaluator, Verdict, evaluate
from policies.examples.kubernetes import container, deployment, pod
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.path import Path
from policies.resources import Resource, resource
from policies.values import UNKNOWN, Secret

ASKED = Asked(wave=1, level=Level.MANDATORY, references={"pdpl": {Relation.SUPPORTS: ("Art 20",)}})


def control(
    *outcomes: Outcome, tokens: tuple[str, ...] = ("test:index:*",), name: str = "TST-001"
) -> Control[Resource]:
    made = Control(
        id=name,
        title="A test",
        harm="None.",
        severity=Severity.LOW,
        applies_to=Subject(tokens=tokens, view=as_is),
        asked=ASKED,
        reads=("a",),
        remedy="Do nothing.",
    )

    @made.check
    def check(_found: Resource) -> Iterator[Outcome]:
        yield from outcomes

    return made


THING = resource("test:index:Thing", {"a": 1})
FINDING = Finding(Path(("a",)), "1", "2")
UNDECIDED = Undecided(Path(("b",)))


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ((), Verdict.PASS),
        ((FINDING, UNDECIDED), Verdict.FAIL),
        ((UNDECIDED, NotApplicable("why")), Verdict.UNKNOWN),
        ((NotApplicable("why"),), Verdict.NOT_APPLICABLE),
    ],
)
def test_the_worst_outcome_decides(outcomes: tuple[Outcome, ...], verdict: Verdict) -> None:
    (result,) = evaluate([THING], controls=[control(*outcomes)])

    assert result.verdict is verdict


def test_a_failure_does_not_hide_what_is_unknown_nor_say_anything_twice() -> None:
    (result,) = evaluate([THING], controls=[control(UNDECIDED, FINDING, FINDING, UNDECIDED)])

    assert (result.findings, result.undecided) == ((FINDING,), (UNDECIDED,))


def test_a_type_the_control_does_not_judge_gets_no_result() -> None:
    assert evaluate([THING], controls=[control(FINDING, tokens=("test:index:Other",))]) == ()


def test_a_check_that_raises_is_an_error_that_tells_the_place_but_not_the_value() -> None:
    broken = control()
    broken = replace(broken, _checks=[])

    @broken.check
    def explodes(_found: Resource) -> Iterator[Outcome]:
        nothing: dict[str, Iterator[Outcome]] = {}
        yield from nothing["sesame"]

    (result,) = evaluate([THING], controls=[broken])

    assert result.verdict is Verdict.ERROR
    assert result.reason.startswith("KeyError in explodes, test_evaluator.py line ")
    assert "sesame" not in result.reason


def test_a_resource_of_an_impossible_shape_is_an_error_that_tells_where() -> None:
    results = evaluate([pod("three")])

    errors = {result.control.id: result.reason for result in results if result.verdict is Verdict.ERROR}
    assert errors["SUP-001"] == "spec.containers[0]: found t, expected named properties"


def test_two_controls_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^controls share an id: TST-001$"):
        Evaluator([control(), control()])


def test_a_control_takes_one_check() -> None:
    with pytest.raises(ValueError, match=r"^TST-001 has a check already$"):
        control().check(lambda _: iter(()))


def test_members_of_a_kubernetes_list_are_judged_each_as_its_own_kind() -> None:
    bad = deployment([container(image="registry.ae/a:1")]).root.value
    deployments = resource("kubernetes:apps/v1:DeploymentList", {"items": [deployment().root.value, bad]})

    (result,) = evaluate([deployments], controls=named("SUP-001"))

    assert [str(finding.at) for finding in result.findings] == ["items[1].spec.template.spec.containers[0].image"]


def test_a_list_that_is_not_known_is_unknown() -> None:
    unknown = resource("kubernetes:apps/v1:DeploymentList", {"items": UNKNOWN})

    verdicts = {result.control.id: result.verdict for result in evaluate([unknown])}

    assert verdicts["SUP-001"] is Verdict.UNKNOWN
    assert verdicts["TAG-001"] is Verdict.UNKNOWN


def test_a_patch_is_held_to_what_it_patches() -> None:
    patch = replace(deployment([container(securityContext=None)]), type="kubernetes:apps/v1:DeploymentPatch")

    judged = evaluate([patch], controls=named("POD-002", "POD-003", "POD-004", "POD-006", "POD-007", "SUP-001"))
    assert {result.control.id for result in judged if result.verdict is Verdict.FAIL} == {
        "POD-002",
        "POD-003",
        "POD-004",
        "POD-007",
    }


def test_no_secret_is_shown_in_any_finding() -> None:
    properties = {
        "image": Secret("registry.ae/onnxruntime-sesame:1"),
        "env": [{"name": "TOKEN", "value": Secret("sesame")}],
    }
    results = evaluate([deployment([container(**properties)])], controls=named("POD-012", "RES-019", "SUP-001"))

    findings = [str(finding) for result in results for finding in result.findings]
    assert len(findings) == 3
    assert not any("sesame" in finding for finding in findings)


def test_judging_one_resource_leaves_stack_wide_controls_out() -> None:
    alone, together = control(name="TST-001"), control(name="TST-002")
    together = replace(together, applies_to=replace(together.applies_to, stack_wide=True))

    judged = [result.control.id for result in Evaluator([alone, together]).judge(THING, {}, today=EXAMPLE_DAY)]

    assert judged == ["TST-001"]
