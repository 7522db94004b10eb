from __future__ import annotations

from typing import Any

import pytest

from components.backup.azure import AzureBackup
from components.backup.spec import BackupSpec
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.locked_storage.samples import (
    BELOW,
    GROUP,
    SUBSCRIPTION,
    azure,
    identity,
    only,
    protected,
    untagged,
    vault_key,
)
from tests.fakes.golden import assert_golden

VAULT = "azure-native:dataprotection:BackupVault"
MODELS = f"{BELOW}/Microsoft.Storage/storageAccounts/models"


def make(region: str = "uaenorth", stage: Stage = Stage.PRODUCTION, **fields: Any) -> None:  # noqa: ANN401 - fields of the specification
    AzureBackup(
        "backup",
        BackupSpec.model_validate({**azure(region, stage), "immutable_days": 7, "kept_days": 35, **fields}),
        resource_group=GROUP,
        key=vault_key("backup"),
        identity=identity("backup"),
        storage_accounts={"models": MODELS},
        workspace_id=f"{BELOW}/Microsoft.OperationalInsights/workspaces/logs",
        archive_id=f"{BELOW}/Microsoft.Storage/storageAccounts/archive",
    )


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    assert_golden(f"azure_backup{'_preview' if preview else ''}", run(make, preview=preview))


def test_the_vault_is_immutable_and_has_our_key(run: Run) -> None:
    assert only(run(make), VAULT).inputs["properties"] == {
        "storageSettings": [{"datastoreType": "VaultStore", "type": "ZoneRedundant"}],
        "securitySettings": {
            "encryptionSettings": {
                "state": "Enabled",
                "infrastructureEncryption": "Enabled",
                "kekIdentity": {"identityType": "UserAssigned", "identityId": identity("backup").id},
                "keyVaultProperties": {"keyUri": "https://falaj-prod.vault.azure.net/keys/backup"},
            },
            "immutabilitySettings": {"state": "Unlocked"},
            "softDeleteSettings": {"state": "AlwaysOn", "retentionDurationInDays": 14},
        },
        "featureSettings": {
            "crossRegionRestoreSettings": {"state": "Disabled"},
            "crossSubscriptionRestoreSettings": {"state": "Disabled"},
        },
        "monitoringSettings": {"azureMonitorAlertSettings": {"alertsForAllJobFailures": "Enabled"}},
    }


@pytest.mark.parametrize(
    ("region", "pair", "kind", "restore"),
    [
        ("uaenorth", True, "GeoRedundant", "Enabled"),
        ("uaecentral", False, "LocallyRedundant", "Disabled"),
        ("uaecentral", True, "GeoRedundant", "Enabled"),
    ],
)
def test_copies_follow_the_region(run: Run, region: str, *, pair: bool, kind: str, restore: str) -> None:
    properties = only(run(lambda: make(region, copy_to_pair=pair)), VAULT).inputs["properties"]

    assert properties["storageSettings"] == [{"datastoreType": "VaultStore", "type": kind}]
    assert properties["featureSettings"]["crossRegionRestoreSettings"] == {"state": restore}


def test_the_lock_is_final_where_asked(run: Run) -> None:
    properties = only(run(lambda: make(lock_is_final=True)), VAULT).inputs["properties"]

    assert properties["securitySettings"]["immutabilitySettings"] == {"state": "Locked"}


def test_the_policy_backs_up_daily_and_keeps(run: Run) -> None:
    properties = only(run(lambda: make(hour=3)), "azure-native:dataprotection:BackupPolicy").inputs["properties"]

    backup, retention = properties["policyRules"]
    assert properties["datasourceTypes"] == ["Microsoft.Storage/storageAccounts/blobServices"]
    assert backup["trigger"]["schedule"] == {
        "repeatingTimeIntervals": ["R/2026-01-01T03:00:00+00:00/P1D"],
        "timeZone": "UTC",
    }
    assert retention["lifecycles"][0]["deleteAfter"] == {"objectType": "AbsoluteDeleteOption", "duration": "P35D"}


def test_the_vault_may_back_up_what_it_covers_and_does(run: Run) -> None:
    plan = run(make)

    assignment = only(plan, "azure-native:authorization:RoleAssignment")
    assert assignment.inputs["scope"] == MODELS
    assert assignment.inputs["roleDefinitionId"] == (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
        "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1"
    )
    instance = only(plan, "azure-native:dataprotection:BackupInstance")
    assert assignment.urn in instance.dependencies
    source = instance.inputs["properties"]["dataSourceInfo"]
    assert (source["resourceID"], source["resourceName"], source["resourceLocation"]) == (MODELS, "models", "uaenorth")
    assert instance.inputs["properties"]["policyInfo"]["policyParameters"]["backupDatasourceParametersList"] == [
        {"objectType": "BlobBackupDatasourceParameters", "containersList": ["models"]}
    ]


def test_everything_stateful_is_protected_and_everything_tagged(run: Run) -> None:
    plan = run(make)

    assert protected(plan) == {VAULT, "azure-native:dataprotection:BackupInstance"}
    assert untagged(plan) == []
    development = run(lambda: make(stage=Stage.DEVELOPMENT))
    assert protected(development) == set()
    assert only(development, VAULT).inputs["properties"]["securitySettings"]["softDeleteSettings"]["state"] == "On"
