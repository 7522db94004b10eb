"""ENC-013: databases are encrypted with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD, VAULT_KEY
from policies.examples.kubernetes import service
from policies.node import Node
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, OWN_VAULT_KEY, is_encrypted, is_own_kms_key, is_own_vault_key
from policies.resources import Resource, resource
from policies.templates import is_one_of, is_true
from policies.values import UNKNOWN

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
TABLE = "aws:dynamodb/table:Table"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
SERVERLESS_CACHE = "aws:elasticache/serverlessCache:ServerlessCache"
POSTGRES = "azure-native:dbforpostgresql:Server"
COSMOS = "azure-native:cosmosdb:DatabaseAccount"
SOURCES = {INSTANCE: "replicateSourceDb", CLUSTER: "replicationSourceIdentifier"}
"""What makes a database of RDS a copy, which has to keep the key of its source in the same region."""

CONTROL = Control(
    id="ENC-013",
    title="Databases are encrypted with a key of our own",
    harm="Features of customers and the register of models are read whole by whoever gets at one copy of the database.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(INSTANCE, CLUSTER, TABLE, CACHE, SERVERLESS_CACHE, POSTGRES, COSMOS), view=as_is),
    reads=(
        *(f"Instance:{name}" for name in ("storageEncrypted", "kmsKeyId", SOURCES[INSTANCE])),
        *(f"Cluster:{name}" for name in ("storageEncrypted", "kmsKeyId", SOURCES[CLUSTER])),
        "Table:serverSideEncryption.enabled",
        "Table:serverSideEncryption.kmsKeyArn",
        *(f"ReplicationGroup:{name}" for name in ("atRestEncryptionEnabled", "transitEncryptionEnabled", "kmsKeyId")),
        "ServerlessCache:kmsKeyId",
        "Server:dataEncryption.type",
        "Server:dataEncryption.primaryKeyURI",
        "DatabaseAccount:keyVaultKeyUri",
    ),
    remedy="Switch the encryption of the database on and name your own key, when it is first made.",
    note=(
        "A plan does not tell what a database is for, so each one counts; so do Azure's. A copy of a database of RDS "
        "in the same region keeps the key of its source and may name none. A cache talks over TLS as well."
    ),
)


@CONTROL.check
def database_is_encrypted(found: Resource) -> Iterator[Outcome]:
    """Find a database in the clear, or under a key that is not ours."""
    if found.type in SOURCES:
        yield from rds_is_encrypted(found.root, found[SOURCES[found.type]])
    elif found.type == TABLE:
        yield from is_encrypted(found["serverSideEncryption"], switch="enabled", key="kmsKeyArn")
    elif found.type == CACHE:
        yield from is_encrypted(found.root, switch="atRestEncryptionEnabled")
        yield from is_true(found["transitEncryptionEnabled"])
    elif found.type == SERVERLESS_CACHE:
        yield from is_own_kms_key(found["kmsKeyId"])
    elif found.type == POSTGRES:
        yield from is_one_of(found["dataEncryption"]["type"], ("AzureKeyVault",))
        yield from is_own_vault_key(found["dataEncryption"]["primaryKeyURI"])
    else:
        yield from is_own_vault_key(found["keyVaultKeyUri"])


def rds_is_encrypted(database: Node, source: Node) -> Iterator[Outcome]:
    """Judge a database of RDS; a copy may leave its key to its source."""
    yield from is_true(database["storageEncrypted"])
    if database["kmsKeyId"].value is not None or (source.known and not source.value):
        yield from is_own_kms_key(database["kmsKeyId"])
    elif not source.known:
        yield source.undecided


ENCRYPTED = {"storageEncrypted": True, "kmsKeyId": KMS_KEY}
POSTGRES_KEY = {"type": "AzureKeyVault", "primaryKeyURI": VAULT_KEY}
CACHED = {"atRestEncryptionEnabled": True, "transitEncryptionEnabled": True, "kmsKeyId": KMS_KEY}
CONTROL.good("RDS", resource(INSTANCE, {**ENCRYPTED, "engine": "postgres"}))
CONTROL.good("Aurora", resource(CLUSTER, ENCRYPTED))
CONTROL.good("a copy on RDS", resource(INSTANCE, {"storageEncrypted": True, "replicateSourceDb": "features"}))
CONTROL.good(
    "a copy of Aurora", resource(CLUSTER, {"storageEncrypted": True, "replicationSourceIdentifier": "features"})
)
CONTROL.good("DynamoDB", resource(TABLE, {"serverSideEncryption": {"enabled": True, "kmsKeyArn": KMS_KEY}}))
CONTROL.good("a cache", resource(CACHE, CACHED))
CONTROL.good("a cache without machines", resource(SERVERLESS_CACHE, {"engine": "valkey", "kmsKeyId": KMS_KEY}))
CONTROL.good("PostgreSQL on Azure", resource(POSTGRES, {"dataEncryption": POSTGRES_KEY}))
CONTROL.good("Cosmos DB", resource(COSMOS, {"keyVaultKeyUri": VAULT_KEY}))
CONTROL.bad(
    "RDS in the clear",
    resource(INSTANCE, {"engine": "postgres"}),
    finding=("storageEncrypted: found nothing, expected true", f"kmsKeyId: found nothing, expected {OWN_KMS_KEY}"),
)
CONTROL.bad(
    "Aurora under a key that AWS keeps",
    resource(CLUSTER, {"storageEncrypted": True, "kmsKeyId": KMS_ALIAS_OF_AWS}),
    finding=f"kmsKeyId: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a copy under a key abroad",
    resource(INSTANCE, {"storageEncrypted": True, "kmsKeyId": KMS_KEY_ABROAD, "replicateSourceDb": "features"}),
    finding=f"kmsKeyId: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a copy in the clear",
    resource(CLUSTER, {"storageEncrypted": False, "replicationSourceIdentifier": "features"}),
    finding="storageEncrypted: found false, expected true",
)
CONTROL.bad(
    "DynamoDB under the default key",
    resource(TABLE, {"serverSideEncryption": {"enabled": True}}),
    finding=f"serverSideEncryption.kmsKeyArn: found nothing, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a cache in the clear, at rest and on its way",
    resource(CACHE, {**CACHED, "atRestEncryptionEnabled": False, "transitEncryptionEnabled": False}),
    finding=(
        "atRestEncryptionEnabled: found false, expected true",
        "transitEncryptionEnabled: found false, expected true",
    ),
)
CONTROL.bad(
    "a cache without machines under the default key",
    resource(SERVERLESS_CACHE, {"engine": "valkey"}),
    finding=f"kmsKeyId: found nothing, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "PostgreSQL under Microsoft's key",
    resource(POSTGRES, {"dataEncryption": {"type": "SystemManaged"}}),
    finding=(
        "dataEncryption.type: found SystemManaged, expected AzureKeyVault",
        f"dataEncryption.primaryKeyURI: found nothing, expected {OWN_VAULT_KEY}",
    ),
)
CONTROL.bad(
    "Cosmos DB under Microsoft's key",
    resource(COSMOS, {}),
    finding=f"keyVaultKeyUri: found nothing, expected {OWN_VAULT_KEY}",
)
CONTROL.unknown(
    "a key of another resource", resource(INSTANCE, {"storageEncrypted": True, "kmsKeyId": UNKNOWN}), at="kmsKeyId"
)
CONTROL.unknown(
    "a copy of who knows what",
    resource(INSTANCE, {"storageEncrypted": True, "replicateSourceDb": UNKNOWN}),
    at="replicateSourceDb",
)
CONTROL.unknown("Azure, a key of another resource", resource(COSMOS, {"keyVaultKeyUri": UNKNOWN}), at="keyVaultKeyUri")
CONTROL.not_applicable("a Service keeps nothing", service())
