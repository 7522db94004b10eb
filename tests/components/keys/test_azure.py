from __future__ import annotations

from collections.abc import Callable, Iterator

import pulumi
import pulumi_azure_native as azure_native
import pytest

from components.identities.azure import AzureIdentities
from components.keys.actors import azure_users
from components.keys.azure import AzureKeyRing
from components.keys.azure_terms import vault_name
from components.keys.spec import KeyRingSpec, Purpose
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.identities.samples import AZURE_STACK, SUBSCRIPTION, azure_identities
from tests.components.keys.samples import ENVIRONMENT, GROUP, azure_ring
from tests.fakes.cloud import cloud_answer
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan, Registration, programs

VAULT, KEY = "azure-native:keyvault:Vault", "azure-native:keyvault:Key"
ASSIGNMENT, DISKS = "azure-native:authorization:RoleAssignment", "azure-native:compute:DiskEncryptionSet"
DIRECTORY = "00000000-0000-4000-8000-000000000002"
SUBNET, ZONE = "/subscriptions/s/subnets/endpoints", "/subscriptions/s/privateDnsZones/vault"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def make(spec: KeyRingSpec | None = None) -> AzureKeyRing:
    asked = spec or azure_ring()
    identities = AzureIdentities("identities", azure_identities(), resource_group="falaj-group").identities
    return AzureKeyRing(
        "keys",
        asked,
        resource_group="falaj-group",
        tenant_id=DIRECTORY,
        subnet_id=SUBNET,
        dns_zone_id=ZONE,
        users=azure_users(asked.purposes, identities),
    )


def ring(spec: KeyRingSpec | None = None) -> Callable[[], None]:
    def program() -> None:
        make(spec)

    return program


@pytest.fixture(scope="module")
def plan() -> Iterator[Plan]:
    """An update of a whole ring, made once: tests only read it."""
    with programs() as run_program:
        yield run_program(ring(), answer=cloud_answer, preview=False, stack="local")


def role_of(assignment: Registration) -> str:
    definition: str = assignment.inputs["roleDefinitionId"]
    assert definition.startswith(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/")
    return definition.rpartition("/")[2]


def assigned(plan: Plan) -> dict[str, tuple[str, str]]:
    """Role and last part of the scope, by logical name."""
    return {each.name: (role_of(each), each.inputs["scope"].rpartition("/")[2]) for each in plan.typed(ASSIGNMENT)}


def names(urns: tuple[str, ...]) -> set[str]:
    return {urn.rpartition("::")[2] for urn in urns}


def test_equals_its_snapshot(plan: Plan) -> None:
    assert_golden("azure_key_ring", plan)


def test_every_vault_is_closed_and_gives_nothing_up_for_good(run: Run) -> None:
    vaults = run(ring(), preview=True).typed(VAULT)

    assert [each.name for each in vaults] == ["keys-cluster-vault", "keys-keys-vault"]
    for each in vaults:
        assert each.inputs["properties"] == {
            "tenantId": DIRECTORY,
            "sku": {"family": "A", "name": "premium"},
            "enablePurgeProtection": True,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enableRbacAuthorization": True,
            "enabledForDeployment": False,
            "enabledForDiskEncryption": False,
            "enabledForTemplateDeployment": False,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
        }
        assert each.inputs["location"] == "uaenorth"
        assert each.inputs["tags"] == azure_ring().placement.tags()


def test_every_vault_has_a_private_address_and_a_private_name(plan: Plan) -> None:
    endpoints = plan.typed("azure-native:network:PrivateEndpoint")
    groups = plan.typed("azure-native:network:PrivateDnsZoneGroup")
    assert [each.inputs["subnet"] for each in endpoints] == [{"id": SUBNET}] * 2
    assert [each.inputs["privateLinkServiceConnections"][0]["groupIds"] for each in endpoints] == [["vault"]] * 2
    assert [each.inputs["privateDnsZoneConfigs"][0]["privateDnsZoneId"] for each in groups] == [ZONE] * 2


@pytest.mark.parametrize(("hardware", "sku", "kind"), [(True, "premium", "RSA-HSM"), (False, "standard", "RSA")])
def test_hardware_decides_where_keys_are_made(run: Run, sku: str, kind: str, *, hardware: bool) -> None:
    plan = run(ring(azure_ring(hardware=hardware)))

    assert {each.inputs["properties"]["sku"]["name"] for each in plan.typed(VAULT)} == {sku}
    assert {each.inputs["properties"]["kty"] for each in plan.typed(KEY)} == {kind}


def test_every_key_rotates_never_expires_and_does_one_kind_of_work(plan: Plan) -> None:
    keys = {each.inputs["keyName"]: each.inputs["properties"] for each in plan.typed(KEY)}

    assert {*keys} == {purpose.replace("_", "-") for purpose in ENVIRONMENT}
    for name, properties in keys.items():
        assert properties == {
            "kty": "RSA-HSM",
            "keySize": 3072,
            "keyOps": ["encrypt", "decrypt"] if name == "cluster-secrets" else ["wrapKey", "unwrapKey"],
            "attributes": {"enabled": True},
            "rotationPolicy": {
                "lifetimeActions": [{"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P365D"}}]
            },
        }


