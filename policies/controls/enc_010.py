"""ENC-010: log groups are encrypted with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_own_kms_key
from policies.resources import Resource, resource
from policies.values import UNKNOWN

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

CONTROL = Control(
    id="ENC-010",
    title="Log groups are encrypted with a key of our own",
    harm="Logs name users, requests and errors; under the provider's key they can't be closed to anybody.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(LOG_GROUP,), view=as_is),
    reads=("kmsKeyId",),
    remedy="Set kmsKeyId to the ARN of a key of your own that lets CloudWatch Logs use it for this group.",
)


@CONTROL.check
def logs_are_encrypted(group: Resource) -> Iterator[Outcome]:
    """Find a log group without a key of ours."""
    yield from is_own_kms_key(group["kmsKeyId"])


CONTROL.good("a key of ours", resource(LOG_GROUP, {"name": "/acme/audit", "kmsKeyId": KMS_KEY}))
CONTROL.good("a key of ours, by its alias", resource(LOG_GROUP, {"name": "/acme/flows", "kmsKeyId": "alias/acme"}))
CONTROL.bad(
    "nothing said",
    resource(LOG_GROUP, {"name": "/acme/audit"}),
    finding=f"kmsKeyId: found nothing, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a key that AWS keeps",
    resource(LOG_GROUP, {"kmsKeyId": KMS_ALIAS_OF_AWS}),
    finding=f"kmsKeyId: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a key abroad",
    resource(LOG_GROUP, {"kmsKeyId": KMS_KEY_ABROAD}),
    finding=f"kmsKeyId: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.unknown("a key of another resource", resource(LOG_GROUP, {"kmsKeyId": UNKNOWN}), at="kmsKeyId")
CONTROL.not_applicable("a Service keeps no log", service())
