"""Customer keys in Azure Key Vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.azure_roles import role_definition
from components.keys.azure_terms import (
    CRYPTO_OFFICER,
    READER,
    VAULT_CONTRIBUTOR,
    address,
    key_properties,
    role_for,
    vault_name,
    vault_properties,
)
from components.keys.flows import azure_key_flows
from components.keys.spec import Purpose
from components.private_endpoint.azure import private_endpoint
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.identities.azure import Identity
    from components.keys.spec import KeyRingSpec

CLUSTER_VAULT, VAULT = "cluster", "keys"
"""The cluster's own key lies apart, because AKS asks to manage the vault it lies in."""


@dataclass(frozen=True, slots=True)
class AzureKey:
    """A key, under the names that services know it by. Who waits for a URI waits for the role to use the key too."""

    uri: pulumi.Output[str]
    """URI of its newest version."""
    versionless_uri: pulumi.Output[str]
    """URI without version, for services that follow each rotation."""
    name: pulumi.Output[str]
    """Its name in the vault."""


class AzureKeyRing(pulumi.ComponentResource):
    """One Key Vault key for each purpose, and on each key one role for the one identity that uses it.

    Makes a Vault for the cluster's key and one for all others, each with purge protection, a PrivateEndpoint and no
    public door; the Keys, rotated by Azure; a RoleAssignment on each key; and the DiskEncryptionSet that every disk
    uses. Refuses access policies and users of a key it does not make. With `hardware` keys are made in modules of FIPS
    140-3 level 3 and never leave them.

    Administrators keep keys; the one role Azure has for that can use them too, and the vault's log shows it. Azure
    reads a rotation policy when a key is made and never again: change it later with `az keyvault key rotation-policy
    update`. There is no Managed HSM: a premium vault does what KEY-005 asks, and an HSM's security domain has to be
    brought to life by people, by hand.

    Source: https://learn.microsoft.com/azure/key-vault/general/secure-key-vault
    """

    keys: Mapping[Purpose, AzureKey]
    """By purpose."""
    vault_id: pulumi.Output[str]
    """Resource id of the vault that holds the cluster's key; of the only one where there is no such key."""
    vault_uri: pulumi.Output[str]
    """Address of that vault."""
    vault_ids: Mapping[str, pulumi.Output[str]]
    """Resource id of every vault by its role, so that its log can be kept."""
    disk_encryption_set: pulumi.Output[str] | None
    """Resource id of the set that disks use, where there is a key for disks."""
    data_flows: tuple[DataFlow, ...]
    """Data keys, and the copy that Azure makes."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: KeyRingSpec,
        *,
        resource_group: pulumi.Input[str],
        tenant_id: pulumi.Input[str],
        subnet_id: pulumi.Input[str],
        dns_zone_id: pulumi.Input[str],
        users: Mapping[Purpose, Identity],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = azure_key_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AzureKeyRing", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        _check(spec, users)
        self._name, self._spec, self._group, self._users = name, spec, resource_group, users
        self._inside = pulumi.ResourceOptions(parent=self)
        self._lasting = pulumi.ResourceOptions(parent=self, protect=spec.placement.protected)

        vaults = {
            role: self._make_vault(role, tenant_id, subnet_id, dns_zone_id)
            for role in sorted({_vault_of(purpose) for purpose in spec.purposes})
        }
        role, own = next(iter(vaults.items()))
        self.vault_id, self.vault_uri = own.id, _after([own], f"{address(spec, role)}/")
        self.vault_ids = {role: vault.id for role, vault in vaults.items()}
        self.keys = {purpose: self._make_key(purpose, vaults[_vault_of(purpose)]) for purpose in spec.purposes}
        self.disk_encryption_set = self._make_disk_encryption_set(vaults) if Purpose.NODE_DISKS in self.keys else None
        self.register_outputs({"keys": {purpose.value: key.versionless_uri for purpose, key in self.keys.items()}})

    def _make_vault(
        self, role: str, tenant_id: pulumi.Input[str], subnet_id: pulumi.Input[str], dns_zone_id: pulumi.Input[str]
    ) -> azure_native.keyvault.Vault:
        spec = self._spec
        vault = azure_native.keyvault.Vault(
            f"{self._name}-{role}-vault",
            vault_name=vault_name(spec, role),
            resource_group_name=self._group,
            location=spec.placement.region,
            properties=vault_properties(spec, tenant_id),
            tags=spec.placement.tags(),
            opts=self._lasting,
        )
        private_endpoint(
            f"{self._name}-{role}",
            spec.placement,
            resource_group=self._group,
            target=vault.id,
            group="vault",
            subnet_id=subnet_id,
            dns_zone_ids=[dns_zone_id],
            opts=self._inside,
        )
        for index, administrator in enumerate(spec.administrators):
            keeper = f"{role}-administrator-{index}"
            self._assign(keeper, CRYPTO_OFFICER, to=administrator, on=vault.id, why="keeps keys", kind="Group")
        return vault

    def _make_key(self, purpose: Purpose, vault: azure_native.keyvault.Vault) -> AzureKey:
        role = purpose.replace("_", "-")
        key = azure_native.keyvault.Key(
            f"{self._name}-{role}",
            key_name=role,
            vault_name=_after([vault], vault_name(self._spec, _vault_of(purpose))),
            resource_group_name=self._group,
            properties=key_properties(self._spec, purpose),
            tags=self._spec.placement.tags(),
            opts=self._lasting,
        )
        ready = [key, *self._let_use(purpose, key, vault)]
        versionless = f"{address(self._spec, _vault_of(purpose))}/keys/{role}"
        return AzureKey(_after(ready, key.key_uri_with_version), _after(ready, versionless), _after([key], role))

    def _let_use(
        self, purpose: Purpose, key: azure_native.keyvault.Key, vault: azure_native.keyvault.Vault
    ) -> list[pulumi.Resource]:
        user = self._users.get(purpose)
        if user is None:
            return []
        role, principal = purpose.replace("_", "-"), user.principal_id
        given = [self._assign(f"{role}-user", role_for(purpose), to=principal, on=key.id, why="uses the key")]
        if purpose is Purpose.CLUSTER_SECRETS:
            why = "approves the link that AKS makes to the vault"
            given.append(self._assign("cluster-link", VAULT_CONTRIBUTOR, to=principal, on=vault.id, why=why))
        return given

    def _make_disk_encryption_set(self, vaults: Mapping[str, azure_native.keyvault.Vault]) -> pulumi.Output[str]:
        spec, user = self._spec, self._users[Purpose.NODE_DISKS]
        disks = azure_native.compute.DiskEncryptionSet(
            f"{self._name}-disks",
            disk_encryption_set_name=f"{spec.placement.stack}-disks",
            resource_group_name=self._group,
            location=spec.placement.region,
            encryption_type=azure_native.compute.DiskEncryptionSetType.ENCRYPTION_AT_REST_WITH_CUSTOMER_KEY,
            identity={"type": "UserAssigned", "user_assigned_identities": [user.id]},
            active_key={"key_url": self.keys[Purpose.NODE_DISKS].uri, "source_vault": {"id": vaults[VAULT].id}},
            rotation_to_latest_key_version_enabled=True,
            tags=spec.placement.tags(),
            opts=self._lasting,
        )
        control_plane = self._users.get(Purpose.CLUSTER_SECRETS)
        if control_plane is None:
            return disks.id
        may_see = self._assign(
            "disks-cluster",
            READER,
            to=control_plane.principal_id,
            on=disks.id,
            why="the cluster finds the set for disks",
        )
        return _after([may_see], disks.id)

    def _assign(
        self,
        role: str,
        definition: str,
        *,
        to: pulumi.Input[str],
        on: pulumi.Input[str],
        why: str,
        kind: str = "ServicePrincipal",
    ) -> pulumi.Resource:
        return azure_native.authorization.RoleAssignment(
            f"{self._name}-{role}",
            scope=on,
            principal_id=to,
            principal_type=kind,
            role_definition_id=role_definition(self._spec.account, definition),
            description=why,
            opts=self._inside,
        )


def _check(spec: KeyRingSpec, users: Mapping[Purpose, Identity]) -> None:
    strangers = sorted({*users} - {*spec.purposes})
    if strangers:
        raise ValueError(f"no key is made for {', '.join(strangers)}, allowed: {', '.join(spec.purposes)}")
    if Purpose.NODE_DISKS in spec.purposes and Purpose.NODE_DISKS not in users:
        raise ValueError("the set for disks acts as an identity, allowed: node_disks with one among users")


def _vault_of(purpose: Purpose) -> str:
    return CLUSTER_VAULT if purpose is Purpose.CLUSTER_SECRETS else VAULT


def _after(ready: Sequence[pulumi.Resource], value: pulumi.Input[str]) -> pulumi.Output[str]:
    """The same value, for those who have to wait for these resources first. In a preview as known as it was."""
    return pulumi.Output.all(value, *(each.urn for each in ready)).apply(lambda found: str(found[0]))
