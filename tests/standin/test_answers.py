from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from falaj.standin.account import Account, digest, stable_uuid
from falaj.standin.answers import answer, named_inputs, updated
from falaj.standin.library import package_of, resource_type
from falaj.standin.notes import _notes
from falaj.standin.shapes import Structure
from falaj.standin.wire import UNKNOWN
from tests.standin.strategies import objects

ACCOUNT = Account(account="210987654321", subscription="1f0d6a5e-0000-4000-8000-000000000001", directory="d1")
NOTED = [token for package in ("aws", "azure-native") for token in _notes(package)]
GROUP = f"/subscriptions/{ACCOUNT.subscription}/resourceGroups/group/providers"


def urn_of(token: str, name: str = "main") -> str:
    return f"urn:pulumi:prod::falaj::{token}::{name}"


def made(token: str, **inputs: object) -> tuple[str, dict[str, Any]]:
    answered = answer(token, urn_of(token), inputs, ACCOUNT)
    return answered.identifier, answered.outputs


CLUSTER = "aws:eks/cluster:Cluster"
SEEDED = digest(urn_of(CLUSTER), 17)


def test_a_cluster_is_shaped_like_one() -> None:
    identifier, outputs = made(CLUSTER, name="prod", roleArn="arn", vpcConfig={"subnetIds": ["subnet-1"]})

    assert identifier == "prod"
    assert outputs["arn"] == "arn:aws:eks:me-central-1:210987654321:cluster/prod"
    assert outputs["endpoint"] == f"https://{digest(urn_of(CLUSTER), 32)}.gr7.me-central-1.eks.amazonaws.com"
    assert outputs["vpcConfig"] == {
        "subnetIds": ["subnet-1"],
        "clusterSecurityGroupId": f"sg-{SEEDED}",
        "vpcId": f"vpc-{SEEDED}",
    }
    assert outputs["identities"][0]["oidcs"][0]["issuer"].startswith("https://oidc.eks.me-central-1.amazonaws.com/id/")
    assert (outputs["status"], outputs["region"], outputs["createdAt"]) == (
        "ACTIVE",
        "me-central-1",
        "2026-01-01T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("token", "inputs", "identifier"),
    [
        ("aws:kms/key:Key", {}, stable_uuid(urn_of("aws:kms/key:Key"))),
        ("aws:ec2/vpc:Vpc", {}, f"vpc-{digest(urn_of('aws:ec2/vpc:Vpc'), 17)}"),
        ("aws:s3/bucket:Bucket", {"bucket": "models"}, "models"),
        ("aws:iam/role:Role", {"name": "nodes"}, "nodes"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": "p"}, "r/p"),
        ("aws:athena/workgroup:Workgroup", {"name": "w"}, "w"),
        ("aws:efs/fileSystem:FileSystem", {}, f"file-system-{digest(urn_of('aws:efs/fileSystem:FileSystem'), 17)}"),
        (
            "azure-native:keyvault:Key",
            {"resourceGroupName": "group", "vaultName": "v", "keyName": "k"},
            f"{GROUP}/Microsoft.KeyVault/vaults/v/keys/k",
        ),
        (
            "azure-native:network:Subnet",
            {"resourceGroupName": "group", "virtualNetworkName": "v", "subnetName": "s"},
            f"{GROUP}/Microsoft.Network/virtualNetworks/v/subnets/s",
        ),
        (
            "azure-native:network:PrivateDnsZoneGroup",
            {"resourceGroupName": "group", "privateEndpointName": "e", "privateDnsZoneGroupName": "z"},
            f"{GROUP}/Microsoft.Network/privateEndpoints/e/privateDnsZoneGroups/z",
        ),
        (
            "azure-native:resources:ResourceGroup",
            {"resourceGroupName": "group"},
            f"/subscriptions/{ACCOUNT.subscription}/resourceGroups/group",
        ),
        (
            "azure-native:authorization:RoleAssignment",
            {"scope": "/scope", "roleAssignmentName": "a"},
            "/scope/providers/Microsoft.Authorization/roleAssignments/a",
        ),
    ],
)
def test_ids_are_shaped_like_real_ones(token: str, inputs: dict[str, Any], identifier: str) -> None:
    assert made(token, **inputs)[0] == identifier


def test_ids_differ_between_resources_and_stay_between_runs() -> None:
    token = "aws:kms/key:Key"
    one, again, other = (answer(token, urn_of(token, name), {}) for name in ("one", "one", "other"))

    assert one == again
    assert one.identifier != other.identifier


def test_a_name_is_made_up_once_and_kept() -> None:
    role, vault = "aws:iam/role:Role", "azure-native:keyvault:Vault"

    assert named_inputs(role, urn_of(role), {}) == {"name": f"main-{digest(urn_of(role), 7)}"}
    assert named_inputs(role, urn_of(role), {"name": "own"}) == {"name": "own"}
    assert named_inputs(role, urn_of(role), {"namePrefix": "own"}) == {"namePrefix": "own"}
    assert named_inputs(role, urn_of(role, "moved"), {}, {"name": "former"}) == {"name": "former"}
    assert named_inputs(vault, urn_of(vault), {}) == {"vaultName": f"main{digest(urn_of(vault), 8)}"}
    account = "azure-native:storage:StorageAccount"
    assert named_inputs(account, urn_of(account, "Model-Store"), {})["accountName"] == (
        f"modelstore{digest(urn_of(account, 'Model-Store'), 8)}"
    )
    assignment = "azure-native:authorization:RoleAssignment"
    assert named_inputs(assignment, urn_of(assignment), {})["roleAssignmentName"] == stable_uuid(urn_of(assignment))


def test_in_a_preview_whatever_a_server_makes_is_unknown() -> None:
    planned = answer(CLUSTER, urn_of(CLUSTER), {"name": "prod", "vpcConfig": {"subnetIds": ["s"]}}, preview=True)

    assert planned.identifier == UNKNOWN
    assert planned.outputs["name"] == "prod"
    assert planned.outputs["vpcConfig"] == {
        "subnetIds": ["s"],
        "clusterSecurityGroupId": UNKNOWN,
        "vpcId": UNKNOWN,
    }
    found = resource_type(CLUSTER)
    assert found is not None
    assert {name for name in found.server_made if planned.outputs.get(name) != UNKNOWN} == set()


@pytest.mark.parametrize("preview", [False, True])
def test_what_is_reported_in_another_shape_than_it_was_given_is_converted(*, preview: bool) -> None:
    vault = "azure-native:dataprotection:BackupVault"
    policy = "aws:sqs/queuePolicy:QueuePolicy"
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["/identity"]}

    reported = answer(vault, urn_of(vault), {"identity": identity}, preview=preview).outputs["identity"]
    documents = answer(policy, urn_of(policy), {"policy": {"Statement": []}, "queueUrl": "q"}, preview=preview).outputs

    (known,) = reported["userAssignedIdentities"].items()
    assert known[0] == "/identity"
    assert known[1] == UNKNOWN if preview else set(known[1]) == {"clientId", "principalId"}
    assert json.loads(documents["policy"]) == {"Statement": []}


