"""What moves into a backup vault."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.backup.spec import BackupSpec

VAULT_END = "backup-vault"
KEY = "backup"


def backup_flows(spec: BackupSpec) -> tuple[DataFlow, ...]:
    """Return every flow: the daily backup and its copy."""
    flow = partial(DataFlow, data_class=DataClass.INTERNAL, encryption=Encryption.TLS, key=KEY)
    daily = flow(
        source="model-store",
        sink=VAULT_END,
        region=spec.placement.region,
        channel=Channel.BACKUP,
        purpose="model files, every day",
    )
    if spec.copy_to_vault is not None:
        region = spec.copy_to_vault.split(":")[3]
        copy = flow(
            source=VAULT_END,
            sink=f"{VAULT_END}-of-another-account",
            region=region,
            channel=Channel.COPY,
            purpose="each backup, out of reach of this account's administrators",
        )
        return (daily, copy)
    if spec.copy_to_pair and spec.pair_in_country is not None:
        copy = flow(
            source=VAULT_END,
            sink=f"{VAULT_END}-{spec.pair_in_country}",
            region=spec.pair_in_country,
            channel=Channel.COPY,
            purpose="each backup, for a restore at the second site in the country",
        )
        return (daily, copy)
    return (daily,)