def test_the_clusters_key_lies_in_a_vault_of_its_own(plan: Plan) -> None:
    vaults = {each.inputs["keyName"]: each.inputs["vaultName"] for each in plan.typed(KEY)}
    cluster, others = vault_name(azure_ring(), "cluster"), vault_name(azure_ring(), "keys")

    assert vaults.pop("cluster-secrets") == cluster
    assert {*vaults.values()} == {others}
    assert cluster != others


def test_each_identity_has_one_role_on_one_key(plan: Plan) -> None:
    assert assigned(plan) == {
        "keys-cluster-administrator-0": (CRYPTO_OFFICER, vault_name(azure_ring(), "cluster")),
        "keys-keys-administrator-0": (CRYPTO_OFFICER, vault_name(azure_ring(), "keys")),
        "keys-cluster-secrets-user": (CRYPTO_USER, "cluster-secrets"),
        "keys-cluster-link": (VAULT_CONTRIBUTOR, vault_name(azure_ring(), "cluster")),
        "keys-node-disks-user": (CRYPTO_SERVICE_ENCRYPTION_USER, "node-disks"),
        "keys-registry-user": (CRYPTO_SERVICE_ENCRYPTION_USER, "registry"),
        "keys-model-store-user": (CRYPTO_SERVICE_ENCRYPTION_USER, "model-store"),
        "keys-logs-user": (CRYPTO_SERVICE_ENCRYPTION_USER, "logs"),
        "keys-audit-user": (CRYPTO_SERVICE_ENCRYPTION_USER, "audit"),
        "keys-backup-user": (CRYPTO_SERVICE_ENCRYPTION_USER, "backup"),
        "keys-disks-cluster": (READER, f"{AZURE_STACK}-disks"),
    }


def test_people_are_given_roles_as_groups_and_services_as_principals(plan: Plan) -> None:
    for each in plan.typed(ASSIGNMENT):
        people = "administrator" in each.name
        assert each.inputs["principalType"] == ("Group" if people else "ServicePrincipal")
        assert (each.inputs["principalId"] == GROUP) is people


def test_disks_follow_each_rotation_of_their_key_as_an_identity_of_their_own(plan: Plan) -> None:
    disks = plan.of(DISKS, "keys-disks")
    assert disks.inputs["encryptionType"] == "EncryptionAtRestWithCustomerKey"
    assert disks.inputs["rotationToLatestKeyVersionEnabled"] is True
    assert disks.inputs["identity"]["type"] == "UserAssigned"
    assert disks.inputs["identity"]["userAssignedIdentities"][0].endswith(f"/{AZURE_STACK}-disks")
    assert disks.inputs["activeKey"]["sourceVault"]["id"].endswith(vault_name(azure_ring(), "keys"))
    assert "keys-node-disks-user" in names(disks.dependencies)


