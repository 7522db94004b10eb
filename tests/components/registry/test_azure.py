from __future__ import annotations

import pytest

from components.registry.azure import AzureRegistry
from components.registry.spec import AKS_SYSTEM_IMAGES, RegistrySpec
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.locked_storage.samples import (
    GROUP,
    SUBNET,
    SUBSCRIPTION,
    azure,
    identity,
    only,
    protected,
    tags,
    untagged,
    vault_key,
    zone,
)
from tests.fakes.golden import assert_golden

REGISTRY = "azure-native:containerregistry:Registry"


GROUP_OF_PEOPLE = "00000000-0000-4000-8000-00000000000b"


def make(
    region: str = "uaenorth",
    stage: Stage = Stage.PRODUCTION,
    replicas: tuple[str, ...] = (),
    pushers: tuple[str, ...] = (),
) -> None:
    AzureRegistry(
        "registry",
        RegistrySpec(**azure(region, stage), name="falajprod", mirrors=(AKS_SYSTEM_IMAGES,), replicas=replicas),
        resource_group=GROUP,
        key=vault_key("registry"),
        identity=identity("registry"),
        subnet_id=SUBNET,
        dns_zone_id=zone("azurecr.io"),
        pullers={"kubelet": "kubelet-principal"},
        pushers=pushers,
    )


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    suffix = "_preview" if preview else ""
    assert_golden(f"azure_registry{suffix}", run(lambda: make(replicas=("uaecentral",)), preview=preview))


def test_no_door_is_open_and_nothing_leaves(run: Run) -> None:
    assert only(run(make), REGISTRY).inputs == {
        "registryName": "falajprod",
        "resourceGroupName": GROUP,
        "location": "uaenorth",
        "sku": {"name": "Premium"},
        "adminUserEnabled": False,
        "anonymousPullEnabled": False,
        "dataEndpointEnabled": True,
        "publicNetworkAccess": "Disabled",
        "networkRuleSet": {"defaultAction": "Deny", "ipRules": []},
        "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Enabled",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity("registry").id: {}}},
        "encryption": {
            "status": "enabled",
            "keyVaultProperties": {
                "identity": "registry-client",
                "keyIdentifier": "https://falaj-prod.vault.azure.net/keys/registry",
            },
        },
        "policies": {
            "exportPolicy": {"status": "disabled"},
            "retentionPolicy": {"status": "disabled"},
            "softDeletePolicy": {"status": "disabled"},
            "quarantinePolicy": {"status": "disabled"},
        },
        "tags": tags("azure-uaenorth-prod"),
    }


def test_the_kubelet_may_pull_and_nothing_more(run: Run) -> None:
    assignment = only(run(make), "azure-native:authorization:RoleAssignment").inputs

    assert assignment["scope"].endswith("/registries/falajprod")
    assert {name: assignment[name] for name in ("principalId", "principalType", "roleDefinitionId")} == {
        "principalId": "kubelet-principal",
        "principalType": "ServicePrincipal",
        "roleDefinitionId": (
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
            "7f951dda-4ed3-4680-a7ca-43fe172d538d"
        ),
    }


def test_a_group_of_people_may_mirror(run: Run) -> None:
    plan = run(lambda: make(pushers=(GROUP_OF_PEOPLE,)))

    assignment = plan.of("azure-native:authorization:RoleAssignment", f"registry-{GROUP_OF_PEOPLE}-pushes").inputs
    assert (assignment["principalId"], assignment["principalType"]) == (GROUP_OF_PEOPLE, "Group")
    assert assignment["roleDefinitionId"].endswith("/8311e382-0749-4cb8-b61a-304f252e45ec")


def test_an_isolated_cluster_finds_its_own_images_here(run: Run) -> None:
    rule = only(run(make), "azure-native:containerregistry:CacheRule").inputs

    assert (rule["sourceRepository"], rule["targetRepository"]) == ("mcr.microsoft.com/*", "aks-managed-repository/*")
    assert "credentialSetResourceId" not in rule


@pytest.mark.parametrize(
    ("region", "replica", "here", "there"),
    [("uaenorth", "uaecentral", "Enabled", "Disabled"), ("uaecentral", "uaenorth", "Disabled", "Enabled")],
)
def test_the_other_site_holds_a_copy_where_asked(run: Run, region: str, replica: str, here: str, there: str) -> None:
    plan = run(lambda: make(region, replicas=(replica,)))

    assert only(plan, REGISTRY).inputs["zoneRedundancy"] == here
    replication = only(plan, "azure-native:containerregistry:Replication").inputs
    assert (replication["location"], replication["zoneRedundancy"]) == (replica, there)


def test_it_answers_in_our_subnet_alone(run: Run) -> None:
    endpoint = only(run(make), "azure-native:network:PrivateEndpoint").inputs

    assert endpoint["subnet"] == {"id": SUBNET}
    assert endpoint["privateLinkServiceConnections"][0]["groupIds"] == ["registry"]


def test_it_is_protected_and_everything_is_tagged(run: Run) -> None:
    plan = run(lambda: make(replicas=("uaecentral",)))

    assert protected(plan) == {REGISTRY}
    assert untagged(plan) == []
    assert protected(run(lambda: make(stage=Stage.DEVELOPMENT))) == set()
