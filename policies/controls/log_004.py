"""LOG-004: logs are kept as long as the profile asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.examples.logs import (
    ARCHIVE_ID,
    ARCHIVE_NAME,
    WORKSPACE_ID,
    aged,
    archive_account,
    archive_bucket,
    azure_lifecycle,
    lifecycle,
    logs,
    setting,
    setting_to,
    trail,
)
from policies.joins import companions, said_of
from policies.node import Node
from policies.observability.archives import (
    ACCOUNT,
    BUCKETS,
    LOGS,
    SETTING,
    SETTINGS,
    SUBSCRIPTION_SETTING,
    TRAIL,
    beside,
    reads_of_writers,
    writers,
)
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan, Resource, resource
from policies.templates import is_absent, is_at_least, is_set
from policies.values import UNKNOWN

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
WORKSPACE = "azure-native:operationalinsights:Workspace"
TABLE = "azure-native:operationalinsights:Table"
LIFECYCLES = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
EXPIRATIONS = dict(zip(BUCKETS, ("expiration", "expirations[]"), strict=True))
AZURE_LIFECYCLE = "azure-native:storage:ManagementPolicy"
MOST_IN_WORKSPACE = 730
MOST_IN_TABLE = 4383
"""The longest that a workspace keeps logs ready for queries, and a table keeps them at all.

Source: https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure, 2026-11-22
"""
FOR_EVER = (None, 0)
AS_ITS_WORKSPACE = (None, -1)
AGES = ("daysAfterModificationGreaterThan", "daysAfterCreationGreaterThan", "daysAfterLastAccessTimeGreaterThan")
DELETION = "definition.actions.baseBlob.delete"

CONTROL = Control(
    id="LOG-004",
    title="Logs are kept as long as the profile asks",
    harm="When the regulator or a court asks, the records that the law demands are gone.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(LOG_GROUP, WORKSPACE, TABLE, *BUCKETS, ACCOUNT, *SETTINGS),
        view=situated,
        stack_wide=True,
        beside=(*LOGS, *LIFECYCLES, AZURE_LIFECYCLE),
    ),
    reads=(
        *reads_of_writers(LOGS),
        "LogGroup:retentionInDays",
        "Workspace:retentionInDays",
        "Table:totalRetentionInDays",
        *(f"{token}:{name}" for token in SETTINGS for name in ("logs", "storageAccountId")),
        f"{SETTING}:resourceUri",
        *(f"{token}:bucket" for token in LIFECYCLES),
        *(
            f"{token}:rules[*].{name}"
            for token in LIFECYCLES
            for name in ("status", "expiration.days", "expiration.date")
        ),
        *(f"{token}:lifecycleRules[*].enabled" for token in BUCKETS),
        *(
            f"{token}:lifecycleRules[*].{path.replace('[]', '[*]')}.{name}"
            for token, path in EXPIRATIONS.items()
            for name in ("days", "date")
        ),
        "ManagementPolicy:accountName",
        "ManagementPolicy:policy.rules[*].enabled",
        *(f"ManagementPolicy:policy.rules[*].{DELETION}.{age}" for age in AGES),
    ),
    remedy="Set the days to those of the profile or more; in Azure, send what has to last longer to the archive too.",
    note=(
        "0 or nothing is for ever in CloudWatch. A workspace keeps two years at most, so where the profile asks for "
        "more every diagnostic setting also names the archive; that of the archive itself can't. A table keeps twelve "
        "years. Only stores that something of the stack writes logs to are judged."
    ),
)


@CONTROL.check
def is_kept(found: Situated) -> Iterator[Outcome]:
    """Find logs that are forgotten before their time."""
    least = found.plan.stack.rules.log_retention_days
    yield from JUDGES[found.resource.type](found.resource, found.plan, least)


def of_group(group: Resource, _plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge a log group of CloudWatch."""
    yield from lasts(group["retentionInDays"], least, FOR_EVER)


