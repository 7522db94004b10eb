from __future__ import annotations

import json
from typing import Any

import pytest

from components.backup.aws import AwsBackup
from components.backup.spec import BackupSpec
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.locked_storage.samples import ACCOUNT, KEY, aws, only, protected, tags, untagged
from tests.fakes.golden import assert_golden

ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-me-central-1-prod-backup"
RESTORE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-me-central-1-prod-restore"
MODELS = "arn:aws:s3:::aws-me-central-1-prod-models-ab0fb4e4"
OTHER = "arn:aws:backup:me-central-1:444455556666:backup-vault:copies"


def make(stage: Stage = Stage.PRODUCTION, **fields: Any) -> None:  # noqa: ANN401 - fields of the specification
    spec = BackupSpec.model_validate({**aws(stage), "immutable_days": 7, "kept_days": 35, **fields})
    AwsBackup("backup", spec, key=KEY, role=ROLE, restore_role=RESTORE_ROLE, resources=[MODELS])


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    assert_golden(f"aws_backup{'_preview' if preview else ''}", run(make, preview=preview))


@pytest.mark.parametrize(
    ("copy_to_vault", "condition"),
    [
        (None, {}),
        (OTHER, {"Condition": {"ForAllValues:ArnNotEquals": {"backup:CopyTargets": [OTHER]}}}),
    ],
)
def test_nobody_removes_a_backup_or_copies_it_elsewhere(
    run: Run, copy_to_vault: str | None, condition: dict[str, Any]
) -> None:
    policy = only(run(lambda: make(copy_to_vault=copy_to_vault)), "aws:backup/vaultPolicy:VaultPolicy").inputs["policy"]

    assert json.loads(policy) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefuseRemoval",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
                "Resource": "*",
            },
            {
                "Sid": "RefuseCopiesElsewhere",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "backup:CopyFromBackupVault",
                "Resource": "*",
                **condition,
            },
        ],
    }


@pytest.mark.parametrize(
    ("stage", "final"),
    [
        (Stage.PRODUCTION, {"changeableForDays": 3}),
        (Stage.RECOVERY, {"changeableForDays": 3}),
        (Stage.DEVELOPMENT, {}),
    ],
)
def test_the_lock_becomes_final_outside_development(run: Run, stage: Stage, final: dict[str, int]) -> None:
    lock = only(run(lambda: make(stage)), "aws:backup/vaultLockConfiguration:VaultLockConfiguration").inputs

    assert lock == {
        "backupVaultName": f"aws-me-central-1-{stage.value}-backup",
        "minRetentionDays": 7,
        "maxRetentionDays": 35,
        **final,
    }


def test_models_are_backed_up_every_day_and_copied_in_the_country(run: Run) -> None:
    plan = run(lambda: make(copy_to_vault=OTHER, hour=3))

    assert only(plan, "aws:backup/plan:Plan").inputs["rules"] == [
        {
            "ruleName": "daily",
            "targetVaultName": "aws-me-central-1-prod-backup",
            "schedule": "cron(0 3 * * ? *)",
            "scheduleExpressionTimezone": "Etc/UTC",
            "startWindow": 60,
            "completionWindow": 720,
            "enableContinuousBackup": False,
            "lifecycle": {"deleteAfter": 35},
            "copyActions": [{"destinationVaultArn": OTHER, "lifecycle": {"deleteAfter": 35}}],
            "recoveryPointTags": tags("aws-me-central-1-prod"),
        }
    ]
    selection = only(plan, "aws:backup/selection:Selection").inputs
    assert (selection["iamRoleArn"], selection["resources"]) == (ROLE, [MODELS])


def test_the_vault_has_our_key_and_is_protected(run: Run) -> None:
    plan = run(make)

    assert only(plan, "aws:backup/vault:Vault").inputs == {
        "name": "aws-me-central-1-prod-backup",
        "kmsKeyArn": KEY,
        "forceDestroy": False,
        "tags": tags("aws-me-central-1-prod"),
    }
    assert protected(plan) == {"aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"}
    assert untagged(plan) == []


def test_each_quarter_the_newest_backup_is_brought_back_under_our_key(run: Run) -> None:
    plan = run(make)

    tests = only(plan, "aws:backup/restoreTestingPlan:RestoreTestingPlan")
    (vault,) = plan.typed("aws:backup/vault:Vault")
    assert tests.inputs["name"] == "aws_me_central_1_prod_quarterly"
    assert tests.inputs["scheduleExpression"] == "cron(0 3 1 JAN,APR,JUL,OCT ? *)"
    assert tests.inputs["recoveryPointSelection"]["algorithm"] == "LATEST_WITHIN_WINDOW"
    assert vault.urn in tests.dependencies
    restored = only(plan, "aws:backup/restoreTestingSelection:RestoreTestingSelection").inputs
    assert (restored["iamRoleArn"], restored["protectedResourceArns"]) == (RESTORE_ROLE, [MODELS])
    assert restored["restoreMetadataOverrides"] == {"encryptionType": "SSE-KMS", "kmsKey": KEY}


def test_a_plan_of_tests_has_a_name_that_aws_takes_however_long_the_stacks_is(run: Run) -> None:
    placement = aws()["placement"].model_copy(update={"stack": "a" * 40})
    tests = only(run(lambda: make(placement=placement)), "aws:backup/restoreTestingPlan:RestoreTestingPlan")

    assert len(tests.inputs["name"]) == 50
