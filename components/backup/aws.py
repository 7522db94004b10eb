"""Backups in AWS: a locked vault, a plan, and what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.backup.flows import backup_flows
from components.backup.spec import vault_name
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.backup.spec import BackupSpec
    from components.manifests import Manifest

DAYS_UNTIL_FINAL = 3
"""The least that AWS allows between setting a compliance lock and its becoming final."""
RESTORE_MONTHS, RESTORE_HOUR = "JAN,APR,JUL,OCT", 3
"""When a restore is tried: each quarter, on its first day."""
RECENT_DAYS, LOOKED_AT_HOURS = 7, 24
"""How old a backup may be that is tried, and how long there is to look at what came back."""
START_MINUTES, COMPLETION_MINUTES = 60, 720


class AwsBackup(pulumi.ComponentResource):
    """A vault that keeps what it takes, and a plan that backs up the resources given every day.

    Makes a Vault encrypted with the key given, its lock, its policy, a Plan and a Selection. In production and recovery
    the lock becomes final after three days: until then a mistake can be mended, afterwards not even root can remove a
    backup early. The policy refuses removals, and copies to any vault but the one named, which lies in the country.
    Covers the model store; the platform's pods may hold no volumes. Each quarter the newest backup is restored into a
    bucket that is thrown away a day later, encrypted with the key given.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """

    vault_arn: pulumi.Output[str]
    """ARN of the vault."""
    plan_id: pulumi.Output[str]
    """Id of the plan."""
    data_flows: tuple[DataFlow, ...]
    """Backups and their copies."""
    controls = ("BDR-006",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: BackupSpec,
        *,
        key: pulumi.Input[str],
        role: pulumi.Input[str],
        restore_role: pulumi.Input[str],
        resources: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = backup_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsBackup", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        vault = self._make_vault(key)
        plan = self._make_plan(vault)
        aws.backup.Selection(
            f"{name}-selection",
            name=f"{spec.placement.stack}-model-store",
            plan_id=plan.id,
            iam_role_arn=role,
            resources=list(resources),
            opts=self._inside,
        )
        self._try_restores(vault, key, restore_role, resources)
        self.vault_arn, self.plan_id = vault.arn, plan.id
        self.register_outputs({"vaultArn": self.vault_arn, "planId": self.plan_id})

    def _make_vault(self, key: pulumi.Input[str]) -> aws.backup.Vault:
        spec = self._spec
        vault = aws.backup.Vault(
            f"{self._name}-vault",
            name=vault_name(spec),
            kms_key_arn=key,
            force_destroy=False,
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        aws.backup.VaultLockConfiguration(
            f"{self._name}-lock",
            backup_vault_name=vault.name,
            min_retention_days=spec.immutable_days,
            max_retention_days=spec.kept_days,
            changeable_for_days=DAYS_UNTIL_FINAL if spec.placement.protected else None,
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )
        aws.backup.VaultPolicy(
            f"{self._name}-policy",
            backup_vault_name=vault.name,
            policy=pulumi.Output.json_dumps(_policy(spec)),
            opts=self._inside,
        )
        return vault

    def _make_plan(self, vault: aws.backup.Vault) -> aws.backup.Plan:
        spec = self._spec
        lifecycle = {"delete_after": spec.kept_days}
        copies = (
            []
            if spec.copy_to_vault is None
            else [{"destination_vault_arn": spec.copy_to_vault, "lifecycle": lifecycle}]
        )
        daily: Manifest = {
            "rule_name": "daily",
            "target_vault_name": vault.name,
            "schedule": f"cron(0 {spec.hour} * * ? *)",
            "schedule_expression_timezone": "Etc/UTC",
            "start_window": START_MINUTES,
            "completion_window": COMPLETION_MINUTES,
            "enable_continuous_backup": False,
            "lifecycle": lifecycle,
            "copy_actions": copies,
            "recovery_point_tags": spec.placement.tags(),
        }
        return aws.backup.Plan(
            f"{self._name}-plan",
            name=f"{spec.placement.stack}-daily",
            rules=[daily],
            tags=spec.placement.tags(),
            opts=self._inside,
        )

    def _try_restores(
        self,
        vault: aws.backup.Vault,
        key: pulumi.Input[str],
        role: pulumi.Input[str],
        resources: Sequence[pulumi.Input[str]],
    ) -> None:
        placement = self._spec.placement
        plan = aws.backup.RestoreTestingPlan(
            f"{self._name}-restores",
            name=f"{placement.stack.replace('-', '_')}_quarterly",
            schedule_expression=f"cron(0 {RESTORE_HOUR} 1 {RESTORE_MONTHS} ? *)",
            schedule_expression_timezone="Etc/UTC",
            recovery_point_selection={
                "algorithm": "LATEST_WITHIN_WINDOW",
                "include_vaults": [vault.arn],
                "recovery_point_types": ["SNAPSHOT"],
                "selection_window_days": RECENT_DAYS,
            },
            tags=placement.tags(),
            opts=self._inside,
        )
        aws.backup.RestoreTestingSelection(
            f"{self._name}-restored",
            name="model_store",
            restore_testing_plan_name=plan.name,
            protected_resource_type="S3",
            protected_resource_arns=list(resources),
            iam_role_arn=role,
            restore_metadata_overrides={"encryptionType": "SSE-KMS", "kmsKey": key},
            validation_window_hours=LOOKED_AT_HOURS,
            opts=self._inside,
        )


def _policy(spec: BackupSpec) -> Manifest:
    removal = {
        "Sid": "RefuseRemoval",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
        "Resource": "*",
    }
    copies: Manifest = {
        "Sid": "RefuseCopiesElsewhere",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "backup:CopyFromBackupVault",
        "Resource": "*",
    }
    if spec.copy_to_vault is not None:
        copies["Condition"] = {"ForAllValues:ArnNotEquals": {"backup:CopyTargets": [spec.copy_to_vault]}}
    return {"Version": "2012-10-17", "Statement": [removal, copies]}
