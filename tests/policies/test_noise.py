"""What a control does not read never changes its verdict, nor does order, nor company."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.control import Control, Example
from policies.controls import load
from policies.days import EXAMPLE_DAY
from policies.evaluator import Result, evaluate
from policies.examples.kubernetes import (
    component,
    cronjob,
    data_flow,
    gateway,
    ingress,
    namespace,
    network_policy,
    pod,
    service,
)
from policies.node import Node
from policies.path import Path
from policies.resources import Plan, Resource
from policies.values import UNKNOWN
from policies.workloads.workload import WORKLOADS, Workload
from tests.policies.changes import covered, leaves, patterns_read, with_value


def examples_of(control: Control[Any]) -> list[Example]:
    return [*control.examples.good, *control.examples.bad, *control.examples.unknown]


CASES = [
    pytest.param(control, example, id=f"{control.id}: {example.label}")
    for control in load()
    for example in examples_of(control)
]
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.just(UNKNOWN),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
)
UNHEARD_OF = Path() / "unheardOf"
"""A property that no control reads."""
STRANGERS = (
    component([data_flow()]),
    cronjob(),
    gateway(),
    ingress(),
    namespace(name="zenith"),
    network_policy("elsewhere", inside="zenith"),
    pod(),
    service(),
)


def judged(control: Control[Any], example: Example, resources: tuple[Resource, ...]) -> Result:
    results = evaluate(resources, controls=[control], config=example.config, given=example.given)
    return next(result for result in results if result.urn == example.resources[0].urn)


def summary(result: Result) -> tuple[object, ...]:
    return result.verdict, result.findings, result.undecided, result.reason


@pytest.mark.parametrize("control", load(), ids=lambda control: control.id)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_not_read_does_not_matter(control: Control[Any], data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(examples_of(control)))
    index = data.draw(st.integers(0, len(example.resources) - 1))
    resource = example.resources[index]
    declared = patterns_read(control, resource)
    unread = [path for path, _ in leaves(resource.root.value) if path.parts and not covered(path.pattern, declared)]
    noisy = list(example.resources)
    noisy[index] = with_value(resource, data.draw(st.sampled_from([*unread, UNHEARD_OF])), data.draw(anything))

    assert summary(judged(control, example, tuple(noisy))) == summary(judged(control, example, example.resources))


@pytest.mark.parametrize(("control", "example"), CASES)
def test_a_check_reads_nothing_that_it_does_not_declare(control: Control[Any], example: Example) -> None:
    for position, resource in enumerate(example.resources):
        read: list[Path] = []
        traced = tuple(
            other.traced(read.append) if index == position else other for index, other in enumerate(example.resources)
        )
        subject = traced[0]
        if control.applies_to.holds(subject.type):
            plan = Plan(EXAMPLE_DAY, config=example.config, resources=traced, given=example.given)
            list(control.judge(subject, plan))

        declared = patterns_read(control, resource)
        assert [str(path) for path in read if not covered(path.pattern, declared)] == []


@settings(max_examples=3, deadline=None)
@given(extra=st.dictionaries(st.from_regex(r"[a-z]{1,8}\.example/[a-z]{1,8}", fullmatch=True), st.text(max_size=8)))
def test_more_labels_and_annotations_change_nothing(extra: dict[str, str]) -> None:
    for control in load():
        for example in (*control.examples.good, *control.examples.bad):
            labelled = tuple(with_labels(resource, extra) for resource in example.resources)

            assert summary(judged(control, example, labelled)) == summary(judged(control, example, example.resources))


def with_labels(resource: Resource, extra: dict[str, str]) -> Resource:
    properties: Any = copy.deepcopy(resource.root.value)
    metadata = properties.get("metadata")
    if not isinstance(metadata, dict):
        return resource
    metadata.setdefault("annotations", {})
    for texts in (metadata["annotations"], metadata.get("labels")):
        if isinstance(texts, dict):
            texts.update(extra)
    return replace(resource, root=Node(properties))


@pytest.mark.parametrize("control", load(), ids=lambda control: control.id)
def test_the_resource_that_an_example_is_about_has_a_name_of_its_own(control: Control[Any]) -> None:
    for examples in (control.examples.good, control.examples.bad, control.examples.unknown):
        for example in examples:
            first, *others = [resource.urn for resource in example.resources]
            assert first not in others, example.label


@settings(max_examples=3, deadline=None)
@given(company=st.lists(st.sampled_from(STRANGERS), unique_by=id), order=st.randoms(use_true_random=False))
def test_company_and_order_of_resources_change_nothing(company: list[Resource], order: Any) -> None:  # noqa: ANN401 - Random
    for control in load():
        for example in (*control.examples.good, *control.examples.bad, *control.examples.unknown):
            crowd = [*example.resources, *(away(stranger, number) for number, stranger in enumerate(company))]
            order.shuffle(crowd)

            # Which unknown is met first may depend on the order, never the verdict.
            alone, crowded = judged(control, example, example.resources), judged(control, example, tuple(crowd))
            assert (crowded.verdict, set(crowded.findings)) == (alone.verdict, set(alone.findings))


def away(stranger: Resource, number: int) -> Resource:
    return replace(stranger, urn=f"urn:pulumi:stack::project::{stranger.type}::stranger-{number}")


@pytest.mark.parametrize(
    "control", [control for control in load() if control.applies_to == WORKLOADS], ids=lambda control: control.id
)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_order_of_containers_changes_no_verdict(control: Control[Any], data: st.DataObject) -> None:
    pods = [example.resources[0] for example in (*control.examples.good, *control.examples.bad)]
    containers = [found for resource in pods for found in containers_of(resource)]
    shuffled = data.draw(st.permutations(containers))

    before, after = (
        next(iter(evaluate([pod(order)], controls=[control], config={}))) for order in (containers, shuffled)
    )
    assert after.verdict is before.verdict
    assert sorted(finding.found for finding in after.findings) == sorted(finding.found for finding in before.findings)


def containers_of(resource: Resource) -> list[object]:
    return [found.value for found in Workload(resource).containers]
