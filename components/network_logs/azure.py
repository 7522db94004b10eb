"""Logs of an Azure network: they need a workspace and a storage account, which themselves need the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.audit.flows import ARCHIVE_END, ARCHIVE_KEY
from components.diagnostics.azure import send_logs
from components.network.flows import kept_logs
from components.network.spec import Egress
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.identities.azure import Identity
    from components.network.spec import NetworkSpec

WATCHER_GROUP = "NetworkWatcherRG"
"""Resource group in which Azure keeps the one network watcher of each region."""
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""Built-in role `Storage Blob Data Contributor`."""
MOST_DAYS = 365
"""The longest a flow log takes; 0 keeps it until the store's own lifecycle removes it."""


class AzureNetworkLogs(pulumi.ComponentResource):
    """Who spoke to whom, which names were asked for and what the firewall decided.

    Makes a flow log of the VNet that signs in with an identity, traffic analytics in the workspace, and diagnostic
    settings of the policy over names and of the firewall, where there are any. All of it goes to the archive too, which
    keeps it longer than a workspace can. Uses the region's network watcher, which Azure makes with the first VNet of a
    subscription and allows only once.

    Source: https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-managed-identity
    """

    data_flows: tuple[DataFlow, ...]
    """The logs, on their way."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: NetworkSpec,
        *,
        vnet_id: pulumi.Input[str],
        name_policy_id: pulumi.Input[str] | None,
        firewall_id: pulumi.Input[str] | None,
        workspace_id: pulumi.Input[str],
        archive_id: pulumi.Input[str],
        identity: Identity,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = _flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:AzureNetworkLogs", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._log_flows(vnet_id, workspace_id, archive_id, identity)
        if name_policy_id is not None:
            self._send("names", name_policy_id, workspace_id, archive_id)
        if firewall_id is not None:
            self._send("firewall", firewall_id, workspace_id, archive_id)
        self.register_outputs({})

    def _send(
        self,
        role: str,
        resource_id: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        archive_id: pulumi.Input[str],
    ) -> None:
        name = f"{self._name}-{role}"
        send_logs(name, resource_id, workspace_id=workspace_id, archive_id=archive_id, opts=self._inside)

    def _let_write(self, archive_id: pulumi.Input[str], identity: Identity) -> pulumi.Resource:
        return azure_native.authorization.RoleAssignment(
            f"{self._name}-may-write",
            scope=archive_id,
            role_definition_id=(
                f"/subscriptions/{self._spec.account}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_CONTRIBUTOR}"
            ),
            principal_id=identity.principal_id,
            principal_type="ServicePrincipal",
            opts=self._inside,
        )

    def _log_flows(
        self,
        vnet_id: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        archive_id: pulumi.Input[str],
        identity: Identity,
    ) -> None:
        spec = self._spec
        region, days = spec.placement.region, spec.retention_days
        azure_native.network.FlowLog(
            f"{self._name}-flows",
            resource_group_name=WATCHER_GROUP,
            network_watcher_name=f"NetworkWatcher_{region}",
            flow_log_name=f"{spec.placement.stack}-flows",
            location=region,
            target_resource_id=vnet_id,
            storage_id=archive_id,
            enabled=True,
            format={"type": "JSON", "version": 2},
            identity={
                "type": azure_native.network.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [identity.id],
            },
            retention_policy={"enabled": True, "days": days if days <= MOST_DAYS else 0},
            flow_analytics_configuration={
                "network_watcher_flow_analytics_configuration": {
                    "enabled": True,
                    "workspace_region": region,
                    "workspace_resource_id": workspace_id,
                    "traffic_analytics_interval": 10,
                }
            },
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._let_write(archive_id, identity)]),
        )


def _flows(spec: NetworkSpec) -> tuple[DataFlow, ...]:
    flows = _kept(spec, "flows", "flow log and traffic analytics: addresses, ports and verdicts of connections")
    if spec.egress is Egress.NAT:
        return flows
    return (*flows, *_kept(spec, "resolver", "query log: every name that was asked for"))


def _kept(spec: NetworkSpec, what: str, purpose: str) -> tuple[DataFlow, DataFlow]:
    return (
        kept_logs(spec, what, "azure/logs", purpose),
        kept_logs(spec, what, ARCHIVE_END, f"{purpose}; kept for the full time", key=ARCHIVE_KEY),
    )
