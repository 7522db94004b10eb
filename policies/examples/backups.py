"""Builders for the examples of controls: vaults of both clouds, what locks them and what fills them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policies.examples.kubernetes import without_none
from policies.examples.pools import urn
from policies.resources import Resource, resource
from policies.values import UNKNOWN


def vault(**properties: object) -> Resource:
    """Make a vault of AWS whose name is known."""
    return resource("aws:backup/vault:Vault", {"name": "acme-backup"} | properties, protected=True)


def lock(
    name: str = "lock", *, vault: object = UNKNOWN, made_from: Sequence[Resource] = (), **properties: object
) -> Resource:
    """Make a lock that becomes final after a week."""
    made: dict[str, Any] = {"backupVaultName": vault, "minRetentionDays": 7, "changeableForDays": 7}
    token = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"  # noqa: S105 - a type token
    return resource(
        token,
        without_none(made | properties),
        urn=urn(token, name),
        property_dependencies={"backupVaultName": [each.urn for each in made_from]},
    )


def plan(*given: object, rules: object = None) -> Resource:
    """Make a plan of these rules, a daily one unless told otherwise."""
    daily = {
        "ruleName": "daily",
        "targetVaultName": "acme-backup",
        "schedule": "cron(0 22 * * ? *)",
        "lifecycle": {"deleteAfter": 7},
    }
    return resource(
        "aws:backup/plan:Plan", {"name": "daily", "rules": list(given) or [daily] if rules is None else rules}
    )


def selection(name: str = "selection", *, made_from: Sequence[Resource] = ()) -> Resource:
    """Make a selection of a plan whose id AWS makes."""
    token = "aws:backup/selection:Selection"  # noqa: S105 - a type token
    return resource(
        token,
        {"planId": UNKNOWN, "resources": ["arn:aws:s3:::acme-models"]},
        urn=urn(token, name),
        property_dependencies={"planId": [each.urn for each in made_from]},
    )


def backup_vault(*, immutable: object = "Unlocked", deleted: object = "AlwaysOn") -> Resource:
    """Make a vault of Azure Backup."""
    security = {"immutabilitySettings": {"state": immutable}, "softDeleteSettings": {"state": deleted}}
    return resource("azure-native:dataprotection:BackupVault", {"properties": {"securitySettings": security}})


def recovery_vault(*, immutable: object = "Unlocked", deleted: object = "AlwaysON") -> Resource:
    """Make a vault of Azure's recovery services."""
    security = {
        "immutabilitySettings": without_none({"state": immutable}),
        "softDeleteSettings": {"softDeleteState": deleted},
    }
    return resource("azure-native:recoveryservices:Vault", {"properties": {"securitySettings": security}})


def instance() -> Resource:
    """Make what puts one store of Azure under backup."""
    return resource("azure-native:dataprotection:BackupInstance", {"vaultName": "acme-backup"})


def restore_tests(
    from_vault: object, *, schedule: object = "cron(0 3 1 * ? *)", made_from: Sequence[Resource] = ()
) -> Resource:
    """Make a plan that tries restores from a vault every month."""
    selected = {"algorithm": "LATEST_WITHIN_WINDOW", "includeVaults": [from_vault], "recoveryPointTypes": ["SNAPSHOT"]}
    return resource(
        "aws:backup/restoreTestingPlan:RestoreTestingPlan",
        {"name": "every_month", "scheduleExpression": schedule, "recoveryPointSelection": selected},
        property_dependencies={"recoveryPointSelection": [each.urn for each in made_from]},
    )


def restored(plan: object) -> Resource:
    """Make what such a plan tries to bring back."""
    return resource(
        "aws:backup/restoreTestingSelection:RestoreTestingSelection",
        {"restoreTestingPlanName": plan, "protectedResourceType": "S3", "protectedResourceArns": ["*"]},
    )
