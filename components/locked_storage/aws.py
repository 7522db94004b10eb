"""An S3 bucket whose objects nobody can change or remove for a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.locked_storage.spec import bucket_name
from components.locked_storage.statements import Statement, document, refusals

if TYPE_CHECKING:
    from components.locked_storage.spec import LockedStorageSpec
    from components.manifests import Manifest

UNFINISHED_UPLOAD_DAYS = 7


class LockedBucket(pulumi.ComponentResource):
    """A private, versioned bucket with a lock on every object, encrypted with the key given and no other.

    Makes the Bucket with object lock, its versioning, encryption, public access block, ownership, lifecycle and policy.
    In production and recovery the lock is in compliance mode, which even the account's root cannot lift; in development
    in governance mode. Refuses plain HTTP, TLS before 1.2, other accounts, other keys and keys of the client's own.
    Has no server access log: its target may hold neither this encryption nor a lock, so the audit trail records
    requests instead.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """

    name: pulumi.Output[str]
    """Name of the bucket."""
    arn: str
    """Its ARN, known before it exists."""
    policy: pulumi.Resource
    """Its policy; who writes at once waits for it."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: LockedStorageSpec,
        *,
        key: pulumi.Input[str],
        statements: Sequence[Statement] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("falaj:index:LockedBucket", name, {"dataFlows": [], "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        called = bucket_name(spec)
        self.arn = f"arn:aws:s3:::{called}"
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=called,
            object_lock_enabled=True,
            force_destroy=False,
            tags={**spec.placement.tags(), "Name": called},
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        self.name = bucket.bucket
        self._encrypt(key)
        self._lock()
        self.policy = self._close(document([*refusals(self.arn, spec.account, key), *statements]))
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _encrypt(self, key: pulumi.Input[str]) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-encryption",
            bucket=self.name,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key},
                    "bucket_key_enabled": True,
                    "blocked_encryption_types": ["SSE-C"],
                }
            ],
            opts=self._inside,
        )

    def _lock(self) -> None:
        spec = self._spec
        versioning = aws.s3.BucketVersioning(
            f"{self._name}-versioning",
            bucket=self.name,
            versioning_configuration={"status": "Enabled"},
            opts=self._inside,
        )
        after_versioning = pulumi.ResourceOptions(parent=self, depends_on=[versioning])
        aws.s3.BucketObjectLockConfiguration(
            f"{self._name}-lock",
            bucket=self.name,
            object_lock_enabled="Enabled",
            rule={
                "default_retention": {
                    "mode": "COMPLIANCE" if spec.placement.protected else "GOVERNANCE",
                    "days": spec.locked_days,
                }
            },
            opts=after_versioning,
        )
        aging: Manifest = {
            "id": "age",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_UPLOAD_DAYS},
            "noncurrent_version_expiration": {"noncurrent_days": spec.old_versions_days},
        }
        if spec.kept_days is not None:
            aging["expiration"] = {"days": spec.kept_days}
        # An object that went by age leaves a mark behind; S3 takes the two kinds of removal only as two rules.
        marks: Manifest = {
            "id": "marks",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"expired_object_delete_marker": True},
        }
        aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-lifecycle", bucket=self.name, rules=[aging, marks], opts=after_versioning
        )

    def _close(self, policy: object) -> pulumi.Resource:
        aws.s3.BucketOwnershipControls(
            f"{self._name}-ownership",
            bucket=self.name,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._inside,
        )
        block = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-public-access",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._inside,
        )
        # S3 refuses two changes of one bucket's access at the same time.
        return aws.s3.BucketPolicy(
            f"{self._name}-policy",
            bucket=self.name,
            policy=pulumi.Output.json_dumps(policy),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
