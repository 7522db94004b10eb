"""Why some mutants of LOG controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

MADE_FROM_IT = "the program made it from the one that is judged"
ANY_CASE = "Azure reads it in any case"
FOR_EVER = "CloudWatch then keeps it for ever"
LONGER = "longer is better"
LONG_ENOUGH = "in force or not, the rule is late enough"
NOT_IN_FORCE = "a rule that is off removes nothing"
LAST_CHANGED = "daysAfterModificationGreaterThan"
RECEIVERS = (
    *("email", "webhook", "sms", "voice", "armRole", "azureAppPush", "azureFunction"),
    *("eventHub", "incident", "itsm", "logicApp", "automationRunbook"),
)
"""Kinds of receivers of an action group."""

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "LOG-002": (
        Excuse(each("delete null", "resourceUri"), MADE_FROM_IT),
        Excuse(
            (*each("unknown delete null strange upper cut empty", "workspaceName"), *each("unknown", "name")),
            "the program made the setting's workspace, whatever its name",
        ),
        Excuse(each("upper", "location"), ANY_CASE),
    ),
    "LOG-003": (
        Excuse(each("delete null", "s3BucketName"), "AWS refuses a trail without a bucket"),
        Excuse(
            each("unknown delete null strange upper cut empty", "bucket"),
            "the program made the trail's bucket, whatever its name",
        ),
        Excuse(each("upper", "s3BucketName"), "bucket names are never in upper case", "to a bucket by its name"),
        Excuse(each("delete null", "region"), "RES-001 judges the provider's region", "to a bucket by its name"),
        Excuse(each("delete null", "enableLogging", "readWriteType"), "AWS takes its absence as the safe value"),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "field"),
                *each("unknown delete null empty", "equals"),
            ),
            "another selector records all management events",
            "told in detail",
        ),
        Excuse(
            (
                *each("unknown offend", "enableLogging", "region"),
                *each("unknown delete null flip offend", "enableLogFileValidation"),
                *each("unknown delete null abroad strange upper cut empty offend", "kmsKeyId"),
            ),
            "the trail is judged on its own",
            "a cluster in a stack with a trail",
        ),
    ),
    "LOG-004": (
        Excuse(each("delete null offend", "retentionInDays"), FOR_EVER, "a log group for a year"),
        Excuse(each("delete null offend", "retentionInDays"), FOR_EVER, "a log group for ever"),
        Excuse(each("offend", "retentionInDays"), FOR_EVER, "a log group that says nothing"),
        Excuse(each("offend", "retentionInDays"), LONGER, "a workspace for a year"),
        Excuse(each("offend", "retentionInDays"), LONGER, "a workspace for as long as it can"),
        Excuse(each("more", "retentionInDays", "totalRetentionInDays", "days", LAST_CHANGED), LONGER),
        Excuse(each("delete null", "totalRetentionInDays"), "a table follows its workspace"),
        Excuse(each("offend", "totalRetentionInDays"), LONGER, "a table for as long as its workspace"),
        Excuse(each("delete null", "days", LAST_CHANGED), "what has no age is never removed"),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "bucket", "accountName"),
                *each("delete null", "s3BucketName", "storageAccountId", "resourceUri"),
                *each("offend", "storageAccountId"),
            ),
            "the program made the log's store, whatever its name",
        ),
        Excuse(
            each("strange upper cut empty", "s3BucketName"),
            "another bucket, so this one keeps no logs",
            "an archive by its name",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "status"), LONG_ENOUGH, "an archive with a lifecycle"
        ),
        Excuse(each("unknown delete null flip", "enabled"), LONG_ENOUGH, "an archive with its own rules"),
        Excuse(each("unknown delete null flip", "enabled"), LONG_ENOUGH, "an account with a lifecycle"),
        Excuse(
            (*each("unknown less offend second", "days"), *each("unknown offend second", "date")),
            NOT_IN_FORCE,
            "an archive with a lifecycle that is off",
        ),
        Excuse(
            (*each("unknown less offend second", "days"), *each("unknown", "date")),
            NOT_IN_FORCE,
            "an archive whose own rules are off",
        ),
        Excuse(
            (
                *each("unknown less offend second", LAST_CHANGED),
                *each("unknown offend second", "daysAfterCreationGreaterThan", "daysAfterLastAccessTimeGreaterThan"),
            ),
            NOT_IN_FORCE,
            "an account with a lifecycle that is off",
        ),
        Excuse(each("unknown delete null empty", "logs"), "the archive is named, whatever is sent"),
        Excuse(
            each("strange upper cut", "storageAccountId"),
            "another archive",
            "a setting of the subscription that also names the archive",
        ),
    ),
    "LOG-005": (
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "bucket", "accountName"),
                *each("delete null", "s3BucketName", "storageAccountId"),
            ),
            "the program made the log's store, whatever its name",
        ),
        Excuse(each("more", "days", "years", "immutabilityPeriodSinceCreationInDays"), LONGER),
        Excuse(each("offend", "immutabilityPeriodSinceCreationInDays"), LONGER, "an account with its lock"),
        Excuse(each("offend", "years"), "five years are longer than ninety days"),
        Excuse(each("unknown offend", "days"), "years are said instead", "a bucket locked for years"),
    ),
    "LOG-006": (
        Excuse(each("delete null", "enable"), "a detector is on unless told otherwise"),
        Excuse(each("delete null", "detectorId"), MADE_FROM_IT),
        Excuse(
            (*each("unknown delete null strange upper cut empty", "workspaceName"), *each("unknown", "name")),
            "the program made Defender's workspace, whatever its name",
        ),
        Excuse(each("upper", "location"), ANY_CASE),
    ),
    "LOG-007": (
        Excuse(each("unknown delete null strange upper cut empty offend", "name"), MADE_FROM_IT, "all, as AWS does it"),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty offend", "name"),
                *each("unknown offend", "allSupported"),
            ),
            "the recorder is judged on its own",
            "a cluster in a stack with a recorder",
        ),
        Excuse(each("delete null", "allSupported", "useOnly"), "AWS then records all types", "all, told so"),
    ),
    "LOG-008": (
        Excuse(
            each("delete null strange upper cut empty", "args", "command"),
            "told less, or something that no server understands",
        ),
        Excuse(each("unknown", "loadBalancerType"), "of every kind the rules are kept"),
        Excuse(each("unknown strange upper cut", "bucket"), "another bucket, or one of the program"),
        Excuse(each("unknown", "dropInvalidHeaderFields"), "sees no headers", "an entrance for networks"),
    ),
    "LOG-009": (
        Excuse(each("delete null", "actionsEnabled", "enabled"), "on unless it says otherwise"),
        Excuse(each("delete null", "arn", "topic"), MADE_FROM_IT),
        Excuse(each("abroad cut", "arn"), "another topic, and RES-015 judges where it lies"),
        Excuse(
            each("unknown", *(f"{kind}Receivers" for kind in RECEIVERS)),
            "there is another receiver already",
        ),
        Excuse(each("offend", "emailReceivers"), "there is another receiver already", "a group with a program"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "LOG-004": {"opposite: least <= MOST_IN_WORKSPACE": "no profile asks for exactly two years"},
}
