"""KEY-003: vaults give back what was removed, and roles alone decide who uses them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import service, without_none
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_at_least, is_one_of, is_true
from policies.values import UNKNOWN

VAULT = "azure-native:keyvault:Vault"
MODULE = "azure-native:keyvault:ManagedHsm"
LEAST_DAYS = 90
"""The most that Azure offers, and what it takes where nothing is said."""

CONTROL = Control(
    id="KEY-003",
    title="Vaults give back what was removed, and roles alone decide who uses them",
    harm="One mistake, or one angry administrator, ends every key, and with it all that they encrypt.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(VAULT, MODULE), view=as_is),
    reads=(
        *(
            f"{kind}:properties.{name}"
            for kind in ("Vault", "ManagedHsm")
            for name in ("enablePurgeProtection", "enableSoftDelete", "softDeleteRetentionInDays")
        ),
        "Vault:properties.enableRbacAuthorization",
    ),
    remedy=(
        "Set enablePurgeProtection and enableRbacAuthorization to true, leave softDeleteRetentionInDays at 90 and "
        "enableSoftDelete on."
    ),
    note="Managed hardware modules are held to the same; they know no access policies, only roles of their own.",
)


@CONTROL.check
def vault_is_kept(found: Resource) -> Iterator[Outcome]:
    """Find a vault that forgets too soon, and one that is opened by access policies."""
    properties = found["properties"]
    yield from is_true(properties["enablePurgeProtection"])
    yield from is_one_of(properties["enableSoftDelete"], (True, None), "true, or nothing")
    if properties["softDeleteRetentionInDays"].value is not None:
        yield from is_at_least(properties["softDeleteRetentionInDays"], LEAST_DAYS, f"{LEAST_DAYS}, or nothing")
    if found.type == VAULT:
        yield from is_true(properties["enableRbacAuthorization"])


def vault(token: str = VAULT, **properties: object) -> Resource:
    """Make a vault, or a hardware module, that gives back what was removed."""
    kept = dict.fromkeys(("enablePurgeProtection", "enableSoftDelete", "enableRbacAuthorization"), True)
    return resource(token, {"properties": without_none(kept | properties)})


CONTROL.good("a vault", vault(softDeleteRetentionInDays=90))
CONTROL.good("a vault with what Azure takes by itself", vault(enableSoftDelete=None))
CONTROL.good("a hardware module", vault(MODULE, softDeleteRetentionInDays=90, enableRbacAuthorization=None))
CONTROL.bad(
    "nothing said",
    resource(VAULT, {"properties": {}}),
    finding=(
        "properties.enablePurgeProtection: found nothing, expected true",
        "properties.enableRbacAuthorization: found nothing, expected true",
    ),
)
CONTROL.bad(
    "nothing given back",
    vault(enablePurgeProtection=False, enableSoftDelete=False, softDeleteRetentionInDays=89),
    finding=(
        "properties.enablePurgeProtection: found false, expected true",
        "properties.enableSoftDelete: found false, expected true, or nothing",
        "properties.softDeleteRetentionInDays: found 89, expected 90, or nothing",
    ),
)
CONTROL.bad(
    "opened by access policies",
    vault(enableRbacAuthorization=False),
    finding="properties.enableRbacAuthorization: found false, expected true",
)
CONTROL.bad(
    "a hardware module for a week",
    vault(MODULE, softDeleteRetentionInDays=7),
    finding="properties.softDeleteRetentionInDays: found 7, expected 90, or nothing",
)
CONTROL.unknown(
    "decided elsewhere",
    vault(enablePurgeProtection=UNKNOWN, softDeleteRetentionInDays=UNKNOWN),
    at=("properties.enablePurgeProtection", "properties.softDeleteRetentionInDays"),
)
CONTROL.not_applicable("a Service keeps no key", service())