def test_what_rests_on_an_unknown_is_unknown() -> None:
    vault = "azure-native:dataprotection:BackupVault"
    identity = {"type": "UserAssigned", "userAssignedIdentities": [UNKNOWN]}

    planned = answer(vault, urn_of(vault), {"identity": identity}, preview=True)

    assert planned.outputs["identity"]["userAssignedIdentities"] == UNKNOWN


@pytest.mark.parametrize("preview", [False, True])
def test_the_inputs_stay_as_they_were(*, preview: bool) -> None:
    vault = "azure-native:dataprotection:BackupVault"
    inputs = {"identity": {"type": "SystemAssigned"}, "tags": {"a": "b"}}

    outputs = answer(vault, urn_of(vault), inputs, preview=preview).outputs

    assert inputs == {"identity": {"type": "SystemAssigned"}, "tags": {"a": "b"}}
    assert set(outputs["identity"]) == {"type", "principalId", "tenantId"}


def test_an_update_keeps_what_the_server_made_but_for_what_moves() -> None:
    token = "aws:ec2/launchTemplate:LaunchTemplate"
    old = {"arn": "arn:old", "latestVersion": 3, "name": "nodes"}
    inputs = {"name": "nodes", "imageId": "ami-2"}

    after = updated(token, urn_of(token), old, inputs, ACCOUNT, preview=False)
    planned = updated(token, urn_of(token), old, inputs, ACCOUNT, preview=True)

    assert (after["arn"], after["latestVersion"], after["imageId"]) == ("arn:old", 4, "ami-2")
    assert (planned["arn"], planned["latestVersion"]) == ("arn:old", UNKNOWN)


@pytest.mark.parametrize("preview", [False, True])
def test_an_update_keeps_what_the_server_made_inside_of_what_was_given(*, preview: bool) -> None:
    inputs: dict[str, Any] = {"name": "prod", "vpcConfig": {"subnetIds": ["a"]}, "tags": {"a": "b"}}
    old = {**inputs, "vpcConfig": {"subnetIds": ["a"], "clusterSecurityGroupId": "sg-old", "vpcId": "vpc-old"}}
    wider = {**inputs, "vpcConfig": {"subnetIds": ["a", "c"]}, "tags": {"a": "c"}}

    after = updated(CLUSTER, urn_of(CLUSTER), old, wider, ACCOUNT, preview=preview)

    assert after["vpcConfig"] == {"subnetIds": ["a", "c"], "clusterSecurityGroupId": "sg-old", "vpcId": "vpc-old"}
    assert after["tags"] == {"a": "c"}


@pytest.mark.parametrize("token", NOTED)
@given(data=st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_noted_type_answers_with_all_that_is_always_there(token: str, data: st.DataObject) -> None:
    found = resource_type(token)
    assert found is not None
    inputs = named_inputs(token, urn_of(token), data.draw(objects(found, found.inputs)))

    created = answer(token, urn_of(token), inputs, ACCOUNT)
    planned = answer(token, urn_of(token), inputs, ACCOUNT, preview=True)

    always = {name for name, each in found.outputs.items() if each.required}
    assert always <= set(created.outputs)
    assert always | set(found.server_made) <= set(planned.outputs)
    assert created.identifier
    assert UNKNOWN not in json.dumps(created.outputs)


@pytest.mark.parametrize("token", NOTED)
def test_notes_speak_of_what_the_sdk_has(token: str) -> None:
    found, noted = resource_type(token), _notes(package_of(token))[token]
    assert found is not None, "the SDK has no such type"

    def leads(path: str, structure: Structure) -> bool:
        name, _, rest = path.partition(".")
        if name not in structure:
            return False
        shape = structure[name].shape
        shape = shape.of[0] if shape.of and not shape.name else shape
        return not rest or (bool(shape.name) and leads(rest, found.structure(shape.name)))

    assert [path for path in (*noted.replaces, *noted.allows) if not leads(path, found.inputs)] == []
    assert [path for path in (*noted.outputs, *noted.moves) if not leads(path, found.outputs)] == []
    assert noted.source
