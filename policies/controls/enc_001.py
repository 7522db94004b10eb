"""ENC-001: buckets encrypt what they hold with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.aws_buckets import (
    BALANCER,
    BUCKET,
    BUCKET_NAME,
    CONFIGURATION,
    balancer,
    bucket,
    configuration,
    encrypted_by,
)
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD
from policies.examples.kubernetes import service
from policies.joins import Companions, by_companions, companions, narrowed, said_of
from policies.outcomes import NotApplicable, Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_own_kms_key
from policies.resources import Plan, Resource, resource
from policies.templates import is_one_of, is_set, is_true
from policies.values import UNKNOWN

FORMER_BUCKET = "aws:s3/bucketV2:BucketV2"
FORMER_CONFIGURATION = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
BUCKETS, CONFIGURATIONS = (BUCKET, FORMER_BUCKET), (CONFIGURATION, FORMER_CONFIGURATION)
LOGS = ("accessLogs", "connectionLogs", "healthCheckLogs")
APPLICATION = (None, "application")
"""The kind of load balancer that writes such logs, which is also the default."""
DEFAULTS = {
    BUCKET: "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault",
    FORMER_BUCKET: "serverSideEncryptionConfigurations[].rules[].applyServerSideEncryptionByDefaults[]",
    CONFIGURATION: "rules[].applyServerSideEncryptionByDefault",
    FORMER_CONFIGURATION: "rules[].applyServerSideEncryptionByDefault",
}
"""Where each type says how objects are encrypted that come without a word about it."""
WITH_KMS = ("aws:kms", "aws:kms:dsse")
KEYS_OF_S3 = "AES256"

CONTROL = Control(
    id="ENC-001",
    title="Buckets encrypt what they hold with a key of our own",
    harm="Model files and audit records stay readable to whoever reaches the bucket, with no key to take away.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=tuple(DEFAULTS), view=situated, stack_wide=True, beside=(BALANCER,)),
    reads=(
        *(
            f"{token.rpartition(':')[2]}:{default.replace('[]', '[*]')}.{name}"
            for token, default in DEFAULTS.items()
            for name in ("sseAlgorithm", "kmsMasterKeyId")
        ),
        "Bucket:bucket",
        "BucketServerSideEncryptionConfiguration:bucket",
        "BucketServerSideEncryptionConfigurationV2:bucket",
        "LoadBalancer:loadBalancerType",
        *(f"LoadBalancer:{log}.{name}" for log in LOGS for name in ("bucket", "enabled")),
    ),
    remedy="Give the bucket an encryption configuration with sseAlgorithm aws:kms and the ARN of your own key.",
    note=(
        "A bucket that an application load balancer of the stack writes its logs to may keep the keys of S3: the load "
        "balancer writes to no other (docs.aws.amazon.com, enable access logs). Bucket keys save requests to KMS and "
        "are not asked for."
    ),
)


@CONTROL.check
def encrypts_with_own_key(found: Situated) -> Iterator[Outcome]:
    """Find a bucket without a default encryption, or one whose key is not ours."""
    one, plan = found.resource, found.plan
    if one.type in BUCKETS:
        yield from bucket_is_encrypted(one, plan)
    elif one.urn in plan.index(CONFIGURATIONS, lambda: with_their_buckets(plan)):
        yield NotApplicable("is judged with its bucket")
    else:
        yield from is_keyed(one, Companions((), ()))


def with_their_buckets(plan: Plan) -> frozenset[str]:
    """Return the configurations whose bucket the stack makes."""
    return frozenset(each.urn for bucket in plan.of_type(*BUCKETS) for each in configurations_of(bucket, plan).certain)


def configurations_of(bucket: Resource, plan: Plan) -> Companions:
    """Find the configurations that speak of a bucket, of either type."""
    now, before = (companions(bucket, plan, token, "bucket") for token in CONFIGURATIONS)
    return Companions(now.certain + before.certain, now.undecided + before.undecided)


def bucket_is_encrypted(bucket: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge the configurations that speak of a bucket; where there is none, what the bucket says itself."""
    logs = balancer_logs(bucket, plan)
    yield from by_companions(
        configurations_of(bucket, plan), "bucket", lambda each: is_keyed(each, logs), is_keyed(bucket, logs)
    )


def is_keyed(found: Resource, logs: Companions) -> Iterator[Outcome]:
    """Judge every default encryption of a bucket or a configuration."""
    defaults = list(found.root.select(DEFAULTS[found.type]))
    if not defaults:
        yield from is_set(found[DEFAULTS[found.type].partition("[")[0]], f"a rule with {OWN_KMS_KEY}")
    for default in defaults:
        if default["sseAlgorithm"].value == KEYS_OF_S3 and (logs.certain or logs.undecided):
            yield from are_written(logs)
        else:
            yield from is_one_of(default["sseAlgorithm"], WITH_KMS)
            yield from is_own_kms_key(default["kmsMasterKeyId"])


def are_written(logs: Companions) -> Iterator[Outcome]:
    """Say what is not known yet about logs that excuse the keys of S3."""
    for log in logs.certain:
        yield from said_of(log, is_true(log["enabled"]))
    for log in () if logs.certain else logs.undecided:
        yield from said_of(log, [log["bucket"].undecided])


def balancer_logs(bucket: Resource, plan: Plan) -> Companions:
    """Find the logs that application load balancers write to a bucket."""
    logs = plan.index(LOGS, lambda: Plan(plan.today, resources=tuple(logs_of_balancers(plan))))
    return companions(bucket, logs, BALANCER, "bucket")


