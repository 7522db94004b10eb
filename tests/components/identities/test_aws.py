from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pulumi_aws as aws
import pytest

from components.identities.aws import AwsIdentities
from components.identities.spec import Actor
from tests.components.conftest import Run
from tests.components.identities.samples import ACCOUNT, AWS_STACK, aws_identities
from tests.fakes.cloud import cloud_answer
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan, programs

ROLE = "aws:iam/role:Role"
ACTORS = {*Actor} - {Actor.REGISTRY, Actor.MODEL_STORE}


def identities() -> None:
    AwsIdentities("identities", aws_identities())


@pytest.fixture(scope="module")
def plan() -> Iterator[Plan]:
    """An update of all roles, made once: tests only read it."""
    with programs() as run_program:
        yield run_program(identities, answer=cloud_answer, preview=False, stack="local")


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot_in_an_update_and_in_a_preview(run: Run, *, preview: bool) -> None:
    assert_golden("aws_identities", run(identities, preview=preview))


def test_every_role_carries_the_stacks_tags_and_its_own_name(plan: Plan) -> None:
    shared = aws_identities().placement.tags()

    roles = plan.typed(ROLE)

    assert len(roles) == len(ACTORS)
    for role in roles:
        assert role.inputs["tags"] == {**shared, "Name": role.inputs["name"]}


def test_every_role_has_one_policy_and_sheds_all_others(plan: Plan) -> None:
    roles = {role.inputs["name"] for role in plan.typed(ROLE)}
    inline = plan.typed("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive")
    managed = plan.typed("aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive")
    assert {each.inputs["role"] for each in plan.typed("aws:iam/rolePolicy:RolePolicy")} == roles
    assert {each.inputs["roleName"]: each.inputs["policyNames"] for each in inline} == {
        role: ["least"] for role in roles
    }
    assert {each.inputs["roleName"]: each.inputs["policyArns"] for each in managed} == {role: [] for role in roles}


def test_makes_neither_users_nor_access_keys_nor_managed_attachments(plan: Plan) -> None:
    kinds = {each.type for each in plan.resources.values() if each.custom}

    assert kinds == {
        ROLE,
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    }


def test_arns_are_known_in_a_preview(run: Run) -> None:
    component = run(identities, preview=True).of("falaj:index:AwsIdentities", "identities")

    assert component.outputs is not None
    assert component.outputs["roles"] == {
        actor.value: f"arn:aws:iam::{ACCOUNT}:role/{AWS_STACK}-{actor.replace('_', '-')}" for actor in ACTORS
    }


def test_who_waits_for_a_role_waits_for_its_permissions(run: Run) -> None:
    def program() -> None:
        roles = AwsIdentities("identities", aws_identities()).roles
        aws.kms.Key("probe", description=roles[Actor.NODES])

    probe = run(program).of("aws:kms/key:Key", "probe")

    assert "identities-nodes-permissions" in {urn.rpartition("::")[2] for urn in probe.dependencies}


def test_names_are_outputs_too(run: Run) -> None:
    def program() -> None:
        pulumi.export("names", {actor.value: name for actor, name in made().role_names.items()})

    assert run(program).exports["names"] == {actor.value: f"{AWS_STACK}-{actor.replace('_', '-')}" for actor in ACTORS}


def made() -> AwsIdentities:
    return AwsIdentities("identities", aws_identities())


def test_declares_that_definitions_of_roles_leave_the_country_and_credentials_do_not(plan: Plan) -> None:
    component = plan.of("falaj:index:AwsIdentities", "identities")

    assert [(flow["source"], flow["sink"], flow["region"]) for flow in component.inputs["dataFlows"]] == [
        ("platform-team", "aws/iam", "us-east-1"),
        ("nodes", "aws/sts", "me-central-1"),
        ("pods", "aws/eks-auth", "me-central-1"),
    ]
    assert {flow["encryption"] for flow in component.inputs["dataFlows"]} == {"tls"}
