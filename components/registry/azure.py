"""Azure's container registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.azure_roles import ACR_PULL, ACR_PUSH, role_definition
from components.private_endpoint.azure import private_endpoint
from components.registry.flows import registry_flows
from components.registry.spec import registry_host, registry_name, registry_prefix
from falaj.catalog.data_flows import DataFlow
from falaj.catalog.regions import regions

if TYPE_CHECKING:
    from components.identities.azure import Identity
    from components.keys.azure import AzureKey
    from components.manifests import Manifest
    from components.registry.spec import RegistrySpec

POLICIES: Manifest = {
    # Nobody copies images out to a storage account or another registry.
    "export_policy": {"status": "disabled"},
    # Azure would remove whatever has no tag by age; what a cluster runs by digest may have none.
    "retention_policy": {"status": "disabled"},
    "soft_delete_policy": {"status": "disabled"},
    # A push would stay invisible until a scanner of the customer's own releases it: nodes would wait for ever.
    "quarantine_policy": {"status": "disabled"},
}


class AzureRegistry(pulumi.ComponentResource):
    """A Premium registry behind a private endpoint, encrypted with the key given.

    Makes the Registry without administrator, anonymous pulls, public door or export; its private endpoint; AcrPull for
    each puller, AcrPush for each group of people that mirrors; a rule for each mirror; a Replication to the paired
    region where asked for, which lies in the country.
    Images are scanned by Microsoft Defender where the subscription has its plan for containers; that plan belongs to
    the subscription, so it is not made here. Its tags can be moved, which Azure cannot forbid for a registry as a
    whole: what runs is named by digest.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-private-link
    """

    id: pulumi.Output[str]
    """Its resource id."""
    host: pulumi.Output[str]
    """Where images are pulled from."""
    prefix: str
    """What the name of every image begins with."""
    ready: tuple[pulumi.Resource, ...]
    """What a cluster waits for before it pulls: endpoint, roles and rules."""
    data_flows: tuple[DataFlow, ...]
    """Images in, images out."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: RegistrySpec,
        *,
        resource_group: pulumi.Input[str],
        key: AzureKey,
        identity: Identity,
        subnet_id: pulumi.Input[str],
        dns_zone_id: pulumi.Input[str],
        pullers: Mapping[str, pulumi.Input[str]] | None = None,
        pushers: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = registry_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AzureRegistry", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._group = name, spec, resource_group
        self._inside = pulumi.ResourceOptions(parent=self)
        registry = self._make_registry(key, identity)
        self.id, self.prefix = registry.id, registry_prefix(spec)
        self._registry_name = registry.name
        endpoint = private_endpoint(
            name,
            spec.placement,
            resource_group=resource_group,
            target=registry.id,
            group="registry",
            subnet_id=subnet_id,
            dns_zone_ids=[dns_zone_id],
            opts=self._inside,
        )
        self._replicate()
        self._let_push(pushers)
        self.ready = (endpoint, *self._let_pull(pullers or {}), *self._fetch_through())
        self.host = pulumi.Output.from_input(registry_host(spec))
        self.register_outputs({"host": self.host, "prefix": self.prefix, "id": self.id})

    def _make_registry(self, key: AzureKey, identity: Identity) -> azure_native.containerregistry.Registry:
        spec = self._spec
        return azure_native.containerregistry.Registry(
            f"{self._name}-registry",
            registry_name=registry_name(spec),
            resource_group_name=self._group,
            location=spec.placement.region,
            sku={"name": "Premium"},
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            # Layers come from the registry's own host in the region, not from a storage account anyone could name.
            data_endpoint_enabled=True,
            identity={
                "type": azure_native.containerregistry.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": pulumi.Output.from_input(identity.id).apply(lambda found: {found: {}}),
            },
            encryption={
                "status": "enabled",
                "key_vault_properties": {"identity": identity.client_id, "key_identifier": key.versionless_uri},
            },
            public_network_access="Disabled",
            network_rule_set={"default_action": "Deny", "ip_rules": []},
            # Defender reads images as a trusted service; nothing else passes.
            network_rule_bypass_options="AzureServices",
            policies=POLICIES,
            zone_redundancy="Enabled" if spec.has_zones else "Disabled",
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )

    def _replicate(self) -> None:
        for replica in self._spec.replicas:
            azure_native.containerregistry.Replication(
                f"{self._name}-{replica}",
                registry_name=self._registry_name,
                replication_name=replica,
                resource_group_name=self._group,
                location=replica,
                region_endpoint_enabled=True,
                zone_redundancy="Enabled" if regions()[replica].zones else "Disabled",
                tags=self._spec.placement.tags(),
                opts=self._inside,
            )

    def _let_pull(self, pullers: Mapping[str, pulumi.Input[str]]) -> list[pulumi.Resource]:
        return [
            azure_native.authorization.RoleAssignment(
                f"{self._name}-{role}-pulls",
                scope=self.id,
                principal_id=principal,
                principal_type="ServicePrincipal",
                role_definition_id=role_definition(self._spec.account, ACR_PULL),
                description=f"{role} pulls images",
                opts=self._inside,
            )
            for role, principal in pullers.items()
        ]

    def _let_push(self, groups: Sequence[str]) -> None:
        for group in groups:
            azure_native.authorization.RoleAssignment(
                f"{self._name}-{group}-pushes",
                scope=self.id,
                principal_id=group,
                principal_type="Group",
                role_definition_id=role_definition(self._spec.account, ACR_PUSH),
                description="this group mirrors images",
                opts=self._inside,
            )

    def _fetch_through(self) -> list[pulumi.Resource]:
        return [
            azure_native.containerregistry.CacheRule(
                f"{self._name}-{mirror.name}",
                cache_rule_name=mirror.name,
                registry_name=self._registry_name,
                resource_group_name=self._group,
                source_repository=mirror.source,
                target_repository=mirror.target,
                opts=self._inside,
            )
            for mirror in self._spec.mirrors
        ]
