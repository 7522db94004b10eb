"""Backups in Azure: a locked vault, a policy, and what it covers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.azure_roles import STORAGE_BACKUP_CONTRIBUTOR, role_definition
from components.backup.flows import backup_flows
from components.backup.spec import vault_name
from components.diagnostics.azure import send_logs
from components.model_store.spec import CONTAINER
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.backup.spec import BackupSpec
    from components.identities.azure import Identity
    from components.keys.azure import AzureKey
    from components.manifests import Manifest

BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
REMOVED_BACKUP_DAYS = 14
"""How long a removed backup can be brought back; Azure asks nothing for these days."""
VAULT_STORE: Manifest = {"object_type": "DataStoreInfoBase", "data_store_type": "VaultStore"}
FIRST_DAY = "2026-01-01"
"""A schedule of Azure repeats from a day in the past."""


class AzureBackup(pulumi.ComponentResource):
    """A vault that keeps what it takes, and a policy that backs up the storage accounts given every day.

    Makes a BackupVault encrypted with the key given, immutable, with soft deletion and no restore into another
    subscription; a BackupPolicy; per storage account the role and the BackupInstance of its model container; and the
    record of every job. Copies stay in the region's zones, and go to the paired region only where that lies in the
    country and is asked for.

    Source: https://learn.microsoft.com/azure/backup/blob-backup-overview
    """

    vault_id: pulumi.Output[str]
    """Resource id of the vault."""
    data_flows: tuple[DataFlow, ...]
    """Backups and their copies."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: BackupSpec,
        *,
        resource_group: pulumi.Input[str],
        key: AzureKey,
        identity: Identity,
        storage_accounts: Mapping[str, pulumi.Input[str]],
        workspace_id: pulumi.Input[str],
        archive_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = backup_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AzureBackup", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._group = name, spec, resource_group
        self._inside = pulumi.ResourceOptions(parent=self)
        vault = self._make_vault(key, identity)
        policy = self._make_policy(vault)
        for role, account in storage_accounts.items():
            self._cover(role, account, vault, policy)
        send_logs(name, vault.id, workspace_id=workspace_id, archive_id=archive_id, opts=self._inside)
        self.vault_id = vault.id
        self.register_outputs({"vaultId": self.vault_id})

    def _make_vault(self, key: AzureKey, identity: Identity) -> azure_native.dataprotection.BackupVault:
        spec = self._spec
        return azure_native.dataprotection.BackupVault(
            f"{self._name}-vault",
            vault_name=vault_name(spec),
            resource_group_name=self._group,
            location=spec.placement.region,
            # The vault reads what it backs up as itself and opens its key as the identity given.
            identity={"type": "SystemAssigned,UserAssigned", "user_assigned_identities": [identity.id]},
            properties={
                "storage_settings": [{"datastore_type": "VaultStore", "type": _redundancy(spec)}],
                "security_settings": {
                    "encryption_settings": {
                        "state": "Enabled",
                        "infrastructure_encryption": "Enabled",
                        "kek_identity": {"identity_type": "UserAssigned", "identity_id": identity.id},
                        "key_vault_properties": {"key_uri": key.versionless_uri},
                    },
                    "immutability_settings": {"state": "Locked" if spec.lock_is_final else "Unlocked"},
                    "soft_delete_settings": {
                        "state": "AlwaysOn" if spec.placement.protected else "On",
                        "retention_duration_in_days": REMOVED_BACKUP_DAYS,
                    },
                },
                "feature_settings": {
                    "cross_region_restore_settings": {"state": "Enabled" if spec.copy_to_pair else "Disabled"},
                    "cross_subscription_restore_settings": {"state": "Disabled"},
                },
                "monitoring_settings": {"azure_monitor_alert_settings": {"alerts_for_all_job_failures": "Enabled"}},
            },
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )

    def _make_policy(self, vault: azure_native.dataprotection.BackupVault) -> azure_native.dataprotection.BackupPolicy:
        return azure_native.dataprotection.BackupPolicy(
            f"{self._name}-policy",
            backup_policy_name="daily",
            vault_name=vault.name,
            resource_group_name=self._group,
            properties={
                "object_type": "BackupPolicy",
                "datasource_types": [BLOBS],
                "policy_rules": _rules(self._spec),
            },
            opts=self._inside,
        )

    def _cover(
        self,
        role: str,
        account: pulumi.Input[str],
        vault: azure_native.dataprotection.BackupVault,
        policy: azure_native.dataprotection.BackupPolicy,
    ) -> None:
        may_back_up = azure_native.authorization.RoleAssignment(
            f"{self._name}-{role}-backs-up",
            scope=account,
            principal_id=vault.identity.apply(lambda identity: identity.principal_id if identity else ""),
            principal_type="ServicePrincipal",
            role_definition_id=role_definition(self._spec.account, STORAGE_BACKUP_CONTRIBUTOR),
            description="the vault backs up this storage account",
            opts=self._inside,
        )
        azure_native.dataprotection.BackupInstance(
            f"{self._name}-{role}",
            backup_instance_name=role,
            vault_name=vault.name,
            resource_group_name=self._group,
            properties=_instance(role, pulumi.Output.from_input(account), policy.id, self._spec.placement.region),
            tags=self._spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected, depends_on=[may_back_up]),
        )


def _redundancy(spec: BackupSpec) -> str:
    if spec.copy_to_pair:
        return "GeoRedundant"
    return "ZoneRedundant" if spec.has_zones else "LocallyRedundant"


def _rules(spec: BackupSpec) -> Manifest:
    daily = {
        "object_type": "AzureBackupRule",
        "name": "BackupDaily",
        "backup_parameters": {"object_type": "AzureBackupParams", "backup_type": "Discrete"},
        "data_store": VAULT_STORE,
        "trigger": {
            "object_type": "ScheduleBasedTriggerContext",
            "schedule": {
                "repeating_time_intervals": [f"R/{FIRST_DAY}T{spec.hour:02d}:00:00+00:00/P1D"],
                "time_zone": "UTC",
            },
            "tagging_criteria": [{"is_default": True, "tagging_priority": 99, "tag_info": {"tag_name": "Default"}}],
        },
    }
    kept = {
        "object_type": "AzureRetentionRule",
        "name": "Default",
        "is_default": True,
        "lifecycles": [
            {
                "delete_after": {"object_type": "AbsoluteDeleteOption", "duration": f"P{spec.kept_days}D"},
                "source_data_store": VAULT_STORE,
                "target_data_store_copy_settings": [],
            }
        ],
    }
    return [daily, kept]


def _instance(role: str, account: pulumi.Output[str], policy: pulumi.Output[str], region: str) -> Manifest:
    return {
        "object_type": "BackupInstance",
        "friendly_name": role,
        "data_source_info": {
            "object_type": "Datasource",
            "datasource_type": BLOBS,
            "resource_id": account,
            "resource_uri": account,
            "resource_name": account.apply(lambda found: found.rpartition("/")[2]),
            "resource_type": "Microsoft.Storage/storageAccounts",
            "resource_location": region,
        },
        "policy_info": {
            "policy_id": policy,
            "policy_parameters": {
                "backup_datasource_parameters_list": [
                    {"object_type": "BlobBackupDatasourceParameters", "containers_list": [CONTAINER]}
                ]
            },
        },
    }
