from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.admission.kubernetes import AdmissionControls
from components.admission.spec import (
    SAYS_SOMETHING_NEW,
    VARIABLES,
    AdmissionRule,
    AdmissionSpec,
    admission_rules,
    policies,
)
from falaj.catalog.controls import Level, asked_controls
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden

BASELINE = AdmissionSpec(owner="platform", profiles=(), namespace_label="falaj.dev/role")


def admission() -> None:
    AdmissionControls("admission", BASELINE.model_copy(update={"profiles": ("cbuae",)}))


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
    made = policies([rule("POD-004", "apps/v1/deployments", "/v1/pods", "apps/v1/daemonsets")], BASELINE)

    ((name, specification),) = made.items()
    assert name == "falaj-daemonsets-deployments-pods-mandatory"
    assert [
        (each["api_groups"], each["api_versions"], each["resources"])
        for each in specification["match_constraints"]["resource_rules"]
    ] == [(["apps"], ["v1"], ["deployments", "daemonsets"]), ([""], ["v1"], ["pods"])]
    assert [each["message"] for each in specification["validations"]] == ["POD-004 says no"]


def test_a_control_that_is_not_asked_for_is_no_rule() -> None:
    (somewhere,) = [name for name, asked in asked_controls().items() if name == "ENC-005"]

    assert asked_controls()[somewhere].level_for(()) is Level.DISABLED
    assert policies([rule(somewhere, "/v1/pods")], BASELINE) == {}
    assert len(policies([rule(somewhere, "/v1/pods")], BASELINE.model_copy(update={"profiles": ("gov",)}))) == 1


def variables(spec: AdmissionSpec, control: str) -> dict[str, str]:
    """What the policy of one shipped rule calls by name."""
    ((_, made),) = policies([rule for rule in admission_rules() if rule.control == control], spec).items()
    return {each["name"]: each["expression"] for each in made["variables"]}


def test_what_the_operator_sets_takes_the_place_of_the_packs_default() -> None:
    own = BASELINE.model_copy(update={"parameters": {"POD-001": {"privileged": ("gpu-operator", "drivers")}}})

    assert variables(BASELINE, "POD-001") == {"pod_001_privileged": '["gpu-operator"]'}
    assert variables(own, "POD-001") == {"pod_001_privileged": '["gpu-operator", "drivers"]'}


def test_only_what_a_rule_asks_for_can_be_set() -> None:
    with pytest.raises(ValidationError, match=r"SUP-002 takes no stores; it takes registries"):
        AdmissionSpec(
            owner="platform", profiles=(), namespace_label="role", parameters={"SUP-002": {"stores": ("a.ae",)}}
        )
    with pytest.raises(ValidationError, match=r"POD-004 takes no added; it takes nothing"):
        AdmissionSpec(owner="platform", profiles=(), namespace_label="role", parameters={"POD-004": {"added": ()}})


def test_a_policy_names_what_its_expressions_call_and_nothing_else() -> None:
    assert variables(BASELINE, "POD-007") == {name: VARIABLES[name] for name in ("pod", "lasting", "containers")}
    assert variables(BASELINE, "TLS-003") == {}


def test_only_what_says_something_new_is_judged() -> None:
    (made,) = policies([rule("POD-004", "/v1/pods")], BASELINE).values()

    assert made["match_conditions"] == [{"name": "says-something-new", "expression": SAYS_SOMETHING_NEW}]


def test_pods_of_a_trusted_namespace_are_let_be_and_its_other_objects_are_not() -> None:
    trusting = BASELINE.model_copy(update={"trusted_namespaces": ("gpu-operator",)})
    running = rule("POD-004", "/v1/pods").model_copy(update={"runs_containers": True})

    (pods,) = policies([running], trusting).values()
    (others,) = policies([rule("TEN-001", "/v1/namespaces")], trusting).values()
    assert pods["match_conditions"][1:] == [
        {"name": "is-not-trusted", "expression": '!(request.namespace in ["gpu-operator"])'}
    ]
    assert others["match_conditions"][1:] == []


def test_only_a_namespace_that_pod_001_trusts_can_be_trusted() -> None:
    with pytest.raises(ValidationError, match=r"acme trusted, allowed: gpu-operator, as POD-001 has it"):
        AdmissionSpec(owner="platform", profiles=(), namespace_label="role", trusted_namespaces=("acme",))
    own = {"POD-001": {"privileged": ("drivers",)}}
    asked = {"owner": "platform", "profiles": (), "namespace_label": "role", "parameters": own}
    assert AdmissionSpec(**asked, trusted_namespaces=("drivers",)).trusted_namespaces == ("drivers",)


def test_a_cluster_for_development_says_so() -> None:
    thrown_away = BASELINE.model_copy(update={"development": True})

    assert variables(BASELINE, "TAG-005") == {"development": "false"}
    assert variables(thrown_away, "TAG-005") == {"development": "true"}


def test_rules_whose_policies_would_be_called_alike_are_refused() -> None:
    alike = [rule("POD-004", "/v1/pods"), rule("POD-003", "other/v1/pods")]

    with pytest.raises(ValueError, match=r"rules for different objects would share the name of a policy"):
        policies(alike, BASELINE)


def test_the_component_supports_every_control_it_installs() -> None:
    assert AdmissionControls.controls == tuple(sorted(rule.control for rule in admission_rules()))


def test_every_rule_names_a_control_of_the_catalog() -> None:
    assert {each.control for each in admission_rules()} <= set(asked_controls())