def of_workspace(workspace: Resource, _plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge what a workspace keeps ready for queries."""
    days = min(least, MOST_IN_WORKSPACE)
    yield from is_at_least(workspace["retentionInDays"], days, f"{days} or more")


def of_table(table: Resource, _plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge a table that does otherwise than its workspace."""
    yield from lasts(table["totalRetentionInDays"], min(least, MOST_IN_TABLE), AS_ITS_WORKSPACE)


def lasts(days: Node, least: int, unlimited: tuple[object, ...] = (None,)) -> Iterator[Outcome]:
    """Find a time that is too short; no time at all is none."""
    yield from days.must(
        lambda value: value in unlimited or (isinstance(value, int) and value >= least), f"{least} or more"
    )


def of_store(store: Resource, plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge when a bucket or storage account removes logs, if it keeps any."""
    found = writers(store, plan, LOGS)
    if found.certain:
        yield from of_bucket(store, plan, least) if store.type in BUCKETS else of_account(store, plan, least)
    elif found.undecided:
        yield from said_of(found.undecided[0], [found.undecided[0][LOGS[found.undecided[0].type]].undecided])
    else:
        yield NotApplicable("keeps no logs")


def of_bucket(bucket: Resource, plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge what a bucket says of the age of its objects, and what a lifecycle says of it."""
    for rule in bucket["lifecycleRules"].items():
        if rule["enabled"].value is not False:
            for expiration in rule.select(EXPIRATIONS[bucket.type]):
                yield from expires_late(expiration, least)
    lifecycles = beside(bucket, plan, LIFECYCLES)
    for each in lifecycles.certain:
        yield from said_of(each, expire_late(each, least))
    for each in lifecycles.undecided:
        yield from said_of(each, [each["bucket"].undecided])


def expire_late(lifecycle: Resource, least: int) -> Iterator[Outcome]:
    """Judge the rules of a lifecycle that are in force."""
    for rule in lifecycle["rules"].items():
        if rule["status"].value != "Disabled":
            yield from expires_late(rule["expiration"], least)


def expires_late(expiration: Node, least: int) -> Iterator[Outcome]:
    """Judge one expiration: by days, never by a date, at which young logs go with the old."""
    yield from lasts(expiration["days"], least)
    yield from is_absent(expiration["date"])


def of_account(account: Resource, plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge what a lifecycle says of a storage account."""
    lifecycles = companions(account, plan, AZURE_LIFECYCLE, "accountName")
    for each in lifecycles.certain:
        for days in ages(each):
            yield from said_of(each, lasts(days, least))
    for each in lifecycles.undecided:
        yield from said_of(each, [each["accountName"].undecided])


def ages(lifecycle: Resource) -> Iterator[Node]:
    """Yield after how many days the rules in force remove a blob."""
    for rule in lifecycle["policy"]["rules"].items():
        if rule["enabled"].value is not False:
            yield from (rule["definition"]["actions"]["baseBlob"]["delete"][age] for age in AGES)


def of_setting(setting: Resource, plan: Plan, least: int) -> Iterator[Outcome]:
    """Judge whether what a workspace can't keep long enough also goes to the archive."""
    if least <= MOST_IN_WORKSPACE:
        yield NotApplicable("the workspace keeps it long enough")
    elif is_about_archive(setting, plan):
        yield NotApplicable("an archive can't keep its own log")
    elif setting["logs"].value in (None, []):
        yield NotApplicable("sends no logs")
    elif not setting.property_dependencies.get("storageAccountId"):
        yield from is_set(setting["storageAccountId"], f"the archive, for {least} days and more")


def is_about_archive(setting: Resource, plan: Plan) -> bool:
    """Tell whether a setting is about a store that others write their logs to."""
    origins = setting.property_dependencies.get("resourceUri", ())
    return any(each.urn in origins and writers(each, plan, LOGS).certain for each in plan.of_type(ACCOUNT))


JUDGES: Mapping[str, Callable[[Resource, Plan, int], Iterator[Outcome]]] = {
    LOG_GROUP: of_group,
    WORKSPACE: of_workspace,
    TABLE: of_table,
    **dict.fromkeys((*BUCKETS, ACCOUNT), of_store),
    **dict.fromkeys(SETTINGS, of_setting),
}


CBUAE, HEALTH = {"falaj:profiles": "cbuae"}, {"falaj:profiles": "health"}
CONTROL.good("a log group for a year", resource(LOG_GROUP, {"retentionInDays": 365}))
CONTROL.good("a log group for ever", resource(LOG_GROUP, {"retentionInDays": 0}), config=HEALTH)
CONTROL.good("a log group that says nothing", resource(LOG_GROUP, {}), config=CBUAE)
CONTROL.good("a workspace for a year", resource(WORKSPACE, {"retentionInDays": 365}))
CONTROL.good("a workspace for as long as it can", resource(WORKSPACE, {"retentionInDays": 730}), config=CBUAE)
CONTROL.good("a table for as long as it can", resource(TABLE, {"totalRetentionInDays": 4383}), config=HEALTH)
CONTROL.good("a table for as long as its workspace", resource(TABLE, {"totalRetentionInDays": -1}), config=CBUAE)
CONTROL.good("an archive that forgets nothing", archive_bucket(), trail())
CONTROL.good("an archive by its name", archive_bucket(), trail(s3BucketName=ARCHIVE_NAME))
IN_FORCE, LAPSED = (
    {"status": status, "expiration": {"days": days}} for status, days in (("Enabled", 365), ("Disabled", 1))
)
OWN, OWN_LAPSED = ({"enabled": on, "expiration": {"days": days}} for on, days in ((True, 365), (False, 1)))
CONTROL.good("an archive with a lifecycle", archive_bucket(), trail(), lifecycle(IN_FORCE))
CONTROL.good("an archive with a lifecycle that is off", archive_bucket(), trail(), lifecycle(LAPSED))
CONTROL.good("an archive with its own rules", archive_bucket(lifecycleRules=[OWN]), trail())
CONTROL.good("an archive whose own rules are off", archive_bucket(lifecycleRules=[OWN_LAPSED]), trail())
ACCOUNT_WRITTEN_TO = (archive_account(), setting_to(archive_account()))
CONTROL.good("an account with a lifecycle", *ACCOUNT_WRITTEN_TO, azure_lifecycle(aged(365)))
CONTROL.good("an account with a lifecycle that is off", *ACCOUNT_WRITTEN_TO, azure_lifecycle(aged(1, enabled=False)))
CONTROL.good(
    "a setting that also names the archive",
    setting_to(archive_account(), of=resource(WORKSPACE, {})),
    archive_account(),
    config=CBUAE,
)
CONTROL.good(
    "a setting of the subscription that also names the archive",
    resource(SUBSCRIPTION_SETTING, {"storageAccountId": ARCHIVE_ID, "logs": logs("Security")}),
    config=CBUAE,
)
CONTROL.bad(
    "a log group for less than a year",
    resource(LOG_GROUP, {"retentionInDays": 364}),
    finding="retentionInDays: found 364, expected 365 or more",
)
CONTROL.bad(
    "a log group for ten years, where the law asks for more",
    resource(LOG_GROUP, {"retentionInDays": 3653}),
    config=HEALTH,
    finding="retentionInDays: found 3653, expected 9132 or more",
)
CONTROL.bad(
    "a workspace as Azure makes it",
    resource(WORKSPACE, {}),
    finding="retentionInDays: found nothing, expected 365 or more",
)
CONTROL.bad(
    "a workspace for a year, where the law asks for five",
    resource(WORKSPACE, {"retentionInDays": 729}),
    config=CBUAE,
    finding="retentionInDays: found 729, expected 730 or more",
)
CONTROL.bad(
    "tables for less than they could",
    resource(TABLE, {"totalRetentionInDays": 4382}),
    config=HEALTH,
    finding="totalRetentionInDays: found 4382, expected 4383 or more",
)
for token, path in EXPIRATIONS.items():
    rule = {"enabled": True, path.removesuffix("[]"): [{"days": 90}] if path.endswith("[]") else {"days": 90}}
    CONTROL.bad(
        f"an archive with its own rules: {token}",
        archive_bucket(token, lifecycleRules=[rule]),
        linked(TRAIL, archive_bucket(token), "s3BucketName"),
        finding=f"lifecycleRules[0].{path.replace('[]', '[0]')}.days: found 90, expected 365 or more",
    )
for token in LIFECYCLES:
    CONTROL.bad(
        f"an archive with a lifecycle: {token}",
        archive_bucket(),
        trail(),
        lifecycle({"status": "Enabled", "expiration": {"days": 364, "date": "2030-01-01"}}, token=token),
        finding=(
            "rules[0].expiration.days: found 364, expected 365 or more",
            "rules[0].expiration.date: found 2030-01-01, expected nothing",
        ),
    )
CONTROL.bad(
    "an account with a lifecycle that is soon over",
    *ACCOUNT_WRITTEN_TO,
    azure_lifecycle(aged(364), aged(1, age=AGES[1]), aged(2, age=AGES[2])),
    finding=tuple(
        f"policy.rules[{index}].{DELETION}.{age}: found {days}, expected 365 or more"
        for index, (age, days) in enumerate(zip(AGES, (364, 1, 2), strict=True))
    ),
)
for token in SETTINGS:
    CONTROL.bad(
        f"to a workspace alone: {token}",
        resource(token, {"workspaceId": WORKSPACE_ID, "logs": logs("Security")}),
        config=CBUAE,
        finding="storageAccountId: found nothing, expected the archive, for 1827 days and more",
    )
CONTROL.bad(
    "to a workspace alone, of a store that is no archive",
    setting(archive_account()),
    archive_account(),
    config=CBUAE,
    finding="storageAccountId: found nothing, expected the archive, for 1827 days and more",
)
CONTROL.unknown("days made elsewhere", resource(LOG_GROUP, {"retentionInDays": UNKNOWN}), at="retentionInDays")
CONTROL.unknown("an archive, perhaps", archive_bucket(), resource(TRAIL, {"s3BucketName": UNKNOWN}), at="s3BucketName")
CONTROL.unknown(
    "an archive, perhaps, of which the name is not known",
    archive_bucket(bucket=UNKNOWN),
    resource(TRAIL, {"s3BucketName": ARCHIVE_NAME}),
    at="s3BucketName",
)
CONTROL.unknown(
    "a lifecycle of some bucket", archive_bucket(), trail(), resource(LIFECYCLES[0], {"bucket": UNKNOWN}), at="bucket"
)
CONTROL.unknown(
    "a lifecycle of some account",
    *ACCOUNT_WRITTEN_TO,
    resource(AZURE_LIFECYCLE, {"accountName": UNKNOWN}),
    at="accountName",
)
CONTROL.not_applicable(
    "a bucket beside the archive", archive_bucket(bucket="acme-models"), trail(s3BucketName=ARCHIVE_NAME)
)
CONTROL.not_applicable(
    "a bucket beside an archive made elsewhere",
    archive_bucket(bucket="acme-models"),
    linked(TRAIL, other(BUCKETS[0]), "s3BucketName"),
)
CONTROL.not_applicable("a setting where two years are enough", setting(archive_account()))
CONTROL.not_applicable("a setting of measurements", setting(archive_account(), logs=[]), config=CBUAE)
CONTROL.not_applicable(
    "a setting of the archive itself",
    setting(archive_account()),
    archive_account(),
    setting_to(archive_account(), of=resource(WORKSPACE, {})),
    config=CBUAE,
)
CONTROL.not_applicable("a Service", service())
