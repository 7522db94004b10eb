"""RES-012: storage accounts keep their copies in the region, or in a pair that lies in the UAE."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import ABROAD, GROUP, HOME, IN_THE_UAE, made, other_stack
from policies.geography.copies import PairedCopies, stays
from policies.geography.whereabouts import STACK_REFERENCE, STORAGE_ACCOUNT, Vouched, reads_beside, refers_home
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_false
from policies.values import UNKNOWN

REPLICATION = "azure-native:storage:ObjectReplicationPolicy"
ENDS = ("sourceAccount", "destinationAccount")
HERE = tuple(
    f"{tier}_{copies}" for tier in ("Standard", "StandardV2", "Premium", "PremiumV2") for copies in ("LRS", "ZRS")
)
PAIRED = (
    *("Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS"),
    *("StandardV2_GRS", "StandardV2_GZRS"),
)


class AccountCopies(PairedCopies, Vouched):
    """Where copies of storage accounts may lie."""


CONTROL = Control(
    id="RES-012",
    title="Storage accounts keep their copies in the region, or in a pair that lies in the UAE",
    harm="Models and audit records are copied to a place that nobody chose, and may be read from there.",
    severity=Severity.CRITICAL,
    applies_to=Subject(
        tokens=(STORAGE_ACCOUNT, REPLICATION), view=situated, stack_wide=True, beside=(STACK_REFERENCE,)
    ),
    reads=(
        f"{STORAGE_ACCOUNT}:sku.name",
        f"{STORAGE_ACCOUNT}:allowCrossTenantReplication",
        *(f"{REPLICATION}:{side}" for side in ENDS),
        *reads_beside(STORAGE_ACCOUNT),
    ),
    remedy=(
        "Set sku.name to an LRS or ZRS one and allowCrossTenantReplication to false; replicate objects between "
        "accounts of the UAE alone."
    ),
    parameters=AccountCopies,
    note=(
        "Copies in the pair of a region in the UAE need in_country_pair in the policy configuration, since Azure "
        "chooses when to fail over. What may be copied by hand (allowedCopyScope) is another control's."
    ),
)


@CONTROL.check
def keeps_its_copies(found: Situated) -> Iterator[Outcome]:
    """Find each way in which objects are copied out of the region."""
    allowed = found.plan.parameters(AccountCopies)
    if found.resource.type == STORAGE_ACCOUNT:
        yield from stays(found["sku"]["name"], found.resource, allowed, here=HERE, paired=PAIRED)
        yield from is_false(found["allowCrossTenantReplication"])
        return
    for side in ENDS:
        if found[side].value is None:
            yield found[side].finding("a storage account in the UAE")
        yield from refers_home(found[side], found.resource, found.plan, (STORAGE_ACCOUNT,), allowed)


def account(sku: object = "Standard_ZRS", *, across: object = False) -> Resource:
    """Make a storage account."""
    return made(STORAGE_ACCOUNT, sku={"name": sku}, allowCrossTenantReplication=across)


def end(label: str, location: object = HOME) -> Resource:
    """Make a storage account that objects are replicated from or to."""
    return made(STORAGE_ACCOUNT, label, accountName=f"acme{label}", location=location)


SOURCE, TARGET = end("source"), end("target", "UAE Central")
BETWEEN = {"sourceAccount": [SOURCE], "destinationAccount": [TARGET]}
TARGET_ID = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acmetarget"
IN_REGION = ", ".join(HERE)

CONTROL.good("copies across zones", account())
CONTROL.good("copies in one building", account("Premium_LRS"))
CONTROL.good(
    "replication between accounts that are made here",
    made(REPLICATION, sourceAccount=UNKNOWN, destinationAccount=UNKNOWN, made_from=BETWEEN),
    SOURCE,
    TARGET,
)
CONTROL.good(
    "replication between accounts by name and id",
    made(REPLICATION, sourceAccount="acmesource", destinationAccount=TARGET_ID),
    SOURCE,
    TARGET,
)
CONTROL.good(
    "replication to the account of another stack",
    made(
        REPLICATION,
        sourceAccount="acmesource",
        destinationAccount=UNKNOWN,
        made_from={"destinationAccount": [other_stack()]},
    ),
    SOURCE,
    other_stack(),
)
CONTROL.bad(
    "no redundancy named",
    made(STORAGE_ACCOUNT, allowCrossTenantReplication=False),
    finding=(f"sku.name: found nothing, expected {IN_REGION}",),
)
for redundancy in PAIRED:
    CONTROL.bad(
        f"a copy in the pair, {redundancy}",
        account(redundancy),
        finding=f"sku.name: found {redundancy}, expected {IN_REGION}",
    )
CONTROL.bad(
    "replication to any tenant",
    account(across=None),
    finding="allowCrossTenantReplication: found nothing, expected false",
)
CONTROL.bad(
    "replication switched on to any tenant",
    account(across=True),
    finding="allowCrossTenantReplication: found true, expected false",
)
CONTROL.bad(
    "replication to an account abroad",
    made(REPLICATION, sourceAccount="acmesource", destinationAccount=UNKNOWN, made_from=BETWEEN),
    SOURCE,
    end("target", ABROAD),
    finding=f"location: found {ABROAD}, expected {IN_THE_UAE}",
)
CONTROL.bad(
    "replication from nowhere",
    made(REPLICATION, destinationAccount="acmetarget"),
    TARGET,
    finding="sourceAccount: found nothing, expected a storage account in the UAE",
)
CONTROL.good(
    "copies in the pair, which the operator allows",
    made(STORAGE_ACCOUNT, location=HOME, sku={"name": PAIRED[0]}, allowCrossTenantReplication=False),
    parameters=AccountCopies(in_country_pair=True),
)
CONTROL.good(
    "replication to an account that the operator vouches for",
    made(REPLICATION, sourceAccount="acmesource", destinationAccount="acmeelsewhere"),
    SOURCE,
    parameters=AccountCopies(in_the_uae=("acmeelsewhere",)),
)
CONTROL.unknown("a redundancy made elsewhere", account(UNKNOWN), at="sku.name")
CONTROL.unknown(
    "replication to an account that nobody here makes",
    made(REPLICATION, sourceAccount="acmesource", destinationAccount="acmeelsewhere"),
    SOURCE,
    at="destinationAccount",
)
CONTROL.unknown(
    "replication to an account of who knows whom",
    made(REPLICATION, sourceAccount="acmesource", destinationAccount=UNKNOWN),
    SOURCE,
    at="destinationAccount",
)
CONTROL.unknown(
    "replication to the account of another project's stack",
    made(
        REPLICATION,
        sourceAccount="acmesource",
        destinationAccount=UNKNOWN,
        made_from={"destinationAccount": [other_stack()]},
    ),
    SOURCE,
    other_stack("organization/another/environment"),
    at="destinationAccount",
)
CONTROL.not_applicable("a container of an account", made("azure-native:storage:BlobContainer"))
