from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from components.identities.aws import AwsIdentities
from components.identities.spec import Actor
from components.keys.actors import aws_readers, aws_users
from components.keys.aws import AwsKeyRing
from components.keys.aws_policy import key_policy
from components.keys.spec import KeyRingSpec, Purpose
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.identities.samples import ACCOUNT, AWS_STACK, aws_identities
from tests.components.keys.samples import ADMINISTRATOR, ENVIRONMENT, aws_ring, tenant_ring
from tests.fakes.cloud import cloud_answer
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan, programs

KEY, ALIAS = "aws:kms/key:Key", "aws:kms/alias:Alias"


def ring(spec: KeyRingSpec | None = None) -> Callable[[], None]:
    asked = spec or aws_ring()

    def program() -> None:
        roles = AwsIdentities("identities", aws_identities()).roles
        AwsKeyRing("keys", asked, users=aws_users(asked.purposes, roles), readers=aws_readers(asked.purposes, roles))

    return program


@pytest.fixture(scope="module")
def plan() -> Iterator[Plan]:
    """An update of a whole ring, made once: tests only read it."""
    with programs() as run_program:
        yield run_program(ring(), answer=cloud_answer, preview=False, stack="local")


def role(actor: Actor) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{AWS_STACK}-{actor.replace('_', '-')}"


def test_equals_its_snapshot(run: Run) -> None:
    def program() -> None:
        AwsKeyRing(
            "keys",
            aws_ring(),
            users={Purpose.CLUSTER_SECRETS: ["arn:aws:iam::123456789012:role/control-plane"]},
            readers={Purpose.AUDIT: ["arn:aws:iam::123456789012:role/auditors"]},
        )

    assert_golden("aws_key_ring", run(program))


def test_every_key_rotates_stays_in_its_region_and_can_be_brought_back_for_a_month(plan: Plan) -> None:
    keys = plan.typed(KEY)

    assert {each.inputs["description"] for each in keys} == {
        f"{AWS_STACK}: {purpose.replace('_', ' ')}" for purpose in ENVIRONMENT
    }
    for each in keys:
        assert each.inputs["multiRegion"] is False
        assert each.inputs["enableKeyRotation"] is True
        assert each.inputs["rotationPeriodInDays"] == 365
        assert each.inputs["deletionWindowInDays"] == 30
        assert each.inputs["bypassPolicyLockoutSafetyCheck"] is False
        assert each.inputs["tags"] == {**aws_ring().placement.tags(), "Name": each.inputs["tags"]["Name"]}
        assert "region" not in each.inputs


def test_a_window_longer_than_aws_has_is_the_longest_there_is(run: Run) -> None:
    spec = aws_ring((Purpose.LOGS,)).model_copy(update={"deletion_days": 90})

    assert run(ring(spec)).of(KEY, "keys-logs").inputs["deletionWindowInDays"] == 30


@pytest.mark.parametrize("preview", [False, True])
def test_policies_are_known_in_a_preview_and_name_the_roles_that_use_each_key(run: Run, *, preview: bool) -> None:
    plan = run(ring(), preview=preview)

    users = {
        Purpose.CLUSTER_SECRETS: [role(Actor.CONTROL_PLANE)],
        Purpose.NODE_DISKS: [role(Actor.DISKS)],
        Purpose.BACKUP: [role(Actor.BACKUP), role(Actor.RESTORE)],
    }
    readers = {Purpose.MODEL_STORE: [role(Actor.BACKUP)]}
    for purpose in ENVIRONMENT:
        found = plan.of(KEY, f"keys-{purpose.replace('_', '-')}").inputs["policy"]
        assert found == key_policy(aws_ring(), purpose, users=users.get(purpose, []), readers=readers.get(purpose, []))
        assert ADMINISTRATOR in found
        assert json.loads(found)["Version"] == "2012-10-17"


def test_a_key_waits_for_the_roles_its_policy_names(plan: Plan) -> None:
    key = plan.of(KEY, "keys-cluster-secrets")

    assert "identities-control-plane-permissions" in {urn.rpartition("::")[2] for urn in key.dependencies}


def test_every_key_has_an_alias_that_aws_has_not_reserved(plan: Plan) -> None:
    aliases = {each.inputs["name"] for each in plan.typed(ALIAS)}

    assert aliases == {f"alias/falaj/{AWS_STACK}/{purpose.replace('_', '-')}" for purpose in ENVIRONMENT}


def test_every_new_disk_of_the_account_is_encrypted_with_the_disks_key(plan: Plan) -> None:
    encryption = plan.of("aws:ebs/encryptionByDefault:EncryptionByDefault", "keys-disks-encrypted")
    default = plan.of("aws:ebs/defaultKmsKey:DefaultKmsKey", "keys-disks-key")
    assert encryption.inputs == {"enabled": True}
    assert default.inputs["keyArn"].startswith("arn:aws:kms:me-central-1:")
    assert "keys-node-disks" in {urn.rpartition("::")[2] for urn in default.dependencies}


def test_a_tenants_ring_is_one_key_of_its_own_and_changes_nothing_else_in_the_account(run: Run) -> None:
    def program() -> None:
        AwsKeyRing("keys", tenant_ring(), users={Purpose.TENANT: [role(Actor.NODES)]})

    plan = run(program)

    assert {each.type for each in plan.resources.values() if each.custom} == {KEY, ALIAS}
    key = plan.of(KEY, "keys-tenant")
    assert key.inputs["tags"]["tenant"] == "vault"
    assert plan.of(ALIAS, "keys-tenant-alias").inputs["name"] == "alias/falaj/aws-sovereign/tenant"


@pytest.mark.parametrize(
    ("stage", "protected"), [(Stage.PRODUCTION, True), (Stage.RECOVERY, True), (Stage.DEVELOPMENT, False)]
)
def test_keys_are_protected_where_data_is_real(run: Run, stage: Stage, *, protected: bool) -> None:
    plan = run(ring(aws_ring(stage=stage)))

    assert {each.protect for each in [*plan.typed(KEY), *plan.typed(ALIAS)]} == {protected}


def test_users_of_a_key_that_is_not_made_are_refused(run: Run) -> None:
    def program() -> None:
        AwsKeyRing("keys", aws_ring((Purpose.LOGS,)), users={Purpose.BACKUP: [role(Actor.BACKUP)]})

    with pytest.raises(ValueError, match=r"^no key is made for backup, allowed: logs$"):
        run(program)


def test_declares_who_has_data_keys_wrapped_and_that_no_key_leaves(plan: Plan) -> None:
    flows = plan.of("falaj:index:AwsKeyRing", "keys").inputs["dataFlows"]

    assert {flow["key"]: flow["source"] for flow in flows} == {
        "cluster_secrets": "kubernetes-api",
        "node_disks": "aws/ec2",
        "registry": "registry",
        "model_store": "model-store",
        "logs": "logs",
        "audit": "audit-trail",
        "backup": "backup",
    }
    assert {(flow["sink"], flow["region"], flow["encryption"]) for flow in flows} == {("keys", "me-central-1", "tls")}
