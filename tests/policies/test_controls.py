"""Each control is proven by its own examples, and no control lacks one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pulumi_kubernetes
import pytest

import policies
from policies.control import Control, Example, Relation
from policies.controls import load
from policies.evaluator import Result, Verdict, evaluate
from policies.kinds import COMPONENTS, LISTENERS

CONTROLS = load()
PACK = Path(policies.__file__).parent


def judged(control: Control[Any], example: Example) -> Result:
    results = evaluate(example.resources, controls=[control], config=example.config)
    return next(result for result in results if result.urn == example.resources[0].urn)


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(control, example, id=f"{control.id}: {example.label}")
        for control in CONTROLS
        for example in getattr(control.examples, kind)
    ]


@pytest.mark.parametrize(("control", "example"), examples("good"))
def test_a_good_example_passes(control: Control[Any], example: Example) -> None:
    assert judged(control, example) == Result(control, example.resources[0].urn, Verdict.PASS)


@pytest.mark.parametrize(("control", "example"), examples("bad"))
def test_a_bad_example_fails_with_exactly_its_findings(control: Control[Any], example: Example) -> None:
    result = judged(control, example)

    assert tuple(str(finding) for finding in result.findings) == example.says
    assert result.verdict is Verdict.FAIL
    assert result.undecided == ()


@pytest.mark.parametrize(("control", "example"), examples("unknown"))
def test_an_unknown_example_is_undecided_at_exactly_its_paths(control: Control[Any], example: Example) -> None:
    result = judged(control, example)

    assert tuple(str(undecided.at) for undecided in result.undecided) == example.says
    assert result.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("control", "example"), examples("not_applicable"))
def test_an_example_beside_the_point_is_not_judged(control: Control[Any], example: Example) -> None:
    result = judged(control, example)

    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.reason


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_a_control_has_an_example_of_every_verdict(control: Control[Any]) -> None:
    proof = control.examples

    assert proof.good
    assert proof.bad
    assert proof.unknown
    assert proof.not_applicable
    labels = [example.label for kind in (proof.good, proof.bad, proof.unknown) for example in kind]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_a_control_says_who_asks_for_it_and_what_to_do(control: Control[Any]) -> None:
    assert len(control.references) >= 2
    assert len(set(control.references)) == len(control.references)
    assert all(reference.source and reference.relation in Relation for reference in control.references)
    assert control.harm.endswith(".")
    assert control.remedy.endswith((".", "?"))
    assert not control.title.endswith(".")
    assert control.reads


def test_every_file_of_the_folder_is_a_control_of_its_name() -> None:
    files = {path.stem for path in (PACK / "controls").glob("*.py")} - {"__init__"}

    assert {control.id.lower().replace("-", "_") for control in CONTROLS} == files


def test_the_pack_covers_what_it_promises() -> None:
    assert [control.id for control in CONTROLS] == [
        "NET-003",
        "POD-002",
        "POD-003",
        "POD-004",
        "POD-006",
        "POD-007",
        "POD-009",
        "POD-012",
        "RES-019",
        "RES-021",
        "SUP-001",
        "TAG-001",
        "TLS-002",
        "TLS-003",
    ]


def test_every_type_token_exists_in_the_installed_sdk() -> None:
    registered = Path(pulumi_kubernetes.__file__).read_text(encoding="utf-8").partition('resource_modules="""')[2]
    modules = json.loads(registered.partition('"""')[0])
    known = {token for module in modules for token in module["classes"]} | {*LISTENERS, COMPONENTS}

    for control in CONTROLS:
        assert {*control.applies_to.tokens, *control.applies_to.beside} <= known, control.id


def test_no_module_of_the_pack_hides_one_of_the_standard_library() -> None:
    # The engine runs the pack by its folder, which then comes first on the search path.
    assert {path.stem for path in PACK.glob("*")}.isdisjoint(sys.stdlib_module_names)
