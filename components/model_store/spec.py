"""What may be asked of the store of model files."""

from __future__ import annotations

from pydantic import Field

from components.cloud_spec import CloudSpec
from components.locked_storage.spec import LONGEST_LOCK, LockedStorageSpec, bucket_name, storage_account_name
from falaj.catalog.providers import Provider

ROLE = "models"
CONTAINER = "models"
"""Azure: the container in the storage account."""


class ModelStoreSpec(CloudSpec):
    """Model files that nobody can change once written. Versions, lock, own key and closed doors have no field."""

    immutable_days: int = Field(ge=1, le=LONGEST_LOCK, description="How long a version cannot be changed or removed.")
    old_versions_days: int = Field(
        default=365, ge=1, le=LONGEST_LOCK, description="How long a version stays that a newer one replaced."
    )
    lock_is_final: bool = Field(
        default=False, description="Azure: whether the lock can only be lengthened; refused at creation by Azure."
    )
    copy_to_pair: bool = Field(
        default=False, description="Azure: whether the paired region in the country holds a copy."
    )

    @property
    def storage(self) -> LockedStorageSpec:
        """The storage below it."""
        return LockedStorageSpec(
            placement=self.placement,
            account=self.account,
            role=ROLE,
            locked_days=self.immutable_days,
            old_versions_days=max(self.old_versions_days, self.immutable_days),
            lock_is_final=self.lock_is_final,
            copy_to_pair=self.copy_to_pair,
        )


def model_store_name(spec: ModelStoreSpec) -> str:
    """Return the bucket's or storage account's name, known before it exists."""
    return (bucket_name if spec.region.provider is Provider.AWS else storage_account_name)(spec.storage)
