from __future__ import annotations

import pytest

from components.admission.kubernetes import AdmissionControls
from components.admission.spec import AdmissionRule, AdmissionSpec, admission_rules, policies
from falaj.catalog.controls import Level, asked_controls
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden


def admission() -> None:
    spec = AdmissionSpec(owner="platform", profiles=("cbuae",), namespace_label="falaj.dev/role")
    AdmissionControls("admission", spec)


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot_in_an_update_and_in_a_preview(run: Run, *, preview: bool) -> None:
    assert_golden("admission_controls", run(admission, preview=preview))


def rule(control: str, *resources: str) -> AdmissionRule:
    return AdmissionRule(
        control=control, resources=resources, runs_containers=False, expression="true", message=f"{control} says no"
    )


def test_a_mandatory_control_denies_and_an_advisory_one_warns(run: Run) -> None:
    bindings = {
        urn.rpartition("::")[2]: each.inputs["spec"]["validationActions"]
        for urn, each in run(admission).resources.items()
        if each.type.endswith(":ValidatingAdmissionPolicyBinding")
    }

    assert bindings["admission-falaj-workloads-mandatory-binding"] == ["Deny", "Audit"]
    assert {tuple(actions) for actions in bindings.values()} <= {("Deny", "Audit"), ("Warn", "Audit")}


def test_a_policy_matches_exactly_what_its_controls_judge() -> None:
    made = policies([rule("POD-004", "apps/v1/deployments", "/v1/pods", "apps/v1/daemonsets")], ())

    ((name, specification),) = made.items()
    assert name == "falaj-deployments-pods-daemonsets-mandatory"
    assert [
        (each["api_groups"], each["api_versions"], each["resources"])
        for each in specification["match_constraints"]["resource_rules"]
    ] == [(["apps"], ["v1"], ["deployments", "daemonsets"]), ([""], ["v1"], ["pods"])]
    assert [each["message"] for each in specification["validations"]] == ["POD-004 says no"]


def test_a_control_that_is_not_asked_for_is_no_rule() -> None:
    (somewhere,) = [name for name, asked in asked_controls().items() if name == "ENC-005"]

    assert asked_controls()[somewhere].level_for(()) is Level.DISABLED
    assert policies([rule(somewhere, "/v1/pods")], ()) == {}
    assert len(policies([rule(somewhere, "/v1/pods")], ("gov",))) == 1


def test_every_rule_names_a_control_of_the_catalog() -> None:
    assert {each.control for each in admission_rules()} <= set(asked_controls())
