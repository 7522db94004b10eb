"""LOG-005: audit logs can't be changed or removed before their time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from falaj.catalog.tags import Stage
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.linked import linked
from policies.examples.logs import archive_account, archive_bucket, setting_to, trail
from policies.joins import by_companions, said_of
from policies.node import Node
from policies.observability.archives import ACCOUNT, AUDIT, BUCKETS, beside, reads_of_writers, writers
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Plan, Resource, resource
from policies.templates import is_at_least, is_one_of, is_true
from policies.values import UNKNOWN

LOCKS = (
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
)
VERSIONINGS = (
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
)
DEFAULT = "defaultRetention"
OWN_LOCKS = dict(
    zip(
        BUCKETS,
        (f"objectLockConfiguration.rule.{DEFAULT}", f"objectLockConfiguration.rules[].{DEFAULT}s[]"),
        strict=True,
    )
)
"""Where each type of bucket says itself how long nobody may touch an object."""
MODES = ("COMPLIANCE",)
MODES_OF_DEVELOPMENT = (*MODES, "GOVERNANCE")
DAYS_OF_A_YEAR = 365
ACCOUNT_LOCK = "immutableStorageWithVersioning"


CONTROL = Control(
    id="LOG-005",
    title="Audit logs can't be changed or removed before their time",
    harm="An intruder with enough rights removes every trace, and nothing the log says can be proven.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(*BUCKETS, ACCOUNT), view=situated, stack_wide=True, beside=(*AUDIT, *LOCKS, *VERSIONINGS)
    ),
    reads=(
        *reads_of_writers(AUDIT),
        *(f"{token}:{path.replace('[]', '[*]')}" for token, path in OWN_LOCKS.items()),
        *(f"{token}:bucket" for token in (*LOCKS, *VERSIONINGS)),
        *(f"{token}:rule.{DEFAULT}.{name}" for token in LOCKS for name in ("mode", "days", "years")),
        *(f"{token}:versioningConfiguration.status" for token in VERSIONINGS),
        f"StorageAccount:{ACCOUNT_LOCK}.enabled",
        *(
            f"StorageAccount:{ACCOUNT_LOCK}.immutabilityPolicy.{name}"
            for name in ("immutabilityPeriodSinceCreationInDays", "allowProtectedAppendWrites", "state")
        ),
    ),
    remedy=(
        "S3: lock the bucket in mode COMPLIANCE for the days of the profile. Azure: lock the account, with versioning "
        "and protected appends."
    ),
    note=(
        "Mode GOVERNANCE yields to whoever holds one permission, so it is for development alone, in whatever profile. "
        "Only the store of a trail or diagnostic setting of the stack is judged; AWS Config and access logs can't be "
        "written to a locked bucket. In Azure the account's lock counts, for containers appear when a setting first "
        "writes; Azure refuses the final state at creation, so both states pass."
    ),
)


@CONTROL.check
def is_locked(found: Situated) -> Iterator[Outcome]:
    """Find an archive of audit logs that somebody may change or empty."""
    store, plan = found.resource, found.plan
    sources, least = writers(store, plan, AUDIT), plan.stack.rules.immutable_days
    if sources.certain and store.type in BUCKETS:
        yield from of_bucket(store, plan, least)
    elif sources.certain:
        yield from of_account(store[ACCOUNT_LOCK], least)
    elif sources.undecided:
        doubtful = sources.undecided[0]
        yield from said_of(doubtful, [doubtful[AUDIT[doubtful.type]].undecided])
    else:
        yield NotApplicable("keeps no audit logs")


def of_bucket(bucket: Resource, plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge the lock and the versions of a bucket."""
    modes = MODES_OF_DEVELOPMENT if plan.stack.stage == Stage.DEVELOPMENT else MODES
    own = [*bucket.root.select(OWN_LOCKS[bucket.type])]
    for each in beside(bucket, plan, VERSIONINGS).certain:
        yield from said_of(each, is_one_of(each["versioningConfiguration"]["status"], ("Enabled",)))
    yield from by_companions(
        beside(bucket, plan, LOCKS),
        "bucket",
        lambda lock: holds(lock["rule"][DEFAULT], modes, least),
        own_lock_holds(own, modes, least) if own else [lacks_lock(bucket)],
    )


def own_lock_holds(own: Sequence[Node], modes: tuple[str, ...], least: int) -> Iterator[Outcome]:
    """Judge what a bucket says itself."""
    for each in own:
        yield from holds(each, modes, least)


def lacks_lock(bucket: Resource) -> Finding:
    """Return the finding that nothing is said of a lock."""
    return Finding(bucket["objectLockConfiguration"].path, "no lock", "one in mode COMPLIANCE")


def holds(retention: Node, modes: tuple[str, ...], least: int) -> Iterator[Outcome]:
    """Find a lock that yields to a permission, or that ends too soon."""
    yield from is_one_of(retention["mode"], modes)
    if retention["years"].value is None:
        yield from is_at_least(retention["days"], least, f"{least} or more")
    else:
        yield from is_at_least(retention["years"], least / DAYS_OF_A_YEAR, f"{least} days or more")


def of_account(lock: Node, least: int) -> Iterator[Outcome]:
    """Judge the lock of a storage account."""
    policy = lock["immutabilityPolicy"]
    yield from is_true(lock["enabled"])
    yield from is_at_least(policy["immutabilityPeriodSinceCreationInDays"], least, f"{least} or more")
    yield from is_true(policy["allowProtectedAppendWrites"], "true, for logs are appended to")
    yield from is_one_of(policy["state"], ("Locked", "Unlocked"))


