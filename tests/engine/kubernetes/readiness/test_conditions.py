from __future__ import annotations

import re
from typing import Any

import pytest

from falaj.engine.kubernetes.readiness.assessment import Failed, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.conditions import (
    assess_api_service,
    assess_custom_resource_definition,
    assess_namespace,
    assess_resource_quota,
    expectations,
)

ALONE = Surroundings()


def having(*conditions: tuple[str, str], message: str = "") -> dict[str, Any]:
    return {
        "status": {"conditions": [{"type": kind, "status": status, "message": message} for kind, status in conditions]}
    }


def test_a_definition_is_ready_once_established() -> None:
    assert assess_custom_resource_definition(having(("NamesAccepted", "True"), ("Established", "True")), ALONE) == (
        Ready()
    )
    assert assess_custom_resource_definition({}, ALONE) == Waiting("condition Established is not there yet")


def test_a_definition_with_taken_names_fails() -> None:
    taken = having(("NamesAccepted", "False"), message="wells is taken")
    assert assess_custom_resource_definition(taken, ALONE) == Failed("its names are not accepted: wells is taken")


def test_an_extension_server_must_be_reached() -> None:
    assert assess_api_service(having(("Available", "False"), message="no endpoints"), ALONE) == Waiting(
        "condition Available is False: no endpoints"
    )


def test_a_namespace_must_be_active() -> None:
    assert assess_namespace({"status": {"phase": "Active"}}, ALONE) == Ready()
    assert assess_namespace({"status": {"phase": "Terminating"}}, ALONE) == Waiting("the namespace is Terminating")


def test_a_quota_must_be_counted_by_what_was_asked_for() -> None:
    assert assess_resource_quota({"spec": {"hard": {"pods": "2"}}, "status": {"hard": {"pods": "2"}}}, ALONE) == Ready()
    assert assess_resource_quota({"spec": {"hard": {"pods": "2"}}, "status": {"hard": {"pods": "1"}}}, ALONE) == (
        Waiting("the quota is not counted yet")
    )


@pytest.mark.parametrize(
    ("annotation", "live", "answer"),
    [
        ("condition=Ready", having(("Ready", "True")), Ready()),
        ("condition=ready", having(("Ready", "True")), Ready()),
        (
            "condition=Ready",
            having(("Ready", "False"), message="no issuer"),
            Waiting("condition Ready is False: no issuer"),
        ),
        ("condition=Stalled=False", having(("Stalled", "False")), Ready()),
        ("jsonpath={.status.phase}=Running", {"status": {"phase": "Running"}}, Ready()),
        (
            "jsonpath={.status.phase}=Running",
            {"status": {"phase": "Pending"}},
            Waiting("jsonpath={.status.phase}=Running is not met; found Pending"),
        ),
        ("jsonpath={.status.ready}", {}, Waiting("jsonpath={.status.ready} is not met; found nothing")),
        ("jsonpath={.status.ready}", {"status": {"ready": False}}, Ready()),
        ("jsonpath={.status.items[1].ip}='10.0.0.1'", {"status": {"items": [{}, {"ip": "10.0.0.1"}]}}, Ready()),
        ("jsonpath={.status.items[*].n}=2", {"status": {"items": [{"n": 1}, {"n": 2}]}}, Ready()),
        (r"jsonpath={.metadata.labels.a\.b/c}=d", {"metadata": {"labels": {"a.b/c": "d"}}}, Ready()),
        ("jsonpath={.metadata.labels['a.b/c']}=d", {"metadata": {"labels": {"a.b/c": "d"}}}, Ready()),
    ],
)
def test_a_program_may_say_what_to_wait_for(annotation: str, live: dict[str, Any], answer: object) -> None:
    (expectation,) = expectations(annotation)
    assert expectation.assess(live) == answer


def test_a_list_names_several_things() -> None:
    found = expectations('["condition=Ready", "jsonpath={.status.phase}=Bound"]')
    assert [expectation.text for expectation in found] == ["condition=Ready", "jsonpath={.status.phase}=Bound"]


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ("Ready", '\'Ready\' starts neither with "condition=" nor with "jsonpath={"'),
        ("[]", "'[]' names nothing to wait for"),
        ('["condition=', "'[\"condition=' is not a JSON list of texts: "),
        ("jsonpath={status}", "'jsonpath={status}': 'status' is not a path such as "),
        ('jsonpath={.a[?(@.b=="c")]}', "filters are not known here; use condition=… or a plain path"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_reason(annotation: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        expectations(annotation)
