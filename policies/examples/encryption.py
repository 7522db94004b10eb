"""Keys for the examples of controls of encryption at rest."""

from __future__ import annotations

from typing import Final

KMS_KEY: Final = "arn:aws:kms:me-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
"""A key of our own."""
KMS_KEY_ABROAD: Final = KMS_KEY.replace("me-central-1", "eu-west-1")
KMS_ALIAS_OF_AWS: Final = "alias/aws/service"
"""A key that AWS keeps for one of its services."""
VAULT_KEY: Final = f"https://acme.vault.azure.net/keys/data/{'0123456789abcdef' * 2}"
"""One version of a key of our own."""
GROUP_ID: Final = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/acme"
DISK_KEY: Final = f"{GROUP_ID}/providers/Microsoft.Compute/diskEncryptionSets/acme-disks"
"""A disk encryption set, by its id."""