CBUAE = {"falaj:profiles": "cbuae"}
KEPT = {"mode": "COMPLIANCE", "days": 90}
DEVELOPMENT = {"falaj:environment": '{"stage": "dev"}'}
ARCHIVE, FORMER_ARCHIVE, WRITER = archive_bucket(), archive_bucket(BUCKETS[1]), trail()


def lock(token: str = LOCKS[0], **retention: object) -> Resource:
    """Make the lock of the archive's bucket."""
    return linked(token, ARCHIVE, "bucket", rule={DEFAULT: KEPT | retention})


def locked(days: object = 90, **policy: object) -> Resource:
    """Make a storage account that is locked."""
    terms = {"immutabilityPeriodSinceCreationInDays": days, "allowProtectedAppendWrites": True, "state": "Unlocked"}
    return archive_account(**{ACCOUNT_LOCK: {"enabled": True, "immutabilityPolicy": terms | policy}})


VERSIONED = {"versioningConfiguration": {"status": "Enabled"}}
TERMS = f"{ACCOUNT_LOCK}.immutabilityPolicy"
SETTING = setting_to(archive_account())
CONTROL.good("a bucket with its lock", ARCHIVE, WRITER, lock(), linked(VERSIONINGS[0], ARCHIVE, "bucket", **VERSIONED))
CONTROL.good("a bucket locked for years", ARCHIVE, WRITER, lock(days=None, years=6), config=CBUAE)
CONTROL.good(
    "a bucket locked by its own word",
    archive_bucket(objectLockConfiguration={"rule": {DEFAULT: KEPT}}),
    WRITER,
)
CONTROL.good(
    "a bucket of the former type, locked by its own word",
    archive_bucket(BUCKETS[1], objectLockConfiguration={"rules": [{f"{DEFAULT}s": [KEPT]}]}),
    linked(WRITER.type, FORMER_ARCHIVE, "s3BucketName"),
)
CONTROL.good("an account with its lock", locked(), SETTING)
CONTROL.good("an account with a final lock", locked(1827, state="Locked"), SETTING, config=CBUAE)
CONTROL.good("a lock that yields, in development", ARCHIVE, WRITER, lock(mode="GOVERNANCE"), config=DEVELOPMENT)
CONTROL.bad(
    "a bucket without a lock",
    ARCHIVE,
    WRITER,
    finding=(
        f"{OWN_LOCKS[BUCKETS[0]]}.mode: found nothing, expected COMPLIANCE",
        f"{OWN_LOCKS[BUCKETS[0]]}.days: found nothing, expected 90 or more",
    ),
)
CONTROL.bad(
    "a bucket of the former type without a lock",
    FORMER_ARCHIVE,
    linked(WRITER.type, FORMER_ARCHIVE, "s3BucketName"),
    finding="objectLockConfiguration: found no lock, expected one in mode COMPLIANCE",
)
for token in LOCKS:
    CONTROL.bad(
        f"a lock that yields, for a day less: {token}",
        ARCHIVE,
        WRITER,
        lock(token, mode="GOVERNANCE", days=89),
        finding=(
            f"rule.{DEFAULT}.mode: found GOVERNANCE, expected COMPLIANCE",
            f"rule.{DEFAULT}.days: found 89, expected 90 or more",
        ),
    )
CONTROL.bad(
    "a lock of five years, which are two leap days short",
    ARCHIVE,
    WRITER,
    lock(days=None, years=5),
    config=CBUAE,
    finding=f"rule.{DEFAULT}.years: found 5, expected 1827 days or more",
)
for token in VERSIONINGS:
    CONTROL.bad(
        f"versions that are no longer kept: {token}",
        ARCHIVE,
        WRITER,
        lock(),
        linked(token, ARCHIVE, "bucket", versioningConfiguration={"status": "Suspended"}),
        finding="versioningConfiguration.status: found Suspended, expected Enabled",
    )
CONTROL.bad(
    "an account without a lock",
    archive_account(),
    SETTING,
    finding=(
        f"{ACCOUNT_LOCK}.enabled: found nothing, expected true",
        f"{TERMS}.immutabilityPeriodSinceCreationInDays: found nothing, expected 90 or more",
        f"{TERMS}.allowProtectedAppendWrites: found nothing, expected true, for logs are appended to",
        f"{TERMS}.state: found nothing, expected Locked or Unlocked",
    ),
)
CONTROL.bad(
    "a lock that is off and ends too soon",
    locked(1826, state="Disabled"),
    SETTING,
    config=CBUAE,
    finding=(
        f"{TERMS}.immutabilityPeriodSinceCreationInDays: found 1826, expected 1827 or more",
        f"{TERMS}.state: found Disabled, expected Locked or Unlocked",
    ),
)
CONTROL.unknown("days made elsewhere", ARCHIVE, WRITER, lock(days=UNKNOWN), at=f"rule.{DEFAULT}.days")
CONTROL.unknown("a lock of some bucket", ARCHIVE, WRITER, resource(LOCKS[0], {"bucket": UNKNOWN}), at="bucket")
CONTROL.unknown("an archive, perhaps", ARCHIVE, resource(WRITER.type, {"s3BucketName": UNKNOWN}), at="s3BucketName")
CONTROL.not_applicable(
    "a bucket beside the archive", archive_bucket(bucket="acme-models"), trail(s3BucketName="acme-audit")
)
CONTROL.not_applicable("an account that keeps no logs", archive_account())
CONTROL.not_applicable("a Service", service())