def test_who_waits_for_a_key_waits_for_the_role_to_use_it(run: Run) -> None:
    def program() -> None:
        key = make().keys[Purpose.CLUSTER_SECRETS]
        azure_native.resources.ResourceGroup("probe", tags={"key": key.versionless_uri})

    probe = run(program).of("azure-native:resources:ResourceGroup", "probe")

    assert {"keys-cluster-secrets-user", "keys-cluster-link"} <= names(probe.dependencies)


@pytest.mark.parametrize("preview", [False, True])
def test_addresses_are_known_in_a_preview(run: Run, *, preview: bool) -> None:
    def program() -> None:
        keys = make()
        pulumi.export("vault", keys.vault_uri)
        pulumi.export("models", keys.keys[Purpose.MODEL_STORE].versionless_uri)
        pulumi.export("name", keys.keys[Purpose.MODEL_STORE].name)

    exports = run(program, preview=preview).exports

    assert exports["vault"] == f"https://{vault_name(azure_ring(), 'cluster')}.vault.azure.net/"
    assert exports["models"] == f"https://{vault_name(azure_ring(), 'keys')}.vault.azure.net/keys/model-store"
    assert exports["name"] == "model-store"


def test_every_vault_is_named_for_its_log(run: Run) -> None:
    def program() -> None:
        keys = make()
        pulumi.export("own", keys.vault_id)
        pulumi.export("all", dict(keys.vault_ids))

    exports = run(program).exports

    assert {*exports["all"]} == {"cluster", "keys"}
    assert exports["own"] == exports["all"]["cluster"]


def test_a_ring_without_cluster_and_disks_is_one_vault(run: Run) -> None:
    def program() -> None:
        keys = make(azure_ring((Purpose.LOGS,)))
        assert keys.disk_encryption_set is None
        pulumi.export("vault", keys.vault_id)

    plan = run(program)

    assert [each.name for each in plan.typed(VAULT)] == ["keys-keys-vault"]
    assert plan.exports["vault"].endswith(vault_name(azure_ring(), "keys"))
    assert plan.typed(DISKS) == []


@pytest.mark.parametrize(
    ("stage", "protected"), [(Stage.PRODUCTION, True), (Stage.RECOVERY, True), (Stage.DEVELOPMENT, False)]
)
def test_vaults_keys_and_disk_sets_are_protected_where_data_is_real(run: Run, stage: Stage, *, protected: bool) -> None:
    plan = run(ring(azure_ring(stage=stage)))

    lasting = [*plan.typed(VAULT), *plan.typed(KEY), *plan.typed(DISKS)]
    assert {each.protect for each in lasting} == {protected}


@pytest.mark.parametrize(
    ("purposes", "users", "message"),
    [
        ((Purpose.LOGS,), (Purpose.BACKUP,), "no key is made for backup, allowed: logs"),
        (
            (Purpose.NODE_DISKS,),
            (),
            "the set for disks acts as an identity, allowed: node_disks with one among users",
        ),
    ],
)
def test_users_that_do_not_fit_the_keys_are_refused(
    run: Run, purposes: tuple[Purpose, ...], users: tuple[Purpose, ...], message: str
) -> None:
    def program() -> None:
        identities = AzureIdentities("identities", azure_identities(), resource_group="falaj-group").identities
        AzureKeyRing(
            "keys",
            azure_ring(purposes),
            resource_group="falaj-group",
            tenant_id=DIRECTORY,
            subnet_id=SUBNET,
            dns_zone_id=ZONE,
            users=azure_users(users, identities),
        )

    with pytest.raises(ValueError, match=f"^{message}$"):
        run(program)


def test_declares_the_copy_that_azure_makes_of_every_vault(plan: Plan) -> None:
    flows = plan.of("falaj:index:AzureKeyRing", "keys").inputs["dataFlows"]

    assert [(flow["sink"], flow["region"]) for flow in flows if flow["channel"] == "copy"] == [
        ("azure/key-vault", "uaecentral")
    ]
    assert len(flows) == len(ENVIRONMENT) + 1
    assert {flow["encryption"] for flow in flows} == {"tls"}
