"""What vaults and keys are told in Azure, by purpose. Plain data.

Sources: https://learn.microsoft.com/azure/key-vault/general/rbac-guide (roles),
https://learn.microsoft.com/azure/aks/use-kms-etcd-encryption (the cluster's key),
https://learn.microsoft.com/azure/aks/azure-disk-customer-managed-keys (disks)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.cloud_names import global_name
from components.keys.spec import Purpose

if TYPE_CHECKING:
    from components.keys.spec import KeyRingSpec
    from components.manifests import Manifest

CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
"""Rotates, disables and restores keys; Azure has no role that does so and can't use them."""
CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Wraps and opens data keys."""
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
"""Encrypts and decrypts, which is what AKS asks of the key for Secrets."""
VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
"""Manages a vault without a look at its keys: AKS asks for it to approve its own private link to the vault."""
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"

LONGEST_VAULT_NAME = 24
RETENTION_DAYS = 90
"""How long a removed vault or key can be brought back; the most there is, and it costs nothing."""
KEY_BITS = 3072
"""As strong as AES-128, and the middle of what every service that takes our keys accepts."""


def vault_name(spec: KeyRingSpec, role: str) -> str:
    """Return a vault's name, which all customers of Azure share."""
    return global_name(spec.placement.stack, role, spec.account, longest=LONGEST_VAULT_NAME)


def address(spec: KeyRingSpec, role: str) -> str:
    """Return what a vault answers to, known before it exists."""
    return f"https://{vault_name(spec, role)}.vault.azure.net"


def vault_properties(spec: KeyRingSpec, directory: object) -> Manifest:
    """Return what a vault is like: removed things can be brought back, roles alone decide, and no public door."""
    return {
        "tenant_id": directory,
        "sku": {"family": "A", "name": "premium" if spec.hardware else "standard"},
        "enable_purge_protection": True,
        "enable_soft_delete": True,
        "soft_delete_retention_in_days": RETENTION_DAYS,
        "enable_rbac_authorization": True,
        "enabled_for_deployment": False,
        "enabled_for_disk_encryption": False,
        "enabled_for_template_deployment": False,
        "public_network_access": "Disabled",
        # Disks, storage, registry and backup open their keys as trusted services, each as an identity with a role.
        "network_acls": {"default_action": "Deny", "bypass": "AzureServices"},
    }


def key_properties(spec: KeyRingSpec, purpose: Purpose) -> Manifest:
    """Return what a key is like. It never expires: a key that did would close what it protects."""
    return {
        "kty": "RSA-HSM" if spec.hardware else "RSA",
        "key_size": KEY_BITS,
        "key_ops": ["encrypt", "decrypt"] if purpose is Purpose.CLUSTER_SECRETS else ["wrapKey", "unwrapKey"],
        "attributes": {"enabled": True},
        "rotation_policy": {
            "lifetime_actions": [
                {"action": {"type": "rotate"}, "trigger": {"time_after_create": f"P{spec.rotation_days}D"}}
            ]
        },
    }


def role_for(purpose: Purpose) -> str:
    """Return the role that lets an identity use the key for a purpose, and that key alone."""
    return CRYPTO_USER if purpose is Purpose.CLUSTER_SECRETS else CRYPTO_SERVICE_ENCRYPTION_USER
