"""What may be asked of backups."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, model_validator

from components.cloud_spec import CloudSpec
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions

LONGEST_BACKUP = 36500
VAULT_ARN = re.compile(r"arn:aws:backup:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):backup-vault:[A-Za-z0-9_-]{2,50}")


class BackupSpec(CloudSpec):
    """A locked vault and a daily copy into it. Refuses copies out of the country. Lock and own key have no field."""

    immutable_days: int = Field(ge=1, le=LONGEST_BACKUP, description="The least that a backup is kept, whoever asks.")
    kept_days: int = Field(ge=7, le=LONGEST_BACKUP, description="When a backup is removed by itself.")
    hour: int = Field(default=22, ge=0, le=23, description="Hour of the day at which a backup starts, in UTC.")
    copy_to_vault: str | None = Field(
        default=None, description="AWS: ARN of a vault of another account in the country that takes a copy of each."
    )
    copy_to_pair: bool = Field(
        default=False, description="Azure: whether the paired region in the country holds a copy."
    )
    lock_is_final: bool = Field(default=False, description="Azure: whether the vault's lock can never be lifted again.")

    @model_validator(mode="after")
    def _outlives_its_lock(self) -> Self:
        if self.kept_days < self.immutable_days:
            raise ValueError(
                f"kept_days {self.kept_days} ends before the lock of {self.immutable_days} days, allowed: that or more"
            )
        return self

    @model_validator(mode="after")
    def _copies_to_another_account_of_the_country(self) -> Self:
        if self.copy_to_vault is None:
            return self
        if self.region.provider is not Provider.AWS:
            raise ValueError("copy_to_vault, allowed: on AWS only; on Azure set copy_to_pair")
        vault = VAULT_ARN.fullmatch(self.copy_to_vault)
        home = self.region.jurisdiction.country
        inside = sorted(
            key
            for key, region in regions().items()
            if region.provider is Provider.AWS and region.jurisdiction.country == home
        )
        if vault is None or vault["region"] not in inside or vault["account"] == self.account:
            raise ValueError(
                f"copy_to_vault {self.copy_to_vault!r}, allowed: a vault of another account in {', '.join(inside)}, "
                "as arn:aws:backup:<region>:<account>:backup-vault:<name>"
            )
        return self

    @model_validator(mode="after")
    def _copies_in_the_country(self) -> Self:
        if self.copy_to_pair and self.pair_in_country is None:
            raise ValueError(f"{self.placement.region} has no pair in its country, allowed: copy_to_pair false")
        return self


def vault_name(spec: BackupSpec) -> str:
    """Return the vault's name, known before it exists."""
    return f"{spec.placement.stack}-backup"
