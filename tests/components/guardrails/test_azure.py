from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.guardrails.azure import AzureGuardrails
from components.guardrails.spec import GuardrailsSpec
from tests.components.conftest import Run
from tests.components.guardrails.test_spec import spec
from tests.components.network.networks import SUBSCRIPTION
from tests.fakes.golden import assert_golden


def program(asked: GuardrailsSpec) -> Callable[[], None]:
    def made() -> None:
        AzureGuardrails("guardrails", asked)

    return made


def assignments(run: Run, asked: GuardrailsSpec) -> dict[str, dict[str, Any]]:
    plan = run(program(asked))
    found = plan.typed("azure-native:authorization:PolicyAssignment")
    return {each.name.removeprefix("guardrails-"): each.inputs for each in found}


def test_equals_its_snapshot(run: Run) -> None:
    asked = spec("uaenorth", sizes=["Standard_D8s_v5"])

    assert_golden("azure_guardrails", run(program(asked)))


def test_the_subscription_is_bound_to_the_country(run: Run) -> None:
    found = assignments(run, spec("uaenorth"))

    for role in ("locations", "group-locations"):
        assert found[role]["parameters"] == {"listOfAllowedLocations": {"value": ["uaecentral", "uaenorth"]}}
        assert found[role]["scope"] == f"/subscriptions/{SUBSCRIPTION}"
        assert found[role]["enforcementMode"] == "Default"
        assert "resourceSelectors" not in found[role]


def test_public_addresses_are_refused_where_there_is_no_way_out(run: Run) -> None:
    assert "public-addresses" in assignments(run, spec("uaenorth"))
    assert "public-addresses" not in assignments(run, spec("uaenorth", egress="firewall"))
    assert "interfaces" in assignments(run, spec("uaenorth", egress="firewall"))


def test_what_depends_on_the_environment_binds_its_own_region_only(run: Run) -> None:
    found = assignments(run, spec("uaecentral", sizes=["Standard_D8s_v5"]))

    here = [{"name": "here", "selectors": [{"kind": "resourceLocation", "in": ["uaecentral"]}]}]
    assert {role for role, inputs in found.items() if "resourceSelectors" in inputs} == {"public-addresses", "sizes"}
    assert found["sizes"]["resourceSelectors"] == found["public-addresses"]["resourceSelectors"] == here


def test_sizes_bind_scale_sets_too(run: Run) -> None:
    asked = spec("uaenorth", sizes=["Standard_D8s_v5"])
    (definition,) = run(program(asked)).typed("azure-native:authorization:PolicyDefinition")

    kinds = [each["allOf"][0]["equals"] for each in definition.inputs["policyRule"]["if"]["anyOf"]]
    assert kinds == ["Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachineScaleSets"]
    assert assignments(run, asked)["sizes"]["parameters"] == {"sizes": {"value": ["Standard_D8s_v5"]}}
