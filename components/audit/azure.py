"""The audit trail of an Azure subscription: diagnostic settings into a workspace and a locked archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.audit.flows import audit_flows
from components.audit.spec import workspace_days
from components.diagnostics.azure import send_logs
from components.locked_storage.azure import LockedStorageAccount
from components.private_endpoint.azure import private_endpoint
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.audit.spec import AuditSpec
    from components.identities.azure import Identity
    from components.keys.azure import AzureKey

ACTIVITY = (
    "Administrative",
    "Alert",
    "Autoscale",
    "Policy",
    "Recommendation",
    "ResourceHealth",
    "Security",
    "ServiceHealth",
)
"""Every category of a subscription's activity log."""
CLUSTER_LINK = "Cluster"
"""The one name a link between a workspace and its dedicated cluster may have."""


class AzureAuditTrail(pulumi.ComponentResource):
    """Every call of Azure's interfaces in this subscription, ready for queries and locked in an archive.

    Makes a LockedStorageAccount as archive; a Log Analytics workspace that takes identities only and answers inside
    our network only, on a dedicated cluster with our key where one is asked for; a private link scope with its
    endpoint; the subscription's activity log; and the record of who queried the workspace and read the archive.

    What resources send through diagnostic settings reaches the workspace over Azure's own network, not through the
    closed door. The private link scope is one of Azure's global objects: it holds names, no logs.

    Source: https://learn.microsoft.com/azure/azure-monitor/logs/customer-managed-keys
    """

    workspace_id: pulumi.Output[str]
    """Resource id of the workspace."""
    archive_id: pulumi.Output[str]
    """Resource id of the archive's storage account."""
    archive_name: pulumi.Output[str]
    """Name of the archive's storage account."""
    data_flows: tuple[DataFlow, ...]
    """The record, on its way."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: AuditSpec,
        *,
        resource_group: pulumi.Input[str],
        key: AzureKey,
        log_key: AzureKey,
        identity: Identity,
        log_identity: Identity,
        subnet_id: pulumi.Input[str],
        blob_dns_zone_id: pulumi.Input[str],
        monitor_dns_zone_ids: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = audit_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:AzureAuditTrail", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec, self._group, self._subnet = name, spec, resource_group, subnet_id
        self._inside = pulumi.ResourceOptions(parent=self)
        archive = LockedStorageAccount(
            f"{name}-archive",
            spec.storage,
            resource_group=resource_group,
            key=key,
            identity=identity,
            subnet_id=subnet_id,
            dns_zone_id=blob_dns_zone_id,
            opts=self._inside,
        )
        workspace = self._make_workspace()
        self._encrypt(workspace, log_key, log_identity)
        self._let_operators_query(workspace, monitor_dns_zone_ids)
        self.workspace_id, self.archive_id, self.archive_name = workspace.id, archive.id, archive.name
        self._record_activity()
        self._record_readers(archive)
        self.register_outputs({"workspaceId": self.workspace_id, "archiveId": self.archive_id})

    def _make_workspace(self) -> azure_native.operationalinsights.Workspace:
        spec = self._spec
        return azure_native.operationalinsights.Workspace(
            f"{self._name}-workspace",
            workspace_name=f"{spec.placement.stack}-logs",
            resource_group_name=self._group,
            location=spec.placement.region,
            sku={"name": "PerGB2018"},
            retention_in_days=workspace_days(spec),
            features={
                "disable_local_auth": True,
                "enable_log_access_using_only_resource_permissions": True,
                "immediate_purge_data_on30_days": False,
            },
            public_network_access_for_ingestion="Disabled",
            public_network_access_for_query="Disabled",
            tags=spec.placement.tags(),
            # The link to a dedicated cluster turns the sku into LACluster by itself.
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected, ignore_changes=["sku"]),
        )

    def _encrypt(
        self, workspace: azure_native.operationalinsights.Workspace, log_key: AzureKey, identity: Identity
    ) -> None:
        spec = self._spec
        if spec.dedicated_capacity is None:
            return
        vault_uri = pulumi.Output.from_input(log_key.versionless_uri).apply(lambda uri: uri.partition("/keys/")[0])
        cluster = azure_native.operationalinsights.Cluster(
            f"{self._name}-cluster",
            cluster_name=f"{spec.placement.stack}-logs",
            resource_group_name=self._group,
            location=spec.placement.region,
            sku={"name": "CapacityReservation", "capacity": spec.dedicated_capacity},
            billing_type="Cluster",
            identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
            # An empty version makes the cluster follow each rotation by itself.
            key_vault_properties={"key_vault_uri": vault_uri, "key_name": log_key.name, "key_version": ""},
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        azure_native.operationalinsights.LinkedService(
            f"{self._name}-cluster-link",
            linked_service_name=CLUSTER_LINK,
            workspace_name=workspace.name,
            resource_group_name=self._group,
            write_access_resource_id=cluster.id,
            tags=spec.placement.tags(),
            opts=self._inside,
        )

    def _let_operators_query(
        self, workspace: azure_native.operationalinsights.Workspace, zones: Sequence[pulumi.Input[str]]
    ) -> None:
        spec = self._spec
        scope = azure_native.monitor.PrivateLinkScope(
            f"{self._name}-private-link",
            scope_name=f"{spec.placement.stack}-logs",
            resource_group_name=self._group,
            location="global",
            access_mode_settings={"ingestion_access_mode": "PrivateOnly", "query_access_mode": "PrivateOnly"},
            tags=spec.placement.tags(),
            opts=self._inside,
        )
        azure_native.monitor.PrivateLinkScopedResource(
            f"{self._name}-private-link-workspace",
            name="workspace",
            scope_name=scope.name,
            resource_group_name=self._group,
            linked_resource_id=workspace.id,
            opts=self._inside,
        )
        private_endpoint(
            f"{self._name}-monitor",
            spec.placement,
            resource_group=self._group,
            target=scope.id,
            group="azuremonitor",
            subnet_id=self._subnet,
            dns_zone_ids=zones,
            opts=self._inside,
        )

    def _record_activity(self) -> None:
        azure_native.monitor.SubscriptionDiagnosticSetting(
            f"{self._name}-activity",
            name=f"{self._spec.placement.stack}-activity",
            workspace_id=self.workspace_id,
            storage_account_id=self.archive_id,
            logs=[{"category": category, "enabled": True} for category in ACTIVITY],
            opts=self._inside,
        )

    def _record_readers(self, archive: LockedStorageAccount) -> None:
        """Who queried the workspace, and who read the archive; which would record each record if it kept its own."""
        for role, resource, kept in (
            ("workspace", self.workspace_id, self.archive_id),
            ("archive", archive.blob_service_id, None),
        ):
            send_logs(
                f"{self._name}-{role}", resource, workspace_id=self.workspace_id, archive_id=kept, opts=self._inside
            )
