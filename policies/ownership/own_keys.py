"""Whose key encrypts something: the judgement that every control of encryption at rest shares.

A key of our own is one that the operator made, may rotate and may take away. What a provider encrypts with a key of
its own stays readable for whoever the provider lets read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from falaj.catalog.providers import Provider
from policies.geography.places import region_of_arn, uae_regions
from policies.node import Node
from policies.outcomes import Outcome
from policies.templates import is_true

OWN_KMS_KEY: Final = f"a KMS key of our own in {' or '.join(uae_regions(Provider.AWS))}"
OWN_VAULT: Final = "the address of a vault of our own"
OWN_VAULT_KEY: Final = "a key of our own, by its address in a vault"
OWN_DISK_KEY: Final = "a disk encryption set, by its id"

_IDENTIFIER: Final = r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
# Aliases that begin with aws/ name the keys that AWS keeps for its services.
_ALIAS: Final = r"alias/(?!aws/)[A-Za-z0-9/_-]+"
_HERE: Final = re.compile(f"{_IDENTIFIER}|{_ALIAS}")
_BY_ARN: Final = re.compile(rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:(?:key/{_IDENTIFIER}|{_ALIAS})")
_ADDRESS: Final = r"https://[a-z0-9-]{3,24}\.(?:vault|managedhsm)\.azure\.net(?::443)?"
_VAULT: Final = re.compile(rf"{_ADDRESS}/?")
_VAULT_KEY: Final = re.compile(rf"{_ADDRESS}/keys/[A-Za-z0-9-]+(?:/[0-9a-f]{{32}})?/?")
_DISK_KEY: Final = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/diskEncryptionSets/[^/]+", re.IGNORECASE
)


def is_own_kms_key(node: Node) -> Iterator[Outcome]:
    """Find what is no KMS key of the operator's in the UAE, named by ARN, id or alias."""
    yield from node.must(_names_own_kms_key, OWN_KMS_KEY)


def is_own_vault(node: Node) -> Iterator[Outcome]:
    """Find what is no address of a vault or a hardware security module, where its key is named apart."""
    yield from node.must(lambda value: isinstance(value, str) and _VAULT.fullmatch(value), OWN_VAULT)


def is_own_vault_key(node: Node) -> Iterator[Outcome]:
    """Find what is no address of a key in a vault or a hardware security module."""
    yield from node.must(lambda value: isinstance(value, str) and _VAULT_KEY.fullmatch(value), OWN_VAULT_KEY)


def is_own_disk_key(node: Node) -> Iterator[Outcome]:
    """Find what is no disk encryption set, which is how Azure's disks name a key of the operator's."""
    yield from node.must(lambda value: isinstance(value, str) and _DISK_KEY.fullmatch(value), OWN_DISK_KEY)


def is_encrypted(node: Node, *, switch: str = "encrypted", key: str = "kmsKeyId") -> Iterator[Outcome]:
    """Find what is not encrypted with a KMS key of the operator's, as two of its members say."""
    yield from is_true(node[switch])
    yield from is_own_kms_key(node[key])


def _names_own_kms_key(value: object) -> bool:
    if not isinstance(value, str):
        return False
    if _BY_ARN.fullmatch(value):
        return region_of_arn(value) in uae_regions(Provider.AWS)
    return _HERE.fullmatch(value) is not None
