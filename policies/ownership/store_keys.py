"""Which keys of the stack a store is encrypted with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.joins import Companions, companions
from policies.node import Node
from policies.resources import Plan, Resource

BUCKETS: Final = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
ACCOUNT: Final = "azure-native:storage:StorageAccount"
CONFIGURATIONS: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
ALIAS: Final = "aws:kms/alias:Alias"
KMS_KEY: Final = "aws:kms/key:Key"
VAULT_KEY: Final = "azure-native:keyvault:Key"
IN_CONFIGURATION: Final = "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId"
IN_BUCKET: Final = "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault.kmsMasterKeyId"
IN_BUCKET_V2: Final = (
    "serverSideEncryptionConfigurations[].rules[].applyServerSideEncryptionByDefaults[].kmsMasterKeyId"
)
IN_ACCOUNT: Final = "encryption.keyVaultProperties.keyName"


@dataclass(frozen=True, slots=True)
class Encryption:
    """One place that names the key of a store."""

    holder: Resource
    """The store, or what speaks of it."""
    node: Node
    """The value that names the key."""
    keys: tuple[Resource, ...]
    """The keys of the stack that it names."""


def encryptions_of(store: Resource, plan: Plan) -> Iterator[Encryption]:
    """Yield every place that names a key of a store."""
    if store.type == ACCOUNT:
        yield from _encryptions(store, IN_ACCOUNT, plan, VAULT_KEY)
        return
    configurations = spoken_of(store, plan).certain
    for holder in configurations:
        yield from _encryptions(holder, IN_CONFIGURATION, plan, KMS_KEY)
    if not configurations:
        yield from _encryptions(store, IN_BUCKET if store.type == BUCKETS[0] else IN_BUCKET_V2, plan, KMS_KEY)


def spoken_of(store: Resource, plan: Plan) -> Companions:
    """Find what says how a bucket is encrypted."""
    if store.type == ACCOUNT:
        return Companions((), ())
    now, before = (companions(store, plan, token, "bucket") for token in CONFIGURATIONS)
    return Companions(now.certain + before.certain, now.undecided + before.undecided)


def _encryptions(holder: Resource, pattern: str, plan: Plan, kind: str) -> Iterator[Encryption]:
    for node in holder.root.select(pattern):
        if node.value is not None:
            yield Encryption(holder, node, tuple(_keys(holder, node, plan, kind)))


def _keys(holder: Resource, node: Node, plan: Plan, kind: str) -> Iterator[Resource]:
    origins = set(holder.property_dependencies.get(str(node.path.parts[0]), ()))
    for alias in plan.of_type(ALIAS):
        if alias.urn in origins:
            origins.update(alias.property_dependencies.get("targetKeyId", ()))
    for key in plan.of_type(kind):
        named = [key[name].value for name in ("arn", "keyId", "keyName", "name")]
        if key.urn in origins or (isinstance(node.value, str) and node.value in named):
            yield key
