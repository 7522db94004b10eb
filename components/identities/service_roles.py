"""What services of AWS may do in the account's name: deliver flow logs and the audit trail, take and try backups.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html,
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForS3Backup.html,
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForS3Restore.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.identities.names import arn, arn_here, bucket_arn, names_of
from components.identities.policy import Condition, Statement, allow, allow_in_region
from components.model_store.spec import ROLE as MODEL_STORE

if TYPE_CHECKING:
    from components.identities.spec import IdentitiesSpec

BUCKET_ACTIONS = (
    "s3:GetBucketAcl",
    "s3:GetBucketLocation",
    "s3:GetBucketNotification",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetInventoryConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketNotification",
    "s3:PutInventoryConfiguration",
)
OBJECT_ACTIONS = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
)
EVENT_ACTIONS = (
    "events:DeleteRule",
    "events:DescribeRule",
    "events:DisableRule",
    "events:EnableRule",
    "events:ListTargetsByRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
)
TRIED_BUCKET_ACTIONS = (
    "s3:CreateBucket",
    "s3:GetBucketLocation",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketVersioning",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketVersioning",
)
TRIED_OBJECT_ACTIONS = (
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
)
TRIED = "awsbackup-restore-test-*"
"""Buckets into which the backup service restores for a test, and which it removes afterwards by a role of its own."""
BACKUP_EVENTS = "rule/AwsBackupManagedRule*"
"""Event rules by which the backup service follows changes of a bucket."""


def logs(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what writes flow logs: streams and events of one log group, which exists already."""
    group = arn_here(spec, "logs", f"log-group:{names_of(spec.placement.stack).flow_log_group}")
    return (
        allow(
            "WriteFlowLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group, f"{group}:*"],
        ),
        allow_in_region("FindTheLogGroup", ["logs:DescribeLogGroups"], spec.placement.region),
    )


def audit(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what writes the audit trail where it can be searched: streams and events of one log group."""
    group = arn_here(spec, "logs", f"log-group:{names_of(spec.placement.stack).audit_log_group}")
    streams = f"{group}:log-stream:{spec.account}_CloudTrail_*"
    return (allow("WriteTheTrail", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams]),)


def backup(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what takes backups: objects of the model store's bucket, and nothing else in the account.

    Restoring needs another role, made when there is something to restore: this one cannot overwrite anything. The one
    that tries restores can't either.
    """
    bucket = bucket_arn(spec, MODEL_STORE)
    own: Condition = {"StringEquals": {"aws:ResourceAccount": spec.account}}
    return (
        allow("ReadTheBucket", BUCKET_ACTIONS, [bucket], own),
        allow("ReadObjects", OBJECT_ACTIONS, [f"{bucket}/*"], own),
        allow("FollowChanges", EVENT_ACTIONS, [arn_here(spec, "events", BACKUP_EVENTS)]),
        allow("MarkRecoveryPoints", ["backup:TagResource"], [arn_here(spec, "backup", "recovery-point:*")], own),
        allow(
            "PutCopiesIntoVaults",
            ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
            [arn_here(spec, "backup", "backup-vault:*")],
        ),
        allow_in_region(
            "FindAndMeasure",
            ["cloudwatch:GetMetricData", "events:ListRules", "tag:GetResources"],
            spec.placement.region,
        ),
    )


def restore(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what tries a restore: buckets made for the test, and none of the environment's own."""
    own: Condition = {"StringEquals": {"aws:ResourceAccount": spec.account}}
    bucket = arn("s3", "", "", TRIED)
    return (
        allow("MakeTheBucket", TRIED_BUCKET_ACTIONS, [bucket], own),
        allow("FillTheBucket", TRIED_OBJECT_ACTIONS, [f"{bucket}/*"], own),
    )
