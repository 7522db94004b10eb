"""KEY-005: where a profile or a tier asks for it, keys lie in hardware; hardware lies in the UAE."""

from __future__ import annotations

import json
from collections.abc import Iterator

from falaj.catalog.tiers import EncryptionKeys, tiers
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.geography.places import lies_in_azure_uae
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Resource, resource
from policies.stack import Stack
from policies.templates import is_one_of
from policies.values import UNKNOWN

VAULT = "azure-native:keyvault:Vault"
KEY = "azure-native:keyvault:Key"
MODULE = "azure-native:keyvault:ManagedHsm"
STORE = "aws:kms/customKeyStore:CustomKeyStore"

CONTROL = Control(
    id="KEY-005",
    title="Keys lie in hardware where a profile or a tier asks for it, and the hardware in the UAE",
    harm="A key in software can be copied without a trace; a module abroad answers to another court.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(VAULT, KEY, MODULE, STORE), view=situated),
    reads=(
        "Vault:properties.sku.name",
        "Key:properties.kty",
        "ManagedHsm:properties.regions[*].name",
        "CustomKeyStore:customKeyStoreType",
    ),
    remedy="Make the vault premium and its keys of kty RSA-HSM or EC-HSM; keep a module's regions within the UAE.",
    note=(
        "A premium vault also keeps keys in software, so each key is judged. Keys of KMS lie in hardware as they are, "
        "but for those of an external key store, which lie where its proxy says. A module abroad is found in every "
        "profile, since data that its keys open is out of the country's hands."
    ),
)


@CONTROL.check
def lies_in_hardware(found: Situated) -> Iterator[Outcome]:
    """Find a module abroad, and keys in software where hardware is asked for."""
    one = found.resource
    if one.type == MODULE:
        for region in one["properties"]["regions"].items():
            yield from lies_in_azure_uae(region["name"])
    elif not asks_for_hardware(found.plan.stack):
        yield NotApplicable("no profile or tier of the stack asks for keys in hardware")
    elif one.type == VAULT:
        yield from is_one_of(one["properties"]["sku"]["name"], ("premium",))
    elif one.type == KEY:
        yield from is_one_of(one["properties"]["kty"], ("RSA-HSM", "EC-HSM"))
    else:
        yield from is_one_of(one["customKeyStoreType"], ("AWS_CLOUDHSM", None), "AWS_CLOUDHSM, or nothing")


def asks_for_hardware(stack: Stack) -> bool:
    """Tell whether a profile of the stack, or its tenant's tier, asks for keys in hardware."""
    tier = tiers().get(stack.tier or "")
    return stack.rules.hardware_keys or (tier is not None and tier.encryption_keys is EncryptionKeys.HARDWARE)


BANK = {"falaj:profiles": "cbuae"}
CLINIC = {"falaj:profiles": "health"}


def tenant(tier: str) -> dict[str, str]:
    """Describe the stack of a tenant of that tier."""
    return {"falaj:tenant": json.dumps({"profiles": ["baseline"], "tier": tier})}


def vault(tier: object) -> Resource:
    """Make a vault of a tier."""
    return resource(VAULT, {"properties": {"sku": {"family": "A", "name": tier}}})


def module(*regions: object) -> Resource:
    """Make a hardware module with copies in these regions."""
    return resource(MODULE, {"properties": {"regions": [{"name": region} for region in regions]}})


def key(kind: object) -> Resource:
    """Make a key of a kind."""
    return resource(KEY, {"properties": {"kty": kind}})


CONTROL.good("a premium vault of a bank", vault("premium"), config=BANK)
CONTROL.good("a key of a bank", key("RSA-HSM"), config=BANK)
CONTROL.good("a key of a sovereign tenant", key("EC-HSM"), config=tenant("sovereign"))
CONTROL.good("a store of a bank's own modules", resource(STORE, {"customKeyStoreType": "AWS_CLOUDHSM"}), config=BANK)
CONTROL.good("a store of a bank's own modules, unsaid", resource(STORE, {"cloudHsmClusterId": UNKNOWN}), config=BANK)
CONTROL.good("a module in both regions", module("uaenorth", "UAE Central"))
CONTROL.good("a module in one region", resource(MODULE, {"location": "uaenorth"}), config=BANK)
CONTROL.bad(
    "a plain vault of a bank",
    vault("standard"),
    config=BANK,
    finding="properties.sku.name: found standard, expected premium",
)
CONTROL.bad(
    "a key in software in a bank's premium vault",
    key("RSA"),
    config=BANK,
    finding="properties.kty: found RSA, expected RSA-HSM or EC-HSM",
)
CONTROL.bad(
    "a key in software of a sovereign tenant",
    key("EC"),
    config=tenant("sovereign"),
    finding="properties.kty: found EC, expected RSA-HSM or EC-HSM",
)
CONTROL.bad(
    "a bank's store behind a proxy",
    resource(STORE, {"customKeyStoreType": "EXTERNAL_KEY_STORE"}),
    config=BANK,
    finding="customKeyStoreType: found EXTERNAL_KEY_STORE, expected AWS_CLOUDHSM, or nothing",
)
CONTROL.bad(
    "a module abroad, in any profile",
    module("uaenorth", "westeurope"),
    finding="properties.regions[1].name: found westeurope, expected a location in the UAE: uaenorth, uaecentral",
)
CONTROL.unknown("a tier decided elsewhere", vault(UNKNOWN), config=BANK, at="properties.sku.name")
CONTROL.unknown("a region named elsewhere", module(UNKNOWN), at="properties.regions[0].name")
CONTROL.not_applicable("a plain vault of a clinic", vault("standard"), config=CLINIC)
CONTROL.not_applicable("a key of an enterprise tenant", key("RSA"), config=tenant("enterprise"))
CONTROL.not_applicable("a Service is no key", service())
