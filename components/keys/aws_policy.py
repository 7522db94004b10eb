"""The policy of a KMS key: who keeps it, who uses it, and through what. Plain data.

No statement hands the key to IAM: what is not named here can't use it, whatever its own policies say.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from components.identities.names import arn, arn_here, bucket_arn, names_of
from components.identities.policy import Condition, Statement, allow_principal, document
from components.keys.aws_uses import ADMINISTRATION, ALARM_DELIVERY, DISK_SCALING, LOG_DELIVERY, TRAIL_DELIVERY, USES
from components.keys.spec import Purpose
from components.model_store.spec import ROLE as MODEL_STORE

if TYPE_CHECKING:
    from components.keys.spec import KeyRingSpec

SCALING_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
"""Starts the machines of every node group. Lives in each account that ever had one, and only there."""
MODEL_FILES = frozenset({Purpose.MODEL_STORE, Purpose.TENANT})
"""Purposes whose key encrypts a model store: the environment's, or a tenant's own."""
FOR_AWS: Condition = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def key_policy(spec: KeyRingSpec, purpose: Purpose, *, users: Sequence[str] = (), readers: Sequence[str] = ()) -> str:
    """Return the policy of the key for a purpose, as JSON. Refuses users and readers that it has no use for."""
    use = USES[purpose]
    if (users and not use.uses) or (readers and not use.reads):
        raise ValueError(f"the key for {purpose} has no use for {[*users, *readers]}, allowed: none")
    statements = [*_administration(spec, purpose), *_services(spec, purpose)]
    if users or readers:
        statements.append(allow_principal("LookAtTheKey", _roles([*users, *readers]), ["kms:DescribeKey"]))
    if users:
        statements.append(allow_principal("Use", _roles(users), use.uses, _through(spec, purpose)))
    if users and use.grants:
        grant = {**(_through(spec, purpose) or {}), **FOR_AWS}
        statements.append(allow_principal("LetServicesGoOn", _roles(users), ["kms:CreateGrant"], grant))
    if readers:
        statements.append(allow_principal("Read", _roles(readers), use.reads, _through(spec, purpose)))
    return document(statements)


def _administration(spec: KeyRingSpec, purpose: Purpose) -> list[Statement]:
    use = USES[purpose]
    administrators = _roles(spec.administrators)
    set_up = allow_principal("SetUp", administrators, use.set_up, _service(spec, use.set_up_through))
    return [
        # The root user in person, no role that IAM lets act: so that a key never outlives all who may keep it.
        allow_principal(
            "LastResort",
            {"AWS": arn("iam", "", spec.account, "root")},
            ADMINISTRATION,
            {"StringEquals": {"aws:PrincipalType": "Account"}},
        ),
        allow_principal("Administer", administrators, ADMINISTRATION),
        *([set_up] if use.set_up else []),
    ]


def _services(spec: KeyRingSpec, purpose: Purpose) -> list[Statement]:
    if purpose is Purpose.NODE_DISKS:
        return _scaling(spec)
    if purpose is Purpose.LOGS:
        return _logs(spec)
    if purpose is Purpose.AUDIT:
        trail = arn_here(spec, "cloudtrail", f"trail/{names_of(spec.placement.stack).trail}")
        return [
            allow_principal(
                "EncryptTheTrail",
                {"Service": "cloudtrail.amazonaws.com"},
                TRAIL_DELIVERY,
                {"StringEquals": {"aws:SourceAccount": spec.account, "aws:SourceArn": trail}},
            )
        ]
    return []


def _logs(spec: KeyRingSpec) -> list[Statement]:
    """CloudWatch, for log groups and for the topic of alarms that are counted in them."""
    names = names_of(spec.placement.stack)
    groups = [arn_here(spec, "logs", f"log-group:{name}") for name in names.log_groups]
    alarms = arn_here(spec, "cloudwatch", names.alarms)
    return [
        allow_principal(
            "EncryptLogs",
            {"Service": f"logs.{spec.placement.region}.amazonaws.com"},
            LOG_DELIVERY,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        ),
        allow_principal(
            "EncryptAlarms",
            {"Service": "cloudwatch.amazonaws.com"},
            ALARM_DELIVERY,
            {"StringEquals": {"aws:SourceAccount": spec.account}, "ArnLike": {"aws:SourceArn": alarms}},
        ),
    ]


def _scaling(spec: KeyRingSpec) -> list[Statement]:
    """The service-linked role, in a condition: as principal it would have to exist before the first node group does."""
    everyone = {"AWS": "*"}
    condition: Condition = {
        "ArnEquals": {"aws:PrincipalArn": arn("iam", "", spec.account, SCALING_ROLE)},
        "StringEquals": {"kms:CallerAccount": spec.account, "kms:ViaService": _host(spec, "ec2")},
    }
    return [
        allow_principal("StartMachines", everyone, DISK_SCALING, condition),
        allow_principal("LetDisksStayOpen", everyone, ["kms:CreateGrant"], {**condition, **FOR_AWS}),
    ]


def _through(spec: KeyRingSpec, purpose: Purpose) -> Condition | None:
    service = _service(spec, USES[purpose].through)
    if purpose not in MODEL_FILES or service is None:
        return service
    bucket = bucket_arn(spec, MODEL_STORE)
    return {**service, "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]}}


def _service(spec: KeyRingSpec, service: str | None) -> Condition | None:
    return None if service is None else {"StringEquals": {"kms:ViaService": _host(spec, service)}}


def _host(spec: KeyRingSpec, service: str) -> str:
    return f"{service}.{spec.placement.region}.amazonaws.com"


def _roles(roles: Sequence[str]) -> dict[str, str | list[str]]:
    return {"AWS": sorted({*roles})}
