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
ONE_OF_TWO_ALARMS = "a cluster with an alarm that tells a topic and who knows what, beside one that may be off"
RULE_BY_NAME = "a cluster with events of a rule that is on"
RULE_MADE_HERE = "a cluster with events of a rule of the program, beside one that is off"
ALL_RULES_ON = "events of some rule, where all are on"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "LOG-002": (
        Excuse(
            each("delete null", "resourceUri"),
            MADE_FROM_IT,
            ("everything", "each by its name, in two settings", "to a workspace that the operator vouches for"),
        ),
        Excuse(
            (*each("unknown delete null strange upper cut empty", "workspaceName"), *each("unknown", "name")),
            "the program made the setting's workspace, whatever its name",
            ("everything", "each by its name, in two settings"),
        ),
        Excuse(each("upper", "location"), ANY_CASE, of="Workspace"),
    ),
    "LOG-003": (
        Excuse(each("delete null", "s3BucketName"), "AWS refuses a trail without a bucket", of="Trail"),
        Excuse(
            each("unknown delete null strange upper cut empty", "bucket"),
            "the program made the trail's bucket, whatever its name",
            of="Bucket",
        ),
        Excuse(each("upper", "s3BucketName"), "bucket names are never in upper case", "to a bucket by its name"),
        Excuse(each("delete null", "region"), "RES-001 judges the provider's region", "to a bucket by its name"),
        Excuse(
            each("delete null", "enableLogging", "readWriteType"), "AWS takes its absence as the safe value", "told to"
        ),
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
        Excuse(
            each("more", "retentionInDays", "totalRetentionInDays", "days", LAST_CHANGED),
            LONGER,
            of="Bucket BucketLifecycleConfiguration LogGroup ManagementPolicy Table Workspace",
        ),
        Excuse(
            each("delete null", "totalRetentionInDays"),
            "a table follows its workspace",
            ("a table for as long as it can", "a table for as long as its workspace"),
        ),
        Excuse(each("offend", "totalRetentionInDays"), LONGER, "a table for as long as its workspace"),
        Excuse(
            each("delete null", "days", LAST_CHANGED),
            "what has no age is never removed",
            of="Bucket BucketLifecycleConfiguration ManagementPolicy",
        ),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "bucket", "accountName"),
                *each("delete null", "s3BucketName", "storageAccountId", "resourceUri"),
                *each("offend", "storageAccountId"),
            ),
            "the program made the log's store, whatever its name",
            of="Bucket BucketLifecycleConfiguration DiagnosticSetting ManagementPolicy StorageAccount Trail",
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
        Excuse(
            each("unknown delete null empty", "logs"),
            "the archive is named, whatever is sent",
            of="DiagnosticSetting SubscriptionDiagnosticSetting",
        ),
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
            of="*",
        ),
        Excuse(
            each("more", "days", "years", "immutabilityPeriodSinceCreationInDays"),
            LONGER,
            of="BucketObjectLockConfiguration StorageAccount",
        ),
        Excuse(each("offend", "immutabilityPeriodSinceCreationInDays"), LONGER, "an account with its lock"),
        Excuse(
            each("offend", "years"),
            "five years are longer than ninety days",
            ("a bucket with its lock", "a lock that yields, in development"),
        ),
        Excuse(each("unknown offend", "days"), "years are said instead", "a bucket locked for years"),
    ),
    "LOG-006": (
        Excuse(each("delete null", "enable"), "a detector is on unless told otherwise", "GuardDuty with both features"),
        Excuse(
            each("delete null", "detectorId"),
            MADE_FROM_IT,
            ("GuardDuty with both features", "GuardDuty with the older feature"),
        ),
        Excuse(
            (*each("unknown delete null strange upper cut empty", "workspaceName"), *each("unknown", "name")),
            "the program made Defender's workspace, whatever its name",
            "Defender with a workspace of the program",
        ),
        Excuse(each("upper", "location"), ANY_CASE, of="Workspace"),
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
            (
                "a server told of other things",
                "a server told to say nothing",
                "a server told to say nothing by a shell",
            ),
        ),
        Excuse(
            each("unknown", "loadBalancerType"),
            "of every kind the rules are kept",
            (
                "an entrance: aws:lb/loadBalancer:LoadBalancer",
                "an entrance: aws:alb/loadBalancer:LoadBalancer",
                "an entrance whose bucket the program makes",
            ),
        ),
        Excuse(
            each("unknown strange upper cut", "bucket"),
            "another bucket, or one of the program",
            (
                "an entrance: aws:lb/loadBalancer:LoadBalancer",
                "an entrance: aws:alb/loadBalancer:LoadBalancer",
                "an entrance for networks",
            ),
        ),
        Excuse(each("unknown", "dropInvalidHeaderFields"), "sees no headers", "an entrance for networks"),
    ),
    "LOG-009": (
        Excuse(
            each("unknown", "alarmActions"),
            "the program made it from a topic",
            ("a cluster with an alarm", "a cluster with an alarm of alarms"),
        ),
        Excuse(
            (*each("delete null", "actionsEnabled"), *each("unknown delete null empty", "alarmActions")),
            "the other alarm, which need not tell anybody",
            ONE_OF_TWO_ALARMS,
        ),
        Excuse(
            each("delete null", "actionsEnabled"), "on unless it says otherwise", "a cluster with an alarm of alarms"
        ),
        Excuse(
            each("delete null", "enabled"),
            "on unless it says otherwise",
            (
                *("AKS with an alarm on the record of changes", "AKS with an alarm on measurements"),
                "a group with a mailbox",
            ),
        ),
        Excuse(
            each("unknown", "rule"),
            "no rule of the stack is off",
            ("a cluster with events to a topic", "a cluster with events to a topic by its ARN"),
        ),
        Excuse(
            each("abroad cut", "arn"),
            "another topic, and RES-015 judges where it lies",
            (RULE_BY_NAME, RULE_MADE_HERE, "a cluster with events to a topic by its ARN", ALL_RULES_ON),
        ),
        Excuse(
            each("delete null strange upper cut empty", "rule"), "a rule that the stack does not make", RULE_BY_NAME
        ),
        Excuse(each("delete null", "rule"), "AWS refuses a target of no rule", (RULE_MADE_HERE, ALL_RULES_ON)),
        Excuse(
            each("unknown delete null strange upper cut empty offend", "name"),
            "a rule that is on, by whatever name, or one of another name than the target says",
            (RULE_BY_NAME, RULE_MADE_HERE, ALL_RULES_ON),
        ),
        Excuse(
            each("delete null strange cut empty", "state"),
            "on unless it says otherwise, and AWS refuses any other word",
            (RULE_BY_NAME, RULE_MADE_HERE, ALL_RULES_ON),
        ),
        Excuse(
            each("unknown", "state", "isEnabled"),
            "another rule than the target's may be off",
            (RULE_BY_NAME, RULE_MADE_HERE),
        ),
        Excuse(each("delete null", "arn", "topic"), MADE_FROM_IT, "a topic with somebody who listens"),
        Excuse(
            each("unknown", *(f"{kind}Receivers" for kind in RECEIVERS if kind not in ("email", "logicApp"))),
            "there is another receiver already",
            ("a group with a mailbox", "a group with a program"),
        ),
        Excuse(each("unknown", "logicAppReceivers"), "there is a mailbox already", "a group with a mailbox"),
        Excuse(each("unknown offend", "emailReceivers"), "there is a program already", "a group with a program"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "LOG-009": {"switches_of: if told.switch is not None: ... -> if True: ...": "no property has no name"},
    "LOG-004": {"of_setting: <= MOST_IN_WORKSPACE -> < MOST_IN_WORKSPACE": "no profile asks for exactly two years"},
}
