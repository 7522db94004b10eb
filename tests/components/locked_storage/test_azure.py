from __future__ import annotations

import pytest

from components.locked_storage.azure import LockedStorageAccount
from components.locked_storage.spec import LockedStorageSpec
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.locked_storage.samples import (
    GROUP,
    SUBNET,
    azure,
    identity,
    only,
    protected,
    tags,
    untagged,
    vault_key,
    zone,
)

ACCOUNT = "azure-native:storage:StorageAccount"


def account(region: str = "uaenorth", stage: Stage = Stage.PRODUCTION, **fields: bool) -> None:
    LockedStorageAccount(
        "models",
        LockedStorageSpec.model_validate(
            {**azure(region, stage), "role": "models", "locked_days": 30, "old_versions_days": 365, **fields}
        ),
        resource_group=GROUP,
        key=vault_key("models"),
        identity=identity("model-store"),
        subnet_id=SUBNET,
        dns_zone_id=zone("blob.core.windows.net"),
    )


def test_no_door_is_open_and_no_key_is_shared(run: Run) -> None:
    inputs = only(run(account), ACCOUNT).inputs

    closed = {
        "publicNetworkAccess": "Disabled",
        "networkRuleSet": {"defaultAction": "Deny", "bypass": "AzureServices"},
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "allowCrossTenantReplication": False,
        "allowedCopyScope": "PrivateLink",
        "defaultToOAuthAuthentication": True,
        "isLocalUserEnabled": False,
        "isSftpEnabled": False,
        "enableHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
    }
    assert {name: inputs[name] for name in closed} == closed
    assert (inputs["kind"], inputs["sku"], inputs["location"]) == ("StorageV2", {"name": "Standard_ZRS"}, "uaenorth")


def test_every_service_of_it_has_our_key_and_follows_its_rotation(run: Run) -> None:
    inputs = only(run(account), ACCOUNT).inputs

    own = {"enabled": True, "keyType": "Account"}
    assert inputs["encryption"] == {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": {"keyName": "models", "keyVaultUri": "https://falaj-prod.vault.azure.net"},
        "encryptionIdentity": {"encryptionUserAssignedIdentity": identity("model-store").id},
        "requireInfrastructureEncryption": True,
        "services": {"blob": own, "file": own, "queue": own, "table": own},
    }
    assert inputs["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": [identity("model-store").id],
    }


@pytest.mark.parametrize(("final", "state"), [(False, "Unlocked"), (True, "Locked")])
@pytest.mark.parametrize("appended", [False, True])
def test_every_blob_is_locked(run: Run, *, final: bool, state: str, appended: bool) -> None:
    plan = run(lambda: account(lock_is_final=final, appended=appended))

    assert only(plan, ACCOUNT).inputs["immutableStorageWithVersioning"] == {
        "enabled": True,
        "immutabilityPolicy": {
            "immutabilityPeriodSinceCreationInDays": 30,
            "allowProtectedAppendWrites": appended,
            "state": state,
        },
    }


def test_versions_and_what_was_removed_stay_for_a_while(run: Run) -> None:
    plan = run(account)

    blobs = only(plan, "azure-native:storage:BlobServiceProperties").inputs
    assert (blobs["blobServicesName"], blobs["isVersioningEnabled"], blobs["changeFeed"]) == (
        "default",
        True,
        {"enabled": True},
    )
    assert blobs["deleteRetentionPolicy"] == blobs["containerDeleteRetentionPolicy"] == {"enabled": True, "days": 90}
    assert only(plan, "azure-native:storage:ManagementPolicy").inputs["policy"] == {
        "rules": [
            {
                "name": "age",
                "type": "Lifecycle",
                "enabled": True,
                "definition": {
                    "actions": {"version": {"delete": {"daysAfterCreationGreaterThan": 365}}},
                    "filters": {"blobTypes": ["blockBlob", "appendBlob"]},
                },
            }
        ]
    }


def test_it_answers_in_our_subnet_under_its_own_name(run: Run) -> None:
    plan = run(account)

    endpoint = only(plan, "azure-native:network:PrivateEndpoint").inputs
    made = only(plan, ACCOUNT)
    (connection,) = endpoint["privateLinkServiceConnections"]
    assert endpoint["subnet"] == {"id": SUBNET}
    assert connection["groupIds"] == ["blob"]
    assert connection["privateLinkServiceId"].endswith(f"/storageAccounts/{made.inputs['accountName']}")
    names = only(plan, "azure-native:network:PrivateDnsZoneGroup").inputs
    assert names["privateDnsZoneConfigs"] == [{"name": "zone-0", "privateDnsZoneId": zone("blob.core.windows.net")}]


def test_the_second_site_has_no_zones_and_copies_to_the_first_where_asked(run: Run) -> None:
    assert only(run(lambda: account("uaecentral")), ACCOUNT).inputs["sku"] == {"name": "Standard_LRS"}
    assert only(run(lambda: account("uaecentral", copy_to_pair=True)), ACCOUNT).inputs["sku"] == {
        "name": "Standard_GRS"
    }


def test_it_is_protected_and_tagged(run: Run) -> None:
    plan = run(account)

    assert protected(plan) == {ACCOUNT}
    assert untagged(plan) == []
    assert only(plan, ACCOUNT).inputs["tags"] == tags("azure-uaenorth-prod")
    assert protected(run(lambda: account(stage=Stage.DEVELOPMENT))) == set()
