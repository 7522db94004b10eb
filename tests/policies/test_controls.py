"""Each control is proven by its own examples, and no control lacks one."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi_kubernetes
import pytest

import policies
from falaj.catalog.controls import Relation, asked_controls
from falaj.standin.library import resource_type
from falaj.standin.shapes import Kind, ResourceType, Shape
from policies.control import Control, Example
from policies.controls import load
from policies.controls.res_023 import ISSUERS
from policies.evaluator import Result, Verdict
from policies.models.alert_rules import IN_CLUSTER
from policies.models.served_models import HTTP_ROUTE, INFERENCE_SERVICE, ROLLOUT
from policies.resources import resource
from policies.workloads.kinds import COMPONENTS, LISTENERS
from tests.policies.changes import patterns_read, steps
from tests.policies.proof import judged, unmended

CONTROLS = load()
PACK = Path(policies.__file__).parent
OF_A_TYPE = re.compile(r"[A-Za-z:/.0-9-]+:")
"""How the path of a type that a control names begins."""
CLOUDS = ("aws:", "azure-native:", "pulumi:providers:")
KNOWN_BEYOND_THE_SDK = {
    *LISTENERS,
    COMPONENTS,
    IN_CLUSTER,
    *ISSUERS,
    HTTP_ROUTE,
    INFERENCE_SERVICE,
    ROLLOUT,
    "pulumi:pulumi:Stack",
    "pulumi:pulumi:StackReference",
}
"""Custom resources of the cluster, our components, and what the engine itself makes."""


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


@pytest.mark.parametrize("control", [each for each in CONTROLS if each.mends], ids=lambda control: control.id)
def test_a_fix_mends_what_is_broken_once_and_for_all_and_leaves_the_rest(control: Control[Any]) -> None:
    assert list(unmended(control)) == []


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


def test_every_control_is_one_that_the_catalog_knows_who_asks_for() -> None:
    assert [control.id for control in CONTROLS if control.asked is None and control.id not in asked_controls()] == []


def test_every_type_token_exists_in_the_installed_sdk() -> None:
    registered = Path(pulumi_kubernetes.__file__).read_text(encoding="utf-8").partition('resource_modules="""')[2]
    modules = json.loads(registered.partition('"""')[0])
    known = {token for module in modules for token in module["classes"]} | KNOWN_BEYOND_THE_SDK

    strangers = {
        f"{control.id}: {token}"
        for control in CONTROLS
        for token in {*control.applies_to.tokens, *control.applies_to.beside}
        if token not in known and not token.endswith("*") and not (is_of_a_cloud(token) and resource_type(token))
    }
    assert strangers == set()


def is_of_a_cloud(token: str) -> bool:
    return token.startswith(CLOUDS)


def test_every_path_read_from_a_clouds_resource_is_one_of_its_inputs_or_outputs() -> None:
    strangers = [
        f"{control.id}: {token} {path}"
        for control in CONTROLS
        for token in {*control.applies_to.tokens, *control.applies_to.beside}
        if is_of_a_cloud(token) and not token.endswith("*")
        for path in patterns_read(as_read(control, token), resource(token, {}))
        if not is_property(token, path)
    ]
    assert strangers == []


def as_read(control: Control[Any], token: str) -> Control[Any]:
    """The control with what it reads of a type: of those it does not judge, only what it reads of them by name."""
    if control.applies_to.holds(token):
        return control
    return replace(control, reads=tuple(read for read in control.reads if OF_A_TYPE.match(read)))


def is_property(token: str, path: str) -> bool:
    """Whether the installed SDK's type has a property there. Free maps and JSON documents hold any name.

    What every resource has, its id, no type of the SDK lists.
    """
    found = resource_type(token)
    assert found is not None
    first, *rest = steps(path)
    if path == "id":
        return True
    shapes = [each[first].shape for each in (found.inputs, found.outputs) if first is not None and first in each]
    for step in rest:
        shapes = [inner for shape in shapes for inner in within(found, shape, step)]
    return bool(shapes)


def within(found: ResourceType, shape: Shape, step: str | None) -> list[Shape]:
    match shape.kind:
        case Kind.UNION:
            return [inner for each in shape.of for inner in within(found, each, step)]
        case Kind.LIST if step is None:
            return list(shape.of)
        case Kind.MAP | Kind.ANYTHING | Kind.STRING:
            return [shape.of[0] if shape.of else shape]
        case Kind.OBJECT if step is not None and step in found.structure(shape.name):
            return [found.structure(shape.name)[step].shape]
    return []


def test_no_module_of_the_pack_hides_one_of_the_standard_library() -> None:
    # The engine runs the pack by its folder, which then comes first on the search path.
    assert {path.stem for path in PACK.glob("*")}.isdisjoint(sys.stdlib_module_names)
