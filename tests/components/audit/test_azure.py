from __future__ import annotations

from typing import Literal

import pytest

from components.audit.azure import AzureAuditTrail
from components.audit.spec import AuditSpec
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
from tests.fakes.golden import assert_golden

WORKSPACE = "azure-native:operationalinsights:Workspace"
CLUSTER = "azure-native:operationalinsights:Cluster"
ZONES = (
    "monitor.azure.com",
    "oms.opinsights.azure.com",
    "ods.opinsights.azure.com",
    "agentsvc.azure-automation.net",
    "blob.core.windows.net",
)


def trail(capacity: Literal[100] | None = 100) -> None:
    AzureAuditTrail(
        "audit",
        AuditSpec(**azure(), retention_days=1827, immutable_days=365, dedicated_capacity=capacity),
        resource_group=GROUP,
        key=vault_key("audit"),
        log_key=vault_key("logs"),
        identity=identity("audit"),
        log_identity=identity("logs"),
        subnet_id=SUBNET,
        blob_dns_zone_id=zone("blob.core.windows.net"),
        monitor_dns_zone_ids=[zone(name) for name in ZONES],
    )


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    assert_golden(f"azure_audit_trail{'_preview' if preview else ''}", run(trail, preview=preview))


def test_the_workspace_takes_identities_only_and_answers_inside_alone(run: Run) -> None:
    assert only(run(trail), WORKSPACE).inputs == {
        "workspaceName": "azure-uaenorth-prod-logs",
        "resourceGroupName": GROUP,
        "location": "uaenorth",
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 730,
        "features": {
            "disableLocalAuth": True,
            "enableLogAccessUsingOnlyResourcePermissions": True,
            "immediatePurgeDataOn30Days": False,
        },
        "publicNetworkAccessForIngestion": "Disabled",
        "publicNetworkAccessForQuery": "Disabled",
        "tags": tags("azure-uaenorth-prod"),
    }


def test_the_workspace_lies_on_a_cluster_with_our_key(run: Run) -> None:
    plan = run(trail)

    cluster = only(plan, CLUSTER).inputs
    assert cluster["sku"] == {"name": "CapacityReservation", "capacity": 100}
    assert cluster["keyVaultProperties"] == {
        "keyVaultUri": "https://falaj-prod.vault.azure.net",
        "keyName": "logs",
        "keyVersion": "",
    }
    assert cluster["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [identity("logs").id]}
    link = only(plan, "azure-native:operationalinsights:LinkedService").inputs
    assert link["linkedServiceName"] == "Cluster"
    assert link["writeAccessResourceId"].endswith("/clusters/azure-uaenorth-prod-logs")


def test_without_a_capacity_there_is_no_cluster(run: Run) -> None:
    plan = run(lambda: trail(None))

    assert plan.typed(CLUSTER) == plan.typed("azure-native:operationalinsights:LinkedService") == []


def test_the_archive_is_locked_for_records_that_grow_and_kept(run: Run) -> None:
    plan = run(trail)

    policy = only(plan, "azure-native:storage:StorageAccount").inputs["immutableStorageWithVersioning"]
    assert policy["immutabilityPolicy"] == {
        "immutabilityPeriodSinceCreationInDays": 365,
        "allowProtectedAppendWrites": True,
        "state": "Unlocked",
    }
    (rule,) = only(plan, "azure-native:storage:ManagementPolicy").inputs["policy"]["rules"]
    assert rule["definition"]["actions"]["baseBlob"] == {"delete": {"daysAfterModificationGreaterThan": 1827}}


def test_the_subscriptions_whole_activity_goes_to_both_places(run: Run) -> None:
    plan = run(trail)

    setting = only(plan, "azure-native:monitor:SubscriptionDiagnosticSetting").inputs
    assert [each["category"] for each in setting["logs"] if each["enabled"]] == [
        "Administrative",
        "Alert",
        "Autoscale",
        "Policy",
        "Recommendation",
        "ResourceHealth",
        "Security",
        "ServiceHealth",
    ]
    assert setting["workspaceId"].endswith("/workspaces/azure-uaenorth-prod-logs")
    assert "/storageAccounts/" in setting["storageAccountId"]


def test_queries_are_recorded_in_both_places_and_the_archive_never_in_itself(run: Run) -> None:
    settings = {each.name: each.inputs for each in run(trail).typed("azure-native:monitor:DiagnosticSetting")}

    assert sorted(settings) == ["audit-archive-logs", "audit-workspace-logs"]
    assert "storageAccountId" in settings["audit-workspace-logs"]
    assert "storageAccountId" not in settings["audit-archive-logs"]


def test_operators_query_through_our_subnet(run: Run) -> None:
    plan = run(trail)

    scope = only(plan, "azure-native:monitor:PrivateLinkScope").inputs
    assert scope["accessModeSettings"] == {"ingestionAccessMode": "PrivateOnly", "queryAccessMode": "PrivateOnly"}
    endpoint = plan.of("azure-native:network:PrivateEndpoint", "audit-monitor-endpoint").inputs
    assert endpoint["privateLinkServiceConnections"][0]["groupIds"] == ["azuremonitor"]
    names = plan.of("azure-native:network:PrivateDnsZoneGroup", "audit-monitor-endpoint-names").inputs
    assert [each["privateDnsZoneId"] for each in names["privateDnsZoneConfigs"]] == [zone(name) for name in ZONES]


def test_everything_stateful_is_protected_and_everything_tagged(run: Run) -> None:
    plan = run(trail)

    assert protected(plan) == {"azure-native:storage:StorageAccount", WORKSPACE, CLUSTER}
    assert untagged(plan) == []
