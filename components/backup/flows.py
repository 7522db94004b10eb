"""What moves into a backup vault."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.providers import Provider

if TYPE_CHECKING:
    from components.backup.spec import BackupSpec

VAULT_END = "backup-vault"
KEY = "backup"


def backup_flows(spec: BackupSpec) -> tuple[DataFlow, ...]:
    """Return every flow: the daily backup, its copy, and the restore that is tried."""
    flow = partial(DataFlow, data_class=DataClass.INTERNAL, encryption=Encryption.TLS, key=KEY)
    daily = flow(
        source="model-store",
        sink=VAULT_END,
        region=spec.placement.region,
        channel=Channel.BACKUP,
        purpose="model files, every day",
    )
    kept = (daily, *_tried(spec))
    if spec.copy_to_vault is not None:
        region = spec.copy_to_vault.split(":")[3]
        copy = flow(
            source=VAULT_END,
            sink=f"{VAULT_END}-of-another-account",
            region=region,
            channel=Channel.COPY,
            purpose="each backup, out of reach of this account's administrators",
        )
        return (*kept, copy)
    if spec.copy_to_pair and spec.pair_in_country is not None:
        copy = flow(
            source=VAULT_END,
            sink=f"{VAULT_END}-{spec.pair_in_country}",
            region=spec.pair_in_country,
            channel=Channel.COPY,
            purpose="each backup, for a restore at the second site in the country",
        )
        return (*kept, copy)
    return kept


def _tried(spec: BackupSpec) -> tuple[DataFlow, ...]:
    if spec.region.provider is not Provider.AWS:
        return ()
    return (
        DataFlow(
            source=VAULT_END,
            sink="restore-test",
            data_class=DataClass.INTERNAL,
            region=spec.placement.region,
            channel=Channel.BACKUP,
            encryption=Encryption.TLS,
            key=KEY,
            purpose="the newest backup, each quarter, into a bucket that is thrown away",
        ),
    )
