"""What may be asked of storage that keeps what was written to it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from components.cloud_names import global_name
from components.cloud_spec import CloudSpec

LONGEST_BUCKET = 63
LONGEST_STORAGE_ACCOUNT = 24
LONGEST_LOCK = 36500
"""A hundred years, the most that S3 takes; Azure takes 146000."""


class LockedStorageSpec(CloudSpec):
    """A bucket or storage account whose content is locked for a time. Refuses to forget it before the lock ends."""

    role: str = Field(pattern=r"^[a-z]{2,10}$", description="What lies in it; part of its name.")
    locked_days: int = Field(ge=1, le=LONGEST_LOCK, description="How long nobody may change or remove an object.")
    kept_days: int | None = Field(
        default=None, ge=1, le=LONGEST_LOCK, description="When an object is removed by itself; never if absent."
    )
    old_versions_days: int = Field(
        ge=1, le=LONGEST_LOCK, description="How long a version stays that a newer one replaced."
    )
    appended: bool = Field(default=False, description="Azure: whether its writers append to what they wrote.")
    lock_is_final: bool = Field(
        default=False,
        description="Azure: whether the lock can only be lengthened; refused at creation by Azure: make, then set it.",
    )
    copy_to_pair: bool = Field(
        default=False,
        description="Azure: whether the paired region holds a copy; only where the pair is in the country.",
    )

    @model_validator(mode="after")
    def _outlives_its_lock(self) -> Self:
        for name in ("kept_days", "old_versions_days"):
            days = getattr(self, name)
            if days is not None and days < self.locked_days:
                raise ValueError(
                    f"{name} {days} ends before the lock of {self.locked_days} days, allowed: that or more"
                )
        return self

    @model_validator(mode="after")
    def _copies_in_the_country(self) -> Self:
        if self.copy_to_pair and self.pair_in_country is None:
            raise ValueError(f"{self.placement.region} has no pair in its country, allowed: copy_to_pair false")
        return self


def bucket_name(spec: LockedStorageSpec) -> str:
    """Return the S3 bucket's name, known before it exists."""
    return global_name(spec.placement.stack, spec.role, spec.account, longest=LONGEST_BUCKET)


def storage_account_name(spec: LockedStorageSpec) -> str:
    """Return the storage account's name, known before it exists: letters and digits only."""
    return global_name(spec.placement.stack, spec.role, spec.account, longest=LONGEST_STORAGE_ACCOUNT, separator="")
