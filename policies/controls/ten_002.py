"""TEN-002: a tenant's store is encrypted with the tenant's own key."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.labels import PLATFORM_ROLE, ROLE, TENANT
from falaj.catalog.tags import SHARED, Tag
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.tenants import alias, encryption, of_tenant, platform_room, room
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import Outcome
from policies.ownership.store_keys import (
    ACCOUNT,
    ALIAS,
    BUCKETS,
    CONFIGURATIONS,
    IN_ACCOUNT,
    IN_BUCKET,
    IN_BUCKET_V2,
    IN_CONFIGURATION,
    KMS_KEY,
    VAULT_KEY,
    encryptions_of,
    spoken_of,
)
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE

VAULT = "azure-native:keyvault:Vault"
STORES = (*BUCKETS, ACCOUNT)
TAG = Tag.TENANT.value

CONTROL = Control(
    id="TEN-002",
    title="A tenant's store is encrypted with the tenant's own key",
    harm="Whoever may use the one key reads every tenant's models, and no tenant can have its data made unreadable.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(*STORES, KMS_KEY, VAULT, VAULT_KEY),
        view=situated,
        stack_wide=True,
        beside=(*CONFIGURATIONS, ALIAS, NAMESPACE),
    ),
    reads=(
        *(f"{token}:tags.{TAG}" for token in (*STORES, KMS_KEY, VAULT, VAULT_KEY)),
        "Bucket:bucket",
        f"Bucket:{IN_BUCKET}",
        "BucketV2:bucket",
        f"BucketV2:{IN_BUCKET_V2.replace('[]', '[*]')}",
        *(f"{token}:{path}" for token in CONFIGURATIONS for path in ("bucket", IN_CONFIGURATION.replace("[]", "[*]"))),
        f"StorageAccount:{IN_ACCOUNT}",
        f"{KMS_KEY}:arn",
        f"{KMS_KEY}:keyId",
        f"{VAULT_KEY}:keyName",
        f"{VAULT_KEY}:name",
        f'Namespace:metadata.labels["{TENANT}"]',
        f'Namespace:metadata.labels["{ROLE}"]',
    ),
    remedy=f"Make a key for the tenant in the stack of its store, and give key, store and namespace the same {TAG}.",
    note=(
        "A store that serves all tenants is tagged shared, and so is its key: there tenants are kept apart by prefix "
        "and by policy. A key that another stack made can't be seen here, so a tenant's store may not use one."
    ),
)


@CONTROL.check
def has_its_own_key(found: Situated) -> Iterator[Outcome]:
    """Find a store or key of nobody, of a stranger, and a store whose key is another's."""
    held, plan = found.resource, found.plan
    tag = held["tags"][TAG]
    yield from is_of_this_stack(tag, plan)
    if held.type in STORES and tag.known and tag.value:
        yield from keys_are_of(tag, held, plan)


def is_of_this_stack(tag: Node, plan: Plan) -> Iterator[Outcome]:
    """Judge whose something is against whom the stack makes a namespace for."""
    rooms = [each for each in plan.of_type(NAMESPACE) if each["metadata"]["labels"][ROLE].value != PLATFORM_ROLE]
    named = [(each, each["metadata"]["labels"][TENANT]) for each in rooms]
    for each, label in named:
        yield from said_of(each, [label.undecided] if not label.known else [])
    tenants = sorted({str(label.value) for _, label in named if label.known and label.value})
    words = " or ".join((*(tenants or ["the tenant it serves"]), SHARED))
    yield from tag.must(lambda name: bool(name) and (not tenants or name in (*tenants, SHARED)), words)


