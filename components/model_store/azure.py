"""Model files in Azure Blob Storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.azure_roles import BLOB_DATA_CONTRIBUTOR, BLOB_DATA_READER, role_definition
from components.diagnostics.azure import send_logs
from components.locked_storage.azure import LockedStorageAccount
from components.model_store.flows import model_store_flows
from components.model_store.spec import CONTAINER
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.identities.azure import Identity
    from components.keys.azure import AzureKey
    from components.model_store.spec import ModelStoreSpec


class AzureModelStore(pulumi.ComponentResource):
    """A locked storage account with one private container for model files, whose every request is recorded.

    Makes a LockedStorageAccount, the container, a diagnostic setting that sends each read, write and removal to the
    audit trail, and a role on the container for each reader and publisher. Only identities reach it, never keys.
    """

    id: pulumi.Output[str]
    """Resource id of the storage account."""
    account_name: pulumi.Output[str]
    """Name of the storage account."""
    container: pulumi.Output[str]
    """Name of the container."""
    data_flows: tuple[DataFlow, ...]
    """Model files in and out."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: ModelStoreSpec,
        *,
        resource_group: pulumi.Input[str],
        key: AzureKey,
        identity: Identity,
        subnet_id: pulumi.Input[str],
        dns_zone_id: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        archive_id: pulumi.Input[str],
        readers: Mapping[str, pulumi.Input[str]] | None = None,
        publishers: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = model_store_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:AzureModelStore", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        store = LockedStorageAccount(
            name,
            spec.storage,
            resource_group=resource_group,
            key=key,
            identity=identity,
            subnet_id=subnet_id,
            dns_zone_id=dns_zone_id,
            opts=self._inside,
        )
        self.id, self.account_name = store.id, store.name
        container = self._make_container(resource_group)
        self.container = container.name
        send_logs(name, store.blob_service_id, workspace_id=workspace_id, archive_id=archive_id, opts=self._inside)
        self._let(readers or {}, BLOB_DATA_READER, "reads", container.id)
        self._let(publishers or {}, BLOB_DATA_CONTRIBUTOR, "publishes", container.id)
        self.register_outputs({"id": self.id, "accountName": self.account_name, "container": self.container})

    def _make_container(self, resource_group: pulumi.Input[str]) -> azure_native.storage.BlobContainer:
        return azure_native.storage.BlobContainer(
            f"{self._name}-container",
            container_name=CONTAINER,
            account_name=self.account_name,
            resource_group_name=resource_group,
            public_access=azure_native.storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected),
        )

    def _let(self, principals: Mapping[str, pulumi.Input[str]], role: str, verb: str, scope: pulumi.Input[str]) -> None:
        for who, principal in principals.items():
            azure_native.authorization.RoleAssignment(
                f"{self._name}-{who}-{verb}",
                scope=scope,
                principal_id=principal,
                principal_type="ServicePrincipal",
                role_definition_id=role_definition(self._spec.account, role),
                description=f"{who} {verb} model files",
                opts=self._inside,
            )
