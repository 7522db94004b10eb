"""An Azure storage account whose blobs nobody can change or remove for a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.locked_storage.spec import storage_account_name
from components.private_endpoint.azure import private_endpoint

if TYPE_CHECKING:
    from components.identities.azure import Identity
    from components.keys.azure import AzureKey
    from components.locked_storage.spec import LockedStorageSpec
    from components.manifests import Manifest

REMOVED_CONTAINER_DAYS = 90
"""How long a removed container can be brought back; Azure keeps at most 365."""
BLOB_SERVICE = "/blobServices/default"
"""Path of an account's blob service below its own id, for diagnostic settings."""


class LockedStorageAccount(pulumi.ComponentResource):
    """A private, versioned storage account with a lock on every blob, encrypted with the key given.

    Makes the StorageAccount, its blob service, lifecycle rules and private endpoint. Refuses public access, shared
    keys, local users, HTTP, TLS before 1.2, copies to accounts outside its network and replication to other
    directories.
    Azure's own services pass its wall only as trusted services with an identity, to deliver logs and take backups.
    Copies go to the region's zones, and to the paired region only where that lies in the country and is asked for.
    Has no point-in-time restore, which Azure refuses beside a lock; versions and soft deletion do that work.

    Source: https://learn.microsoft.com/azure/storage/blobs/immutable-version-level-worm-policies
    """

    id: pulumi.Output[str]
    """Its resource id."""
    name: pulumi.Output[str]
    """Its name."""
    blob_service_id: pulumi.Output[str]
    """Id of its blob service, whose requests a diagnostic setting can record."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: LockedStorageSpec,
        *,
        resource_group: pulumi.Input[str],
        key: AzureKey,
        identity: Identity,
        subnet_id: pulumi.Input[str],
        dns_zone_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "falaj:index:LockedStorageAccount", name, {"dataFlows": [], "controls": list(self.controls)}, opts
        )
        self._name, self._spec, self._group = name, spec, resource_group
        self._inside = pulumi.ResourceOptions(parent=self)
        account = self._make_account(key, identity)
        self.id, self.name = account.id, account.name
        self.blob_service_id = pulumi.Output.concat(account.id, BLOB_SERVICE)
        self._keep_versions()
        private_endpoint(
            f"{name}-blob",
            spec.placement,
            resource_group=resource_group,
            target=self.id,
            group="blob",
            subnet_id=subnet_id,
            dns_zone_ids=[dns_zone_id],
            opts=self._inside,
        )
        self.register_outputs({"id": self.id, "name": self.name})

    def _make_account(self, key: AzureKey, identity: Identity) -> azure_native.storage.StorageAccount:
        placement = self._spec.placement
        return azure_native.storage.StorageAccount(
            f"{self._name}-account",
            account_name=storage_account_name(self._spec),
            resource_group_name=self._group,
            location=placement.region,
            kind="StorageV2",
            sku={"name": f"Standard_{redundancy(self._spec)}"},
            access_tier=azure_native.storage.AccessTier.HOT,
            identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
            encryption=_encryption(key, identity),
            immutable_storage_with_versioning={
                "enabled": True,
                "immutability_policy": {
                    "immutability_period_since_creation_in_days": self._spec.locked_days,
                    "allow_protected_append_writes": self._spec.appended,
                    "state": "Locked" if self._spec.lock_is_final else "Unlocked",
                },
            },
            public_network_access="Disabled",
            network_rule_set={"default_action": azure_native.storage.DefaultAction.DENY, "bypass": "AzureServices"},
            allow_blob_public_access=False,
            allow_shared_key_access=False,
            allow_cross_tenant_replication=False,
            allowed_copy_scope="PrivateLink",
            default_to_o_auth_authentication=True,
            is_local_user_enabled=False,
            is_sftp_enabled=False,
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            tags=placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=placement.protected),
        )

    def _keep_versions(self) -> None:
        spec = self._spec
        azure_native.storage.BlobServiceProperties(
            f"{self._name}-blobs",
            account_name=self.name,
            blob_services_name="default",
            resource_group_name=self._group,
            is_versioning_enabled=True,
            change_feed={"enabled": True},
            container_delete_retention_policy={"enabled": True, "days": REMOVED_CONTAINER_DAYS},
            delete_retention_policy={"enabled": True, "days": REMOVED_CONTAINER_DAYS},
            opts=self._inside,
        )
        actions: Manifest = {"version": {"delete": {"days_after_creation_greater_than": spec.old_versions_days}}}
        if spec.kept_days is not None:
            actions["base_blob"] = {"delete": {"days_after_modification_greater_than": spec.kept_days}}
        azure_native.storage.ManagementPolicy(
            f"{self._name}-lifecycle",
            account_name=self.name,
            management_policy_name="default",
            resource_group_name=self._group,
            policy={
                "rules": [
                    {
                        "name": "age",
                        "type": "Lifecycle",
                        "enabled": True,
                        "definition": {"actions": actions, "filters": {"blob_types": ["blockBlob", "appendBlob"]}},
                    }
                ]
            },
            opts=self._inside,
        )


def redundancy(spec: LockedStorageSpec) -> str:
    """Return how many copies Azure keeps and where: in zones where there are any, in the pair where it is asked for."""
    if spec.copy_to_pair:
        return "GZRS" if spec.has_zones else "GRS"
    return "ZRS" if spec.has_zones else "LRS"


def _encryption(key: AzureKey, identity: Identity) -> Manifest:
    """Our key for every service of the account; queues and tables take Microsoft's own unless told at creation."""
    own = {"enabled": True, "key_type": "Account"}
    return {
        "key_source": "Microsoft.Keyvault",
        # Without a version Azure follows each rotation by itself.
        "key_vault_properties": {
            "key_name": key.name,
            "key_vault_uri": pulumi.Output.from_input(key.versionless_uri).apply(
                lambda uri: uri.partition("/keys/")[0]
            ),
        },
        "encryption_identity": {"encryption_user_assigned_identity": identity.id},
        "require_infrastructure_encryption": True,
        "services": {"blob": own, "file": own, "queue": own, "table": own},
    }
