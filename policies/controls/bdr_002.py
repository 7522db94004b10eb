"""BDR-002: stores of models and data can be brought back to an earlier state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pydantic import Field

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.stores import (
    ACCOUNT,
    BLOBS,
    BUCKET,
    BUCKET_V2,
    COSMOS,
    DATABASE,
    DATABASE_CLUSTER,
    TABLE,
    VERSIONING,
    account,
    blobs,
    bucket,
    versioning,
)
from policies.joins import Companions, by_companions, called, companions
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.parameters import Parameters
from policies.resources import Plan, Resource, resource
from policies.templates import is_at_least, is_off, is_one_of, is_true
from policies.values import UNKNOWN

INLINE = {BUCKET: "versioning.enabled", BUCKET_V2: "versionings[].enabled"}
"""Where a bucket itself says that it keeps versions."""
VERSIONINGS = (VERSIONING, "aws:s3/bucketVersioningV2:BucketVersioningV2")
DELETIONS = ("deleteRetentionPolicy", "containerDeleteRetentionPolicy")
REPLICATES = {DATABASE: "replicateSourceDb", DATABASE_CLUSTER: "replicationSourceIdentifier"}
"""Where a database says of which other it is a replica."""
NO_BLOBS = "FileStorage"


class Recovery(Parameters):
    """How far back a store can be brought."""

    least_days: int = Field(default=7, ge=1, le=35, description="Fewest days that a deletion or backup is kept.")


CONTROL = Control(
    id="BDR-002",
    title="Stores of models and data can be brought back to an earlier state",
    harm="A script that overwrites or deletes the wrong thing has the last word, and so has ransomware.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(*INLINE, TABLE, DATABASE, DATABASE_CLUSTER, ACCOUNT, COSMOS),
        view=situated,
        stack_wide=True,
        beside=(*VERSIONINGS, BLOBS),
    ),
    parameters=Recovery,
    reads=(
        "Bucket:bucket",
        "Bucket:versioning.enabled",
        "BucketV2:bucket",
        "BucketV2:versionings[*].enabled",
        *(f"{token}:{path}" for token in VERSIONINGS for path in ("bucket", "versioningConfiguration.status")),
        "Table:pointInTimeRecovery.enabled",
        *(f"{token}:{path}" for token, source in REPLICATES.items() for path in (source, "backupRetentionPeriod")),
        "StorageAccount:accountName",
        "StorageAccount:kind",
        "BlobServiceProperties:accountName",
        "BlobServiceProperties:isVersioningEnabled",
        *(f"BlobServiceProperties:{name}.{part}" for name in DELETIONS for part in ("enabled", "days")),
        *(f"BlobServiceProperties:{name}.allowPermanentDelete" for name in DELETIONS),
        "DatabaseAccount:backupPolicy.type",
    ),
    remedy=(
        "Keep versions of buckets and blobs and a week or more of what was deleted, switch on pointInTimeRecovery of "
        "tables, and give databases a backupRetentionPeriod of seven days or more."
    ),
    note=(
        "Azure refuses a restorePolicy where versions can't be removed, which is worth more: versions and kept "
        "deletions are asked for instead. Databases of RDS and Cosmos DB hold data as tables do and are judged too."
    ),
)


@CONTROL.check
def can_be_brought_back(found: Situated) -> Iterator[Outcome]:
    """Find a store that keeps nothing but its present state."""
    yield from JUDGES[found.resource.type](found.resource, found.plan)


def kept_days(node: Node, plan: Plan) -> Iterator[Outcome]:
    """Judge for how many days something is kept."""
    least = plan.parameters(Recovery).least_days
    yield from is_at_least(node, least, f"{least} days or more")


def table_is_recoverable(table: Resource, _plan: Plan) -> Iterator[Outcome]:
    """Judge whether a table can be brought back to any second."""
    yield from is_true(table["pointInTimeRecovery"]["enabled"])


def documents_are_recoverable(account: Resource, _plan: Plan) -> Iterator[Outcome]:
    """Judge whether an account of Cosmos DB can be brought back to any second."""
    yield from is_one_of(account["backupPolicy"]["type"], ("Continuous",))


def versions_are_kept(bucket: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge what speaks of the bucket's versions; where nothing does, what the bucket says itself."""
    now, before = (companions(bucket, plan, token, "bucket") for token in VERSIONINGS)
    spoken = Companions(now.certain + before.certain, now.undecided + before.undecided)
    yield from by_companions(spoken, "bucket", is_enabled, says_so_itself(bucket))


