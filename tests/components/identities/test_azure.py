from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pytest

from components.identities.azure import AzureIdentities
from components.identities.spec import Actor
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.identities.samples import AZURE_STACK, azure_identities
from tests.fakes.cloud import cloud_answer
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan, programs

IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"


def identities(stage: Stage = Stage.PRODUCTION) -> None:
    AzureIdentities("identities", azure_identities(stage), resource_group="falaj-group")


@pytest.fixture(scope="module")
def plan() -> Iterator[Plan]:
    """An update of all identities, made once: tests only read it."""
    with programs() as run_program:
        yield run_program(identities, answer=cloud_answer, preview=False, stack="local")


def test_equals_its_snapshot(plan: Plan) -> None:
    assert_golden("azure_identities", plan)


def test_a_preview_asks_for_the_same(run: Run) -> None:
    previewed, updated = run(identities, preview=True).resources, run(identities).resources

    assert {urn: each.inputs for urn, each in previewed.items()} == {urn: each.inputs for urn, each in updated.items()}


def test_every_actor_but_those_of_aws_alone_has_an_identity_of_its_own(plan: Plan) -> None:
    made = plan.typed(IDENTITY)

    assert {each.inputs["resourceName"] for each in made} == {
        f"{AZURE_STACK}-{actor.replace('_', '-')}" for actor in {*Actor} - {Actor.POD_NETWORK, Actor.RESTORE}
    }
    assert {each.inputs["location"] for each in made} == {"uaenorth"}
    assert all(each.inputs["tags"] == azure_identities().placement.tags() for each in made)


def test_an_identity_is_given_nothing_here(plan: Plan) -> None:
    assert {each.type for each in plan.resources.values() if each.custom} == {IDENTITY}


@pytest.mark.parametrize(
    ("stage", "protected"), [(Stage.PRODUCTION, True), (Stage.RECOVERY, True), (Stage.DEVELOPMENT, False)]
)
def test_identities_that_open_keys_are_protected_where_data_is_real(run: Run, stage: Stage, *, protected: bool) -> None:
    assert {each.protect for each in run(lambda: identities(stage)).typed(IDENTITY)} == {protected}


def test_a_tenant_asks_for_the_one_identity_it_needs(run: Run) -> None:
    def program() -> None:
        AzureIdentities("identities", azure_identities(), actors=(Actor.MODEL_STORE,), resource_group="falaj-group")

    assert [each.name for each in run(program).typed(IDENTITY)] == ["identities-model-store"]


def test_an_identity_is_known_by_three_names(run: Run) -> None:
    def program() -> None:
        made = AzureIdentities("identities", azure_identities(), resource_group="falaj-group")
        registry = made.identities[Actor.REGISTRY]
        pulumi.export("ids", [registry.id, registry.principal_id, registry.client_id])

    exported = run(program).exports["ids"]

    assert exported[0].endswith(f"/userAssignedIdentities/{AZURE_STACK}-registry")
    assert len({*exported}) == len(exported)


def test_declares_where_tokens_come_from(plan: Plan) -> None:
    component = plan.of("falaj:index:AzureIdentities", "identities")

    assert [(flow["source"], flow["sink"], flow["region"]) for flow in component.inputs["dataFlows"]] == [
        ("platform-team", "azure/managed-identity", "uaenorth"),
        ("nodes", "azure/entra-id", "global"),
    ]
