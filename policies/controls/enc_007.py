"""ENC-007: storage accounts are encrypted twice, once with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import VAULT_KEY
from policies.examples.kubernetes import service, without_none
from policies.node import Node
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_VAULT, OWN_VAULT_KEY, is_own_vault, is_own_vault_key
from policies.resources import Resource, resource
from policies.templates import is_one_of, is_set, is_true
from policies.values import UNKNOWN

ACCOUNT = "azure-native:storage:StorageAccount"
SCOPE = "azure-native:storage:EncryptionScope"
FROM_VAULT = ("Microsoft.Keyvault", "Microsoft.KeyVault")
"""Azure tells its two spellings apart nowhere."""
SERVICES = ("queue", "table")
WITHOUT_SERVICES = ("BlobStorage", "FileStorage", "BlockBlobStorage")
"""Kinds of accounts that have neither queues nor tables."""

CONTROL = Control(
    id="ENC-007",
    title="Storage accounts are encrypted twice, once with a key of our own",
    harm="Models and audit records lie under keys of Microsoft alone, which nobody here may take away.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(ACCOUNT, SCOPE), view=as_is),
    reads=(
        "StorageAccount:kind",
        "StorageAccount:encryption.keySource",
        "StorageAccount:encryption.requireInfrastructureEncryption",
        "StorageAccount:encryption.keyVaultProperties.keyName",
        "StorageAccount:encryption.keyVaultProperties.keyVaultUri",
        *(f"StorageAccount:encryption.services.{name}.keyType" for name in SERVICES),
        "EncryptionScope:source",
        "EncryptionScope:requireInfrastructureEncryption",
        "EncryptionScope:keyVaultProperties.keyUri",
    ),
    remedy=(
        "Set encryption with keySource Microsoft.Keyvault, your key, requireInfrastructureEncryption and keyType "
        "Account for queues and tables, when the account is first made."
    ),
    note=(
        "Queues and tables keep a key of Microsoft's unless they are told to take the account's, and an encryption "
        "scope takes the place of the account's key: both are judged."
    ),
)


@CONTROL.check
def storage_is_encrypted(found: Resource) -> Iterator[Outcome]:
    """Find an account, or a scope within one, that is not encrypted twice or not with a key of ours."""
    if found.type == SCOPE:
        yield from is_one_of(found["source"], FROM_VAULT, FROM_VAULT[1])
        yield from is_own_vault_key(found["keyVaultProperties"]["keyUri"])
        yield from is_true(found["requireInfrastructureEncryption"])
        return
    encryption = found["encryption"]
    yield from is_one_of(encryption["keySource"], FROM_VAULT, FROM_VAULT[0])
    yield from is_set(encryption["keyVaultProperties"]["keyName"], "the name of your key")
    yield from is_own_vault(encryption["keyVaultProperties"]["keyVaultUri"])
    yield from is_true(encryption["requireInfrastructureEncryption"])
    yield from services_take_the_key(found["kind"], encryption["services"])


def services_take_the_key(kind: Node, services: Node) -> Iterator[Outcome]:
    """Find queues and tables that do not take the account's key, where the kind of account has any."""
    if not kind.known:
        yield kind.undecided
    elif kind.value not in WITHOUT_SERVICES:
        for name in SERVICES:
            yield from is_one_of(services[name]["keyType"], ("Account",))


OWN_KEY = {"keyName": "data", "keyVaultUri": "https://acme.vault.azure.net"}
KEPT = {"enabled": True, "keyType": "Account"}


def account(kind: object = "StorageV2", **properties: object) -> Resource:
    """Make an account that is encrypted twice, queues and tables as well."""
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": OWN_KEY,
        "requireInfrastructureEncryption": True,
        "services": dict.fromkeys(SERVICES, KEPT),
    }
    return resource(ACCOUNT, {"kind": kind, "encryption": without_none(encryption | properties)})


def scope(**properties: object) -> Resource:
    """Make an encryption scope with a key of its own."""
    return resource(
        SCOPE,
        without_none(
            {
                "source": "Microsoft.KeyVault",
                "requireInfrastructureEncryption": True,
                "keyVaultProperties": {"keyUri": VAULT_KEY},
            }
            | properties
        ),
    )


CONTROL.good("for everything", account())
CONTROL.good("for files alone", account("FileStorage", services=None))
CONTROL.good("a scope", scope())
CONTROL.bad(
    "nothing said",
    resource(ACCOUNT, {"kind": "StorageV2"}),
    finding=(
        "encryption.keySource: found nothing, expected Microsoft.Keyvault",
        "encryption.keyVaultProperties.keyName: found nothing, expected the name of your key",
        f"encryption.keyVaultProperties.keyVaultUri: found nothing, expected {OWN_VAULT}",
        "encryption.requireInfrastructureEncryption: found nothing, expected true",
        "encryption.services.queue.keyType: found nothing, expected Account",
        "encryption.services.table.keyType: found nothing, expected Account",
    ),
)
CONTROL.bad(
    "a key of Microsoft's",
    account(keySource="Microsoft.Storage"),
    finding="encryption.keySource: found Microsoft.Storage, expected Microsoft.Keyvault",
)
CONTROL.bad(
    "encrypted once",
    account("BlobStorage", requireInfrastructureEncryption=False, services=None),
    finding="encryption.requireInfrastructureEncryption: found false, expected true",
)
CONTROL.bad(
    "tables under another key",
    account(services={"queue": KEPT, "table": {"enabled": True, "keyType": "Service"}}),
    finding="encryption.services.table.keyType: found Service, expected Account",
)
CONTROL.bad(
    "a scope that takes the account's key away",
    scope(source="Microsoft.Storage", keyVaultProperties=None, requireInfrastructureEncryption=False),
    finding=(
        "source: found Microsoft.Storage, expected Microsoft.KeyVault",
        f"keyVaultProperties.keyUri: found nothing, expected {OWN_VAULT_KEY}",
        "requireInfrastructureEncryption: found false, expected true",
    ),
)
CONTROL.unknown("a source decided elsewhere", account(keySource=UNKNOWN), at="encryption.keySource")
CONTROL.unknown("a kind decided elsewhere", account(UNKNOWN), at="kind")
CONTROL.unknown(
    "a scope's key of another resource",
    scope(keyVaultProperties={"keyUri": UNKNOWN}),
    at="keyVaultProperties.keyUri",
)
CONTROL.not_applicable("a Service keeps nothing", service())