def keys_are_of(tag: Node, store: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge the keys of a store by whose they are."""
    encryptions = list(encryptions_of(store, plan))
    for each in encryptions:
        for key in each.keys:
            yield from said_of(key, key["tags"][TAG].must(lambda name: name == tag.value, f"{tag.value}, as its store"))
        if not each.keys and tag.value != SHARED:
            expected = f"a key of {tag.value}, made by this stack"
            yield from said_of(each.holder, each.node.must(lambda _name: False, expected))
    if not encryptions and tag.value != SHARED:
        doubtful = spoken_of(store, plan).undecided
        for configuration in doubtful:
            yield from said_of(configuration, [configuration["bucket"].undecided])
        if not doubtful:
            yield tag.finding("a store with a key of its own")


KEY, BUCKET, BUCKET_V2 = of_tenant(KMS_KEY, arn=UNKNOWN), of_tenant(BUCKETS[0], bucket="acme-models"), BUCKETS[1]
OTHER = of_tenant(KMS_KEY, "zenith", label="other", arn=UNKNOWN)
KEY_ARN = "arn:aws:kms:me-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_OF_AZURE = of_tenant(VAULT_KEY, keyName="tenant")
IN_AZURE = {"keyVaultProperties": {"keyName": "tenant", "keyVaultUri": "https://acme.vault.azure.net"}}
DEFAULT = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN}
CONTROL.good("a tenant's bucket and key", BUCKET, encryption(by=[KEY]), KEY, room())
CONTROL.good(
    "its own key and alias, beside those of another tenant",
    BUCKET,
    encryption(by=[alias(KEY)]),
    alias(KEY),
    alias(OTHER),
    KEY,
    OTHER,
)
CONTROL.good("a key by its alias", BUCKET, encryption(by=[alias(KEY)]), alias(KEY), KEY)
CONTROL.good(
    "a bucket that names its key",
    of_tenant(
        BUCKETS[0],
        bucket="acme-models",
        serverSideEncryptionConfiguration={"rule": {"applyServerSideEncryptionByDefault": DEFAULT}},
    ),
    of_tenant(KMS_KEY, arn=KEY_ARN),
)
CONTROL.good(
    "a bucket of the second type that names its key",
    of_tenant(
        BUCKET_V2, serverSideEncryptionConfigurations=[{"rules": [{"applyServerSideEncryptionByDefaults": [DEFAULT]}]}]
    ),
    of_tenant(KMS_KEY, arn=KEY_ARN),
)
CONTROL.good("a tenant's storage account and key", of_tenant(ACCOUNT, encryption=IN_AZURE), KEY_OF_AZURE, room())
CONTROL.good(
    "a bucket for all, with a key that another stack made",
    of_tenant(BUCKETS[0], SHARED, bucket="acme-models"),
    encryption(KEY_ARN),
    platform_room(),
)
CONTROL.good(
    "a key by its name, as Azure gives it back",
    of_tenant(ACCOUNT, encryption=IN_AZURE),
    of_tenant(VAULT_KEY, name="tenant"),
)
CONTROL.good("a bucket for all, with the keys of S3", of_tenant(BUCKETS[0], SHARED), room())
CONTROL.good("a key of whoever", of_tenant(KMS_KEY, "zenith"))
CONTROL.good("a vault beside its tenant's room and that of all", of_tenant(VAULT), room(), platform_room())
CONTROL.bad(
    "a key of the platform, as if that were a tenant",
    of_tenant(KMS_KEY, "platform"),
    room(),
    resource(NAMESPACE, {"metadata": {"labels": {ROLE: PLATFORM_ROLE, TENANT: "platform"}}}),
    finding=f"tags.{TAG}: found platform, expected acme or {SHARED}",
)
CONTROL.bad(
    "a tenant's bucket with a key for all",
    BUCKET,
    encryption(by=[KEY]),
    of_tenant(KMS_KEY, SHARED, arn=UNKNOWN),
    finding=f"tags.{TAG}: found shared, expected acme, as its store",
)
CONTROL.bad(
    "a storage account with the key of another tenant",
    of_tenant(ACCOUNT, encryption=IN_AZURE),
    of_tenant(VAULT_KEY, "zenith", keyName="tenant"),
    finding=f"tags.{TAG}: found zenith, expected acme, as its store",
)
CONTROL.bad(
    "a key that another stack made",
    BUCKET,
    encryption(KEY_ARN),
    finding=(
        "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId: "
        f"found {KEY_ARN}, expected a key of acme, made by this stack"
    ),
)
CONTROL.bad("no key", BUCKET, room(), finding=f"tags.{TAG}: found acme, expected a store with a key of its own")
CONTROL.bad(
    "nobody's key",
    of_tenant(KMS_KEY, None),
    finding=f"tags.{TAG}: found nothing, expected the tenant it serves or shared",
)
CONTROL.bad(
    "nobody's store",
    of_tenant(ACCOUNT, "", encryption=IN_AZURE),
    KEY_OF_AZURE,
    finding=f'tags.{TAG}: found "", expected the tenant it serves or shared',
)
CONTROL.bad(
    "the vault of a stranger",
    of_tenant(VAULT, "zenith"),
    room(),
    finding=f"tags.{TAG}: found zenith, expected acme or shared",
)
CONTROL.unknown("whose key is not known", BUCKET, encryption(by=[KEY]), of_tenant(KMS_KEY, UNKNOWN), at=f"tags.{TAG}")
CONTROL.unknown(
    "which key is not known", BUCKET, encryption(), at="rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId"
)
CONTROL.unknown("which bucket is not known", BUCKET, encryption(store=UNKNOWN, by=[KEY]), KEY, at="bucket")
CONTROL.unknown("whose store is not known", of_tenant(ACCOUNT, UNKNOWN), at=f"tags.{TAG}")
CONTROL.unknown("whose room is not known", of_tenant(VAULT), room(tenant=UNKNOWN), at=f'metadata.labels["{TENANT}"]')
CONTROL.not_applicable("a Service stores nothing", service())
