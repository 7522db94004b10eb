"""What the operator sets counts: every parameter of every control, and no more than it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from policies.control import Control, Example
from policies.controls import load, named
from policies.controls.pod_001 import TrustedNamespaces, enforcing
from policies.evaluator import Verdict, evaluate
from policies.examples.helm import release
from policies.examples.kubernetes import DIGEST, container, deployment
from policies.examples.model_sources import fetching
from policies.models.model_sources import OwnStores
from policies.parameters import Parameters
from policies.resources import Resource
from policies.workloads.registries import OwnRegistries
from tests.policies.proof import judged

CONFIGURED = [control for control in load() if control.parameters is not None]
PARAMETERS = [
    pytest.param(control, name, id=f"{control.id}: {name}")
    for control in CONFIGURED
    for name in (control.parameters.model_fields if control.parameters else ())
]


def examples_of(control: Control[Any]) -> Iterator[Example]:
    proof = control.examples
    yield from (*proof.good, *proof.bad, *proof.unknown, *proof.not_applicable)


def by_default(example: Example, name: str) -> Example:
    """The example as it is where the operator has not set the parameter."""
    assert example.parameters is not None
    default = type(example.parameters).model_fields[name].get_default(call_default_factory=True)
    return replace(example, parameters=example.parameters.model_copy(update={name: default}))


@pytest.mark.parametrize(("control", "name"), PARAMETERS)
def test_every_parameter_changes_the_verdict_of_an_example(control: Control[Any], name: str) -> None:
    changed = [
        example.label
        for example in examples_of(control)
        if example.parameters is not None
        and judged(control, example).verdict is not judged(control, by_default(example, name)).verdict
    ]

    assert changed != []


def test_an_example_sets_only_what_its_control_takes() -> None:
    assert [
        f"{control.id}: {example.label}"
        for control in load()
        for example in examples_of(control)
        if example.parameters is not None and type(example.parameters) is not control.parameters
    ] == []


def test_no_two_controls_are_set_by_the_same_parameters() -> None:
    kinds = [control.parameters for control in CONFIGURED]

    assert len(kinds) == len(set(kinds)) > 20


OURS = OwnRegistries(registries=("harbor.acme.ae",))
STORES = OwnStores(stores=("acme-archive", "models.acme.ae"))


def verdict(control: str, found: Resource, given: Parameters) -> Verdict:
    (result,) = evaluate([found], controls=named(control), given={type(given): given})
    return result.verdict


@pytest.mark.parametrize(
    ("control", "found", "given", "expected"),
    [
        ("POD-001", enforcing("privileged", name="gpu-operator"), TrustedNamespaces(privileged=()), Verdict.FAIL),
        ("SUP-002", deployment([container(image=f"notharbor.acme.ae/iris@{DIGEST}")]), OURS, Verdict.FAIL),
        ("SUP-002", release(values={"image": {"registry": "harbor.acme.ae"}}), OURS, Verdict.PASS),
        ("SUP-008", fetching("--model-repository=s3://other-archive/iris"), STORES, Verdict.FAIL),
        ("SUP-008", fetching(MODEL_URI="https://models.acme.ae/iris"), STORES, Verdict.PASS),
    ],
)
def test_the_operators_word_counts_for_what_it_names_and_nothing_else(
    control: str,
    found: Resource,
    given: Any,  # noqa: ANN401 - parameters of any control
    expected: Verdict,
) -> None:
    assert verdict(control, found, given) is expected
