"""What may be done with each key of a ring in AWS, by whom and through which service. Plain data.

Sources: https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html,
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html,
https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html,
https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.keys.spec import Purpose

ADMINISTRATION = (
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
)
"""Everything that keeps a key, nothing that encrypts or decrypts."""
DISK_SCALING = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What EC2 Auto Scaling needs of a key to start machines with encrypted disks."""
LOG_DELIVERY = DISK_SCALING
"""What CloudWatch Logs needs of the key of a log group; the same actions."""
ALARM_DELIVERY = ("kms:Decrypt", "kms:GenerateDataKey")
"""What CloudWatch needs of the key of a topic that it tells of alarms."""
MOST_DELETION_DAYS = 30
"""The longest KMS waits before it removes a key."""
TRAIL_DELIVERY = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
"""What CloudTrail needs to write; to open as well, because the bucket keeps one data key for many objects."""


@dataclass(frozen=True, slots=True)
class Use:
    """What the roles that use a key may do with it."""

    uses: tuple[str, ...] = ()
    """Actions of those who read and write."""
    reads: tuple[str, ...] = ()
    """Actions of those who only read."""
    through: str | None = None
    """The service they have to come through."""
    grants: bool = False
    """Whether they may let a service of AWS go on using the key on their behalf."""
    set_up: tuple[str, ...] = ()
    """Actions of administrators, so that a service can begin to use the key when they make what it encrypts."""
    set_up_through: str | None = None
    """The service those have to come through."""


READ_OBJECTS = ("kms:Decrypt",)
WRITE_OBJECTS = ("kms:Decrypt", "kms:GenerateDataKey")
USES: Mapping[Purpose, Use] = {
    Purpose.CLUSTER_SECRETS: Use(
        uses=("kms:Decrypt", "kms:Encrypt", "kms:ListGrants"),
        # EKS makes its grant in a way that no condition on grants for services of AWS matches.
        set_up=("kms:CreateGrant",),
    ),
    Purpose.NODE_DISKS: Use(
        uses=("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
        through="ec2",
        grants=True,
    ),
    # ECR makes grants for itself: who pushes or pulls needs nothing of the key.
    Purpose.REGISTRY: Use(set_up=("kms:CreateGrant", "kms:RetireGrant"), set_up_through="ecr"),
    Purpose.MODEL_STORE: Use(uses=WRITE_OBJECTS, reads=READ_OBJECTS, through="s3"),
    Purpose.LOGS: Use(),
    Purpose.AUDIT: Use(reads=READ_OBJECTS, through="s3"),
    Purpose.BACKUP: Use(
        uses=("kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
        grants=True,
        set_up=("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:RetireGrant"),
        set_up_through="backup",
    ),
    Purpose.TENANT: Use(uses=WRITE_OBJECTS, reads=READ_OBJECTS, through="s3"),
}
