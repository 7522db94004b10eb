from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.backup.flows import backup_flows
from components.backup.spec import BackupSpec
from tests.components.locked_storage.samples import aws, azure

DAYS = {"immutable_days": 7, "kept_days": 35}
OTHER = "arn:aws:backup:me-central-1:444455556666:backup-vault:copies"
ALLOWED = (
    "allowed: a vault of another account in me-central-1, as arn:aws:backup:<region>:<account>:backup-vault:<name>"
)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {**aws(), "immutable_days": 36, "kept_days": 35},
            "kept_days 35 ends before the lock of 36 days, allowed: that or more",
        ),
        (
            {**aws(), **DAYS, "copy_to_vault": OTHER.replace("me-central-1", "me-south-1")},
            f"copy_to_vault '{OTHER.replace('me-central-1', 'me-south-1')}', {ALLOWED}",
        ),
        (
            {**aws(), **DAYS, "copy_to_vault": OTHER.replace("444455556666", "111122223333")},
            f"copy_to_vault '{OTHER.replace('444455556666', '111122223333')}', {ALLOWED}",
        ),
        ({**aws(), **DAYS, "copy_to_vault": "copies"}, f"copy_to_vault 'copies', {ALLOWED}"),
        (
            {**aws(), **DAYS, "copy_to_pair": True},
            "me-central-1 has no pair in its country, allowed: copy_to_pair false",
        ),
        ({**azure(), **DAYS, "copy_to_vault": OTHER}, "copy_to_vault, allowed: on AWS only; on Azure set copy_to_pair"),
    ],
)
def test_no_backup_leaves_the_country_or_its_lock(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        BackupSpec.model_validate(fields)

    assert raised.value.errors()[0]["msg"] == f"Value error, {message}"


@pytest.mark.parametrize(
    ("spec", "flows"),
    [
        (
            BackupSpec(**aws(), **DAYS),
            [
                ("model-store", "backup-vault", "me-central-1", "backup"),
                ("backup-vault", "restore-test", "me-central-1", "backup"),
            ],
        ),
        (
            BackupSpec(**aws(), **DAYS, copy_to_vault=OTHER),
            [
                ("model-store", "backup-vault", "me-central-1", "backup"),
                ("backup-vault", "restore-test", "me-central-1", "backup"),
                ("backup-vault", "backup-vault-of-another-account", "me-central-1", "copy"),
            ],
        ),
        (
            BackupSpec(**azure(), **DAYS, copy_to_pair=True),
            [
                ("model-store", "backup-vault", "uaenorth", "backup"),
                ("backup-vault", "backup-vault-uaecentral", "uaecentral", "copy"),
            ],
        ),
    ],
)
def test_every_copy_is_declared(spec: BackupSpec, flows: list[tuple[str, str, str, str]]) -> None:
    assert [(flow.source, flow.sink, flow.region, flow.channel.value) for flow in backup_flows(spec)] == flows
