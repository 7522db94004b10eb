from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.identities.names import bucket_arn
from components.keys.aws_policy import key_policy
from components.keys.spec import KeyRingSpec, Purpose
from components.model_store.spec import ROLE as MODEL_STORE
from tests.components.identities.samples import ACCOUNT, AWS_STACK, placement
from tests.components.keys.samples import ADMINISTRATOR, SECURITY, aws_ring, tenant_ring

LARGEST_KEY_POLICY = 32_768
"""Quota of KMS, in bytes."""
ADMINISTRATION = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
]
EVERY_ENCRYPTION = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
]
SCALING = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
READER, USER = f"arn:aws:iam::{ACCOUNT}:role/reader", f"arn:aws:iam::{ACCOUNT}:role/user"
FOR_AWS = {"kms:GrantIsForAWSResource": "true"}
Policy = list[dict[str, Any]]


def policy(purpose: Purpose, spec: KeyRingSpec | None = None, /, **people: list[str]) -> Policy:
    document = json.loads(key_policy(spec or aws_ring(), purpose, **people))
    assert document["Version"] == "2012-10-17"
    found: Policy = document["Statement"]
    return found


def of(sid: str, principal: object, actions: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Principal": principal if isinstance(principal, dict) else {"AWS": principal},
        "Resource": "*",
        **({} if condition is None else {"Condition": condition}),
    }


def through(service: str) -> dict[str, str]:
    return {"kms:ViaService": f"{service}.me-central-1.amazonaws.com"}


KEPT = [
    of(
        "LastResort",
        f"arn:aws:iam::{ACCOUNT}:root",
        ADMINISTRATION,
        {"StringEquals": {"aws:PrincipalType": "Account"}},
    ),
    of("Administer", [ADMINISTRATOR], ADMINISTRATION),
]


def test_the_clusters_key_is_used_by_its_role_and_handed_to_eks_by_who_makes_the_cluster() -> None:
    assert policy(Purpose.CLUSTER_SECRETS, users=[USER]) == [
        *KEPT,
        of("SetUp", [ADMINISTRATOR], ["kms:CreateGrant"]),
        of("LookAtTheKey", [USER], ["kms:DescribeKey"]),
        of("Use", [USER], ["kms:Decrypt", "kms:Encrypt", "kms:ListGrants"]),
    ]


def test_the_disks_key_is_used_through_ec2_alone() -> None:
    scaling = {"aws:PrincipalArn": SCALING}
    caller = {"kms:CallerAccount": ACCOUNT, **through("ec2")}
    assert policy(Purpose.NODE_DISKS, users=[USER]) == [
        *KEPT,
        of("StartMachines", "*", EVERY_ENCRYPTION, {"ArnEquals": scaling, "StringEquals": caller}),
        of(
            "LetDisksStayOpen",
            "*",
            ["kms:CreateGrant"],
            {"ArnEquals": scaling, "StringEquals": caller, "Bool": FOR_AWS},
        ),
        of("LookAtTheKey", [USER], ["kms:DescribeKey"]),
        of(
            "Use",
            [USER],
            ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
            {"StringEquals": through("ec2")},
        ),
        of("LetServicesGoOn", [USER], ["kms:CreateGrant"], {"StringEquals": through("ec2"), "Bool": FOR_AWS}),
    ]


def test_the_registrys_key_is_handed_to_ecr_and_to_nobody_else() -> None:
    assert policy(Purpose.REGISTRY) == [
        *KEPT,
        of("SetUp", [ADMINISTRATOR], ["kms:CreateGrant", "kms:RetireGrant"], {"StringEquals": through("ecr")}),
    ]


def test_the_model_stores_key_opens_objects_of_its_bucket_alone() -> None:
    bucket = bucket_arn(aws_ring(), MODEL_STORE)
    objects = {
        "StringEquals": through("s3"),
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]},
    }
    assert policy(Purpose.MODEL_STORE, users=[USER], readers=[READER]) == [
        *KEPT,
        of("LookAtTheKey", [READER, USER], ["kms:DescribeKey"]),
        of("Use", [USER], ["kms:Decrypt", "kms:GenerateDataKey"], objects),
        of("Read", [READER], ["kms:Decrypt"], objects),
    ]


def test_the_logs_key_encrypts_the_environments_log_groups_and_alarms_alone() -> None:
    group = f"arn:aws:logs:me-central-1:{ACCOUNT}:log-group:"
    assert policy(Purpose.LOGS) == [
        *KEPT,
        of(
            "EncryptLogs",
            {"Service": "logs.me-central-1.amazonaws.com"},
            EVERY_ENCRYPTION,
            {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": [
                        f"{group}/falaj/{AWS_STACK}/*",
                        f"{group}/aws/eks/{AWS_STACK}/*",
                    ]
                }
            },
        ),
        of(
            "EncryptAlarms",
            {"Service": "cloudwatch.amazonaws.com"},
            ["kms:Decrypt", "kms:GenerateDataKey"],
            {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:me-central-1:{ACCOUNT}:alarm:{AWS_STACK}-*"},
            },
        ),
    ]


