"""ENC-009: registries on Azure are encrypted with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import VAULT_KEY
from policies.examples.kubernetes import service, without_none
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_VAULT_KEY, is_own_vault_key
from policies.resources import Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

REGISTRY = "azure-native:containerregistry:Registry"

CONTROL = Control(
    id="ENC-009",
    title="Registries on Azure are encrypted with a key of our own",
    harm="A model baked into an image is as readable as the registry that keeps it.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(REGISTRY,), view=as_is),
    reads=("sku.name", "encryption.status", "encryption.keyVaultProperties.keyIdentifier"),
    remedy="Make the registry Premium and enable encryption, with the address of your key as keyIdentifier.",
    note="The key itself is asked for, not only the switch.",
)


@CONTROL.check
def registry_is_encrypted(registry: Resource) -> Iterator[Outcome]:
    """Find a registry of a tier without keys of ours, or one that does not take ours."""
    encryption = registry["encryption"]
    yield from is_one_of(registry["sku"]["name"], ("Premium",))
    yield from is_one_of(encryption["status"], ("enabled",))
    yield from is_own_vault_key(encryption["keyVaultProperties"]["keyIdentifier"])


def registry(tier: object = "Premium", **properties: object) -> Resource:
    """Make a registry that is encrypted with a key."""
    encryption = {"status": "enabled", "keyVaultProperties": {"identity": "0", "keyIdentifier": VAULT_KEY}}
    return resource(REGISTRY, {"sku": {"name": tier}, "encryption": without_none(encryption | properties)})


KEY = "encryption.keyVaultProperties.keyIdentifier"
CONTROL.good("a key of ours", registry())
CONTROL.bad(
    "a tier without keys of ours",
    resource(REGISTRY, {"sku": {"name": "Basic"}}),
    finding=(
        "sku.name: found Basic, expected Premium",
        "encryption.status: found nothing, expected enabled",
        f"{KEY}: found nothing, expected {OWN_VAULT_KEY}",
    ),
)
CONTROL.bad("switched off", registry(status="disabled"), finding="encryption.status: found disabled, expected enabled")
CONTROL.bad(
    "a key that is none",
    registry(keyVaultProperties={"keyIdentifier": "data"}),
    finding=f"{KEY}: found data, expected {OWN_VAULT_KEY}",
)
CONTROL.unknown("a key of another resource", registry(keyVaultProperties={"keyIdentifier": UNKNOWN}), at=KEY)
CONTROL.unknown("a tier decided elsewhere", registry(UNKNOWN), at="sku.name")
CONTROL.not_applicable("a Service keeps no image", service())
