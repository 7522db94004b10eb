"""What a user reads: the exact words, and how loud."""

from __future__ import annotations

import pytest

from falaj.catalog.controls import Level
from policies.controls import named
from policies.evaluator import Result, Verdict, evaluate
from policies.examples.kubernetes import component, container, data_flow, deployment, namespace, network_policy
from policies.message import messages
from policies.resources import Resource
from policies.values import UNKNOWN


def result_of(identifier: str, *resources: Resource) -> Result:
    (control,) = named(identifier)
    results = evaluate(resources, controls=[control])
    return next(result for result in results if result.urn == resources[0].urn)


def test_a_finding_names_control_resource_path_value_remedy_and_reference() -> None:
    result = result_of("SUP-001", deployment([container(image="registry.ae/triton:26.07")]))

    (message,) = messages(result, level=Level.MANDATORY, preview=True)

    assert message.level is Level.MANDATORY
    assert message.text == (
        "SUP-001 Container images are named by digest (high)\n"
        "  Resource: urn:pulumi:stack::project::kubernetes:apps/v1:Deployment::example\n"
        "  spec.template.spec.containers[0].image: found registry.ae/triton:26.07, expected name@sha256:<64 hex>\n"
        "  Remedy: Write the image as name@sha256:…; `falaj images build` records the digest of each image it makes.\n"
        "  Reference: UAE IA T7.5.1 (supports); ISO/IEC 27001 A.8.19 (supports)"
    )


@pytest.mark.parametrize(
    ("preview", "level", "line"),
    [
        (
            True,
            Level.ADVISORY,
            "spec.template.spec.containers[0].image: not known yet; the update judges it again",
        ),
        (False, Level.MANDATORY, "spec.template.spec.containers[0].image: still not known in the update"),
    ],
)
def test_an_unknown_is_told_in_a_preview_and_stops_an_update(preview: bool, level: Level, line: str) -> None:
    result = result_of("SUP-001", deployment([container(image=UNKNOWN)]))

    (message,) = messages(result, level=Level.MANDATORY, preview=preview)

    assert (message.level, message.text.splitlines()[2]) == (level, f"  {line}")


@pytest.mark.parametrize("preview", [True, False])
def test_what_no_update_will_tell_stops_the_preview_already(preview: bool) -> None:
    undeclared = result_of("RES-021", component(None))
    elsewhere = result_of("RES-021", component([data_flow(region="local")]))

    lines = [
        (message.level, message.text.splitlines()[2])
        for result in (undeclared, elsewhere)
        for message in messages(result, level=Level.MANDATORY, preview=preview)
    ]

    assert lines == [
        (Level.MANDATORY, "  dataFlows: not known, the component has to say what it moves, [] for nothing"),
        (
            Level.MANDATORY,
            "  dataFlows[0].region: not known, falaj:localCountry in the stack file has to say where local lies",
        ),
    ]


def test_a_finding_in_another_resource_is_told_about_that_one() -> None:
    open_policy = network_policy(egress=[{}])
    result = result_of("NET-003", namespace(), open_policy)

    assert [message.urn for message in messages(result, level=Level.MANDATORY, preview=True)] == [open_policy.urn]


def test_a_failed_check_names_the_control_and_is_as_loud_as_it() -> None:
    (control,) = named("NET-003")
    result = Result(control, "urn:pulumi:s::p::t::n", Verdict.ERROR, reason="KeyError in check, net_003.py line 9")

    (message,) = messages(result, level=Level.MANDATORY, preview=True)

    assert message.level is Level.MANDATORY
    assert message.text.splitlines()[:3] == [
        "NET-003 Every namespace denies traffic in both directions by default (high)",
        "  Resource: urn:pulumi:s::p::t::n",
        "  could not be checked, so it is not let through: KeyError in check, net_003.py line 9",
    ]


def test_a_pass_says_nothing() -> None:
    assert messages(result_of("SUP-001", deployment()), level=Level.MANDATORY, preview=True) == ()


def test_all_that_is_wrong_with_a_resource_is_told_at_once_and_the_unknown_apart() -> None:
    images = [container(image="a:1"), container(image=UNKNOWN), container(image="b:1")]
    result = result_of("SUP-001", deployment(images))

    wrong, unknown = messages(result, level=Level.MANDATORY, preview=True)

    assert wrong.level is Level.MANDATORY
    assert wrong.text.splitlines()[2:4] == [
        "  spec.template.spec.containers[0].image: found a:1, expected name@sha256:<64 hex>",
        "  spec.template.spec.containers[2].image: found b:1, expected name@sha256:<64 hex>",
    ]
    assert unknown.level is Level.ADVISORY
    assert unknown.text.splitlines()[2] == (
        "  spec.template.spec.containers[1].image: not known yet; the update judges it again"
    )


def test_the_references_shown_are_of_two_frameworks() -> None:
    (message,) = messages(result_of("RES-021", component(None)), level=Level.MANDATORY, preview=True)

    assert message.text.splitlines()[-1] == "  Reference: PDPL Art 22 (supports); CBUAE CPS 6.1.6.3 (partial)"