def logs_of_balancers(plan: Plan) -> Iterator[Resource]:
    """Yield each kind of logs of each application load balancer, as a resource of its own."""
    for each in plan.of_type(BALANCER):
        if each["loadBalancerType"].value in APPLICATION:
            logs = (narrowed(each, name) for name in LOGS)
            yield from (log for log in logs if log["enabled"].value in (True, UNKNOWN))


OWN = encrypted_by(KMS_KEY)
OF_S3 = {"sseAlgorithm": KEYS_OF_S3}

CONTROL.good("configured apart", bucket(), configuration(OWN, made_from=bucket()))
CONTROL.good("named by its name, twice over", bucket(), configuration(OWN | {"sseAlgorithm": "aws:kms:dsse"}))
CONTROL.good(
    "on the bucket itself",
    bucket(serverSideEncryptionConfiguration={"rule": {"applyServerSideEncryptionByDefault": OWN}}),
)
CONTROL.good(
    "by the types of former versions",
    bucket(FORMER_BUCKET),
    configuration(OWN, of_type=FORMER_CONFIGURATION, made_from=bucket(FORMER_BUCKET)),
)
CONTROL.good(
    "on a bucket of the former type",
    bucket(
        FORMER_BUCKET,
        serverSideEncryptionConfigurations=[{"rules": [{"applyServerSideEncryptionByDefaults": [OWN]}]}],
    ),
)
CONTROL.good("for a bucket of another stack", configuration(OWN))
CONTROL.good(
    "logs of a load balancer, which writes to no other",
    bucket(),
    configuration(OF_S3, made_from=bucket()),
    balancer("application", accessLogs={"bucket": UNKNOWN, "enabled": True}, made_from=bucket()),
)
CONTROL.good(
    "logs of one load balancer, and perhaps of another",
    bucket(),
    configuration(OF_S3, made_from=bucket()),
    balancer(accessLogs={"bucket": BUCKET_NAME, "enabled": True}),
    balancer(name="second", connectionLogs={"bucket": UNKNOWN, "enabled": True}),
)
CONTROL.bad(
    "nothing said",
    bucket(),
    finding=(
        f"{DEFAULTS[BUCKET]}.sseAlgorithm: found nothing, expected aws:kms or aws:kms:dsse",
        f"{DEFAULTS[BUCKET]}.kmsMasterKeyId: found nothing, expected {OWN_KMS_KEY}",
    ),
)
CONTROL.bad(
    "nothing said on a bucket of the former type",
    bucket(FORMER_BUCKET),
    finding=f"serverSideEncryptionConfigurations: found nothing, expected a rule with {OWN_KMS_KEY}",
)
ALGORITHM, KEY = (f"rules[0].applyServerSideEncryptionByDefault.{name}" for name in ("sseAlgorithm", "kmsMasterKeyId"))
OF_S3_FOUND = (
    f"{ALGORITHM}: found AES256, expected aws:kms or aws:kms:dsse",
    f"{KEY}: found nothing, expected {OWN_KMS_KEY}",
)
CONTROL.bad("keys of S3", bucket(), configuration(OF_S3, made_from=bucket()), finding=OF_S3_FOUND)
CONTROL.bad("keys of S3 for a bucket of another stack", configuration(OF_S3), finding=OF_S3_FOUND)
CONTROL.bad(
    "a key that AWS keeps",
    bucket(),
    configuration(encrypted_by(KMS_ALIAS_OF_AWS), made_from=bucket()),
    finding=f"{KEY}: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a key abroad, though the bucket itself names another",
    bucket(serverSideEncryptionConfiguration={"rule": {"applyServerSideEncryptionByDefault": OWN}}),
    configuration(encrypted_by(KMS_KEY_ABROAD), made_from=bucket()),
    finding=f"{KEY}: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "no rule",
    bucket(),
    resource(CONFIGURATION, {"bucket": BUCKET_NAME, "rules": []}),
    finding=f"rules: found [], expected a rule with {OWN_KMS_KEY}",
)
CONTROL.bad(
    "logs of a load balancer for networks, which takes our keys",
    bucket(),
    configuration(OF_S3, made_from=bucket()),
    balancer("network", accessLogs={"bucket": UNKNOWN, "enabled": True}, made_from=bucket()),
    finding=OF_S3_FOUND,
)
CONTROL.bad(
    "logs that nobody writes",
    bucket(),
    configuration(OF_S3, made_from=bucket()),
    balancer(connectionLogs={"bucket": BUCKET_NAME, "enabled": False}, made_from=bucket()),
    finding=OF_S3_FOUND,
)
CONTROL.unknown(
    "a key of another resource",
    bucket(),
    configuration(encrypted_by(UNKNOWN), made_from=bucket()),
    at=KEY,
)
CONTROL.unknown("a configuration of some bucket", bucket(), configuration(OWN, name=UNKNOWN), at="bucket")
CONTROL.unknown(
    "logs to some bucket",
    bucket(),
    configuration(OF_S3, made_from=bucket()),
    balancer(accessLogs={"bucket": UNKNOWN, "enabled": True}),
    at="accessLogs.bucket",
)
CONTROL.unknown(
    "logs that are perhaps written",
    bucket(),
    configuration(OF_S3, made_from=bucket()),
    balancer(healthCheckLogs={"bucket": BUCKET_NAME, "enabled": UNKNOWN}),
    at="healthCheckLogs.enabled",
)
CONTROL.not_applicable("judged with its bucket", configuration(OWN, made_from=bucket()), bucket())
CONTROL.not_applicable("no bucket", service())