def is_enabled(versioning: Resource) -> Iterator[Outcome]:
    """Judge what speaks of a bucket's versions."""
    yield from is_one_of(versioning["versioningConfiguration"]["status"], ("Enabled",))


def says_so_itself(bucket: Resource) -> Iterator[Outcome]:
    """Judge what a bucket says of its versions."""
    for said in list(bucket.root.select(INLINE[bucket.type])) or [bucket["versionings"]]:
        yield from is_true(said, "true, or a BucketVersioning with status Enabled")


def database_is_kept(database: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge the backups of a database; a replica is brought back from its source."""
    source = database[REPLICATES[database.type]]
    if not source.known:
        yield source.undecided
    elif source.value:
        yield NotApplicable("is a replica, and its source is judged")
    else:
        yield from kept_days(database["backupRetentionPeriod"], plan)


def blobs_are_kept(account: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge what speaks of the account's blobs."""
    if account["kind"].value == NO_BLOBS:
        yield NotApplicable("holds no blobs")
        return
    lacking = account["accountName"].finding("BlobServiceProperties that keep versions and deletions")
    yield from by_companions(
        services_of(account, plan), "accountName", lambda each: deletions_are_kept(each, plan), [lacking]
    )


def services_of(account: Resource, plan: Plan) -> Companions:
    """Find what speaks of an account's blobs.

    Once it exists, Azure no longer says of which account it speaks: where there is one account it is that one.
    """
    found = companions(called(account, "accountName"), plan, BLOBS, "accountName")
    silent = [each for each in plan.of_type(BLOBS) if each["accountName"].value is None and not made_from_one(each)]
    if len(list(plan.of_type(ACCOUNT))) == 1:
        return Companions((*found.certain, *silent), found.undecided)
    return Companions(found.certain, (*found.undecided, *silent))


def made_from_one(service: Resource) -> bool:
    """Tell whether the program says of which account a service speaks."""
    return bool(service.property_dependencies.get("accountName"))


def deletions_are_kept(service: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge how an account keeps versions and what was deleted."""
    yield from is_true(service["isVersioningEnabled"])
    for name in DELETIONS:
        yield from is_true(service[name]["enabled"])
        yield from kept_days(service[name]["days"], plan)
        yield from is_off(service[name]["allowPermanentDelete"])


JUDGES: Mapping[str, Callable[[Resource, Plan], Iterator[Outcome]]] = {
    **dict.fromkeys(INLINE, versions_are_kept),
    **dict.fromkeys((DATABASE, DATABASE_CLUSTER), database_is_kept),
    TABLE: table_is_recoverable,
    ACCOUNT: blobs_are_kept,
    COSMOS: documents_are_recoverable,
}
"""What judges each type."""

OR_COMPANION = "expected true, or a BucketVersioning with status Enabled"
CONTROL.good("a bucket and its versioning", bucket(), versioning(made_from=[bucket()]))
CONTROL.good(
    "versioning that names its bucket, of the former type",
    bucket(BUCKET_V2),
    versioning(bucket="acme-models", token=VERSIONINGS[1]),
)
CONTROL.good("versions kept by the bucket itself", bucket(versioning={"enabled": True}))
CONTROL.good("versions kept by a bucket of the second type", bucket(BUCKET_V2, versionings=[{"enabled": True}]))
CONTROL.good("a table", resource(TABLE, {"pointInTimeRecovery": {"enabled": True}}))
CONTROL.good("a database", resource(DATABASE, {"backupRetentionPeriod": 7}))
CONTROL.good("databases of a cluster", resource(DATABASE_CLUSTER, {"backupRetentionPeriod": 7}))
CONTROL.good("a storage account", account(), blobs(made_from=[account()]))
CONTROL.good(
    "a storage account by its name",
    account(),
    blobs(account="acmemodels", deleteRetentionPolicy={"enabled": True, "days": 7, "allowPermanentDelete": False}),
)
CONTROL.good("the one storage account, of which Azure does not say the name", account(), blobs(account=None))
CONTROL.good("documents", resource(COSMOS, {"backupPolicy": {"type": "Continuous"}}))
CONTROL.bad("a bucket alone", bucket(), finding=f"versioning.enabled: found nothing, {OR_COMPANION}")
CONTROL.bad(
    "a bucket of the second type alone", bucket(BUCKET_V2), finding=f"versionings: found nothing, {OR_COMPANION}"
)
CONTROL.bad(
    "versions of a bucket of the second type, no longer kept",
    bucket(BUCKET_V2, versionings=[{"enabled": False}]),
    finding=f"versionings[0].enabled: found false, {OR_COMPANION}",
)
CONTROL.bad(
    "versions no longer kept, whatever the bucket says",
    bucket(versioning={"enabled": True}),
    versioning("Suspended", made_from=[bucket()]),
    finding="versioningConfiguration.status: found Suspended, expected Enabled",
)
CONTROL.bad(
    "versioning of another bucket",
    bucket(),
    versioning(bucket="zenith-models"),
    finding=f"versioning.enabled: found nothing, {OR_COMPANION}",
)
CONTROL.bad("a table without", resource(TABLE, {}), finding="pointInTimeRecovery.enabled: found nothing, expected true")
CONTROL.bad(
    "a database without backups",
    resource(DATABASE, {}),
    finding="backupRetentionPeriod: found nothing, expected 7 days or more",
)
CONTROL.bad(
    "databases kept for a day",
    resource(DATABASE_CLUSTER, {"backupRetentionPeriod": 1}),
    finding="backupRetentionPeriod: found 1, expected 7 days or more",
)
CONTROL.bad(
    "a storage account alone",
    account(),
    finding="accountName: found acmemodels, expected BlobServiceProperties that keep versions and deletions",
)
CONTROL.bad(
    "blobs of another account",
    account(),
    blobs(account=None, made_from=[account("other")]),
    finding="accountName: found acmemodels, expected BlobServiceProperties that keep versions and deletions",
)
CONTROL.bad(
    "neither versions nor deletions",
    account(),
    blobs(
        made_from=[account()],
        isVersioningEnabled=False,
        deleteRetentionPolicy={"enabled": True, "days": 1, "allowPermanentDelete": True},
        containerDeleteRetentionPolicy=None,
    ),
    finding=(
        "isVersioningEnabled: found false, expected true",
        "deleteRetentionPolicy.days: found 1, expected 7 days or more",
        "deleteRetentionPolicy.allowPermanentDelete: found true, expected false, or nothing",
        "containerDeleteRetentionPolicy.enabled: found nothing, expected true",
        "containerDeleteRetentionPolicy.days: found nothing, expected 7 days or more",
    ),
)
CONTROL.bad(
    "documents copied now and then",
    resource(COSMOS, {"backupPolicy": {"type": "Periodic"}}),
    finding="backupPolicy.type: found Periodic, expected Continuous",
)
CONTROL.bad(
    "a database kept for a week, where the operator asks for a month",
    resource(DATABASE, {"backupRetentionPeriod": 7}),
    parameters=Recovery(least_days=30),
    finding="backupRetentionPeriod: found 7, expected 30 days or more",
)
CONTROL.unknown("versioning of a bucket that is not known", bucket(), versioning(), at="bucket")
CONTROL.unknown(
    "former versioning of a bucket that is not known", bucket(), versioning(token=VERSIONINGS[1]), at="bucket"
)
CONTROL.unknown("blobs of an account that is not known", account(), blobs(), at="accountName")
CONTROL.unknown("blobs of one of two accounts", account(), blobs(account=None), account("other"), at="accountName")
CONTROL.unknown("an account that Azure names", account(accountName=UNKNOWN), blobs(account="acme"), at="accountName")
CONTROL.unknown(
    "perhaps a replica",
    resource(DATABASE, {"replicateSourceDb": UNKNOWN, "backupRetentionPeriod": 0}),
    at="replicateSourceDb",
)
CONTROL.not_applicable("a replica", resource(DATABASE, {"replicateSourceDb": "models"}))
CONTROL.not_applicable("file shares", account(kind="FileStorage"))
CONTROL.not_applicable("a Service stores nothing", service())
