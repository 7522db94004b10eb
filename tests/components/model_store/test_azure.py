from __future__ import annotations

import pytest

from components.model_store.azure import AzureModelStore
from components.model_store.spec import ModelStoreSpec
from tests.components.conftest import Run
from tests.components.locked_storage.samples import (
    BELOW,
    GROUP,
    SUBNET,
    SUBSCRIPTION,
    azure,
    identity,
    only,
    protected,
    untagged,
    vault_key,
    zone,
)
from tests.fakes.golden import assert_golden

WORKSPACE = f"{BELOW}/Microsoft.OperationalInsights/workspaces/logs"
ARCHIVE = f"{BELOW}/Microsoft.Storage/storageAccounts/archive"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"


def store() -> None:
    AzureModelStore(
        "models",
        ModelStoreSpec(**azure(), immutable_days=30),
        resource_group=GROUP,
        key=vault_key("models"),
        identity=identity("model-store"),
        subnet_id=SUBNET,
        dns_zone_id=zone("blob.core.windows.net"),
        workspace_id=WORKSPACE,
        archive_id=ARCHIVE,
        readers={"kubelet": "kubelet-principal"},
        publishers={"trainers": "trainers-principal"},
    )


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    assert_golden(f"azure_model_store{'_preview' if preview else ''}", run(store, preview=preview))


def test_the_container_is_private(run: Run) -> None:
    container = only(run(store), "azure-native:storage:BlobContainer")

    assert (container.inputs["containerName"], container.inputs["publicAccess"]) == ("models", "None")
    assert container.protect


def test_every_request_is_recorded_in_both_places(run: Run) -> None:
    setting = only(run(store), "azure-native:monitor:DiagnosticSetting").inputs

    assert setting["resourceUri"].endswith("/blobServices/default")
    assert {
        name: setting[name] for name in ("workspaceId", "storageAccountId", "logs", "logAnalyticsDestinationType")
    } == {
        "workspaceId": WORKSPACE,
        "storageAccountId": ARCHIVE,
        "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        "logAnalyticsDestinationType": "Dedicated",
    }
    assert not {"marketplacePartnerId", "eventHubAuthorizationRuleId"} & {*setting}


def test_readers_read_and_publishers_write_the_container_alone(run: Run) -> None:
    assignments = [each.inputs for each in run(store).typed("azure-native:authorization:RoleAssignment")]

    assert {each["scope"].rpartition("/blobServices/")[2] for each in assignments} == {"default/containers/models"}
    assert {each["principalId"]: each["roleDefinitionId"] for each in assignments} == {
        "kubelet-principal": f"{ROLES}/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "trainers-principal": f"{ROLES}/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    }


def test_it_is_protected_and_tagged(run: Run) -> None:
    plan = run(store)

    assert protected(plan) == {"azure-native:storage:StorageAccount", "azure-native:storage:BlobContainer"}
    assert untagged(plan) == []