def test_the_audit_key_is_written_with_by_one_trail_and_opened_by_auditors() -> None:
    trail = f"arn:aws:cloudtrail:me-central-1:{ACCOUNT}:trail/{AWS_STACK}-audit"
    assert policy(Purpose.AUDIT, readers=[READER]) == [
        *KEPT,
        of(
            "EncryptTheTrail",
            {"Service": "cloudtrail.amazonaws.com"},
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": trail}},
        ),
        of("LookAtTheKey", [READER], ["kms:DescribeKey"]),
        of("Read", [READER], ["kms:Decrypt"], {"StringEquals": through("s3")}),
    ]


def test_the_backups_key_is_used_by_the_backup_role_and_set_up_through_the_backup_service() -> None:
    assert policy(Purpose.BACKUP, users=[USER]) == [
        *KEPT,
        of(
            "SetUp",
            [ADMINISTRATOR],
            ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:RetireGrant"],
            {"StringEquals": through("backup")},
        ),
        of("LookAtTheKey", [USER], ["kms:DescribeKey"]),
        of("Use", [USER], ["kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        of("LetServicesGoOn", [USER], ["kms:CreateGrant"], {"Bool": FOR_AWS}),
    ]


def test_a_tenants_key_opens_objects_of_the_tenants_own_bucket_for_the_roles_given() -> None:
    bucket = bucket_arn(tenant_ring(), MODEL_STORE)
    assert policy(Purpose.TENANT, tenant_ring(), users=[USER]) == [
        *KEPT,
        of("LookAtTheKey", [USER], ["kms:DescribeKey"]),
        of(
            "Use",
            [USER],
            ["kms:Decrypt", "kms:GenerateDataKey"],
            {
                "StringEquals": through("s3"),
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]},
            },
        ),
    ]


@pytest.mark.parametrize("purpose", [*Purpose])
def test_a_key_without_users_is_opened_by_no_role(purpose: Purpose) -> None:
    sids = {each["Sid"] for each in policy(purpose)}

    assert not sids & {"Use", "Read", "LetServicesGoOn", "LookAtTheKey"}


@pytest.mark.parametrize(
    ("purpose", "people"),
    [
        (Purpose.LOGS, {"users": [USER]}),
        (Purpose.LOGS, {"readers": [USER]}),
        (Purpose.REGISTRY, {"users": [USER]}),
        (Purpose.AUDIT, {"users": [USER]}),
        (Purpose.CLUSTER_SECRETS, {"readers": [USER]}),
    ],
)
def test_a_role_that_a_key_has_no_use_for_is_refused(purpose: Purpose, people: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=rf"^the key for {purpose} has no use for \['{USER}'\], allowed: none$"):
        policy(purpose, **people)


USED = [Purpose.CLUSTER_SECRETS, Purpose.NODE_DISKS, Purpose.MODEL_STORE, Purpose.BACKUP]
ROLES = st.lists(st.sampled_from([USER, READER, SECURITY]), max_size=6)


@settings(deadline=None)
@given(st.sampled_from(USED), ROLES)
def test_the_order_of_users_changes_nothing(purpose: Purpose, users: list[str]) -> None:
    assert key_policy(aws_ring(), purpose, users=users) == key_policy(
        aws_ring(), purpose, users=[*reversed(users), *users]
    )


@settings(deadline=None)
@given(
    st.sampled_from(USED),
    ROLES,
    st.from_regex(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", fullmatch=True),
)
def test_every_key_names_whom_it_lets_in_and_every_action(purpose: Purpose, users: list[str], stack: str) -> None:
    spec = aws_ring().model_copy(update={"placement": placement(stack)})
    written = key_policy(spec, purpose, users=users)
    statements = json.loads(written)["Statement"]

    assert len(written.encode()) <= LARGEST_KEY_POLICY
    assert not [action for each in statements for action in each["Action"] if "*" in action]
    for each in statements:
        if each["Principal"] == {"AWS": "*"}:
            assert each["Condition"]["ArnEquals"] == {"aws:PrincipalArn": SCALING}
            assert each["Condition"]["StringEquals"]["kms:CallerAccount"] == ACCOUNT
    named = {role for each in statements if isinstance(roles := each["Principal"].get("AWS"), list) for role in roles}
    assert named == {ADMINISTRATOR, *users}


def test_administrators_open_nothing_but_what_a_service_asks_them_to_prove() -> None:
    opened = {
        (purpose, each["Sid"])
        for purpose in Purpose
        for each in policy(purpose)
        if each["Principal"] == {"AWS": [ADMINISTRATOR]} and {"kms:Decrypt", "kms:Encrypt"} & {*each["Action"]}
    }

    assert opened == {(Purpose.BACKUP, "SetUp")}
