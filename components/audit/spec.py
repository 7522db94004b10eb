"""What may be asked of the audit trail."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from components.cloud_spec import CloudSpec
from components.locked_storage.spec import LONGEST_LOCK, LockedStorageSpec, bucket_name, storage_account_name
from falaj.catalog.providers import Provider

ROLE = "audit"
LEAST_WORKSPACE_DAYS, MOST_WORKSPACE_DAYS = 30, 730
"""The range in which Log Analytics keeps logs ready for queries; the archive keeps them longer.

Source: https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure, 2026-11-22
"""


class AuditSpec(CloudSpec):
    """The record of who did what. Refuses to forget it before its lock ends.

    Signed files, own key, lock and closed doors have no field.
    """

    retention_days: int = Field(ge=90, le=LONGEST_LOCK, description="How long the record is kept.")
    immutable_days: int = Field(ge=1, le=LONGEST_LOCK, description="How long nobody may change or remove it.")
    watched_buckets: tuple[str, ...] = Field(
        default=(), max_length=200, description="AWS: buckets whose every object request is recorded, by name."
    )
    every_region: bool = Field(
        default=False,
        description=(
            "AWS: whether IAM and all other regions are recorded too. Their records come into the country, and the "
            "trail's own settings are copied to every region."
        ),
    )
    dedicated_capacity: Literal[100, 200, 300, 400, 500, 1000, 2000, 5000] | None = Field(
        default=100,
        description=(
            "Azure: GB a day of a cluster of the workspace's own, the only kind that Log Analytics encrypts with our "
            "key. Without it the workspace has Microsoft's key and the archive alone has ours."
        ),
    )
    lock_is_final: bool = Field(
        default=False, description="Azure: whether the lock can only be lengthened; refused at creation by Azure."
    )
    copy_to_pair: bool = Field(
        default=False, description="Azure: whether the paired region in the country holds a copy."
    )

    @model_validator(mode="after")
    def _outlives_its_lock(self) -> Self:
        if self.retention_days < self.immutable_days:
            raise ValueError(
                f"retention_days {self.retention_days} ends before the lock of {self.immutable_days} days, "
                "allowed: that or more"
            )
        return self

    @property
    def storage(self) -> LockedStorageSpec:
        """The archive below it."""
        return LockedStorageSpec(
            placement=self.placement,
            account=self.account,
            role=ROLE,
            locked_days=self.immutable_days,
            kept_days=self.retention_days,
            # On AWS an old version is what a record becomes when its time is over, so it need not stay for another.
            old_versions_days=self.immutable_days,
            appended=True,
            lock_is_final=self.lock_is_final,
            copy_to_pair=self.copy_to_pair,
        )


def audit_archive_name(spec: AuditSpec) -> str:
    """Return the name of the archive's bucket or storage account, known before it exists."""
    return (bucket_name if spec.region.provider is Provider.AWS else storage_account_name)(spec.storage)


def trail_name(spec: AuditSpec) -> str:
    """Return the name of the CloudTrail trail."""
    return f"{spec.placement.stack}-audit"


def trail_arn(spec: AuditSpec) -> str:
    """Return the trail's ARN, known before it exists; the archive's policy and the key's policy name it."""
    return f"arn:aws:cloudtrail:{spec.placement.region}:{spec.account}:trail/{trail_name(spec)}"


def audit_log_group(spec: AuditSpec) -> str:
    """Return the name of the CloudWatch log group in which the trail can be searched."""
    return f"/falaj/{spec.placement.stack}/audit"


def workspace_days(spec: AuditSpec) -> int:
    """Return how long Log Analytics keeps logs ready for queries: as long as the record, within what it can."""
    return min(max(spec.retention_days, LEAST_WORKSPACE_DAYS), MOST_WORKSPACE_DAYS)
