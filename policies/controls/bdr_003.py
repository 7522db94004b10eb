"""BDR-003: backups are made on a schedule, into vaults that let nobody remove them early."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from pydantic import Field

from policies.capacity.pools import AKS, EKS
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.backups import backup_vault, instance, lock, plan, recovery_vault, selection, vault
from policies.examples.kubernetes import service
from policies.examples.pools import aks, eks
from policies.joins import by_companions, companions
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.parameters import Parameters
from policies.resources import Plan, Resource, resource
from policies.stages import is_thrown_away
from policies.templates import is_at_least, is_one_of
from policies.values import UNKNOWN

VAULT = "aws:backup/vault:Vault"
AIR_GAPPED = "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
BACKUP_PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
BACKUP_VAULT = "azure-native:dataprotection:BackupVault"
RECOVERY_VAULT = "azure-native:recoveryservices:Vault"
INSTANCES = ("azure-native:dataprotection:BackupInstance", "azure-native:recoveryservices:ProtectedItem")
SECURITY = "properties.securitySettings"
IMMUTABLE = ("Unlocked", "Locked")
SOFT_DELETE: Mapping[str, tuple[str, str, str]] = {
    BACKUP_VAULT: ("state", "AlwaysOn", "On"),
    RECOVERY_VAULT: ("softDeleteState", "AlwaysON", "Enabled"),
}
"""Where a vault says how it keeps what was deleted: for good, or until somebody switches it off."""
SCHEDULE = re.compile(r"(cron|rate)\(.+\)")
GRACE_DAYS = 3
"""The least that AWS allows between setting a lock and its becoming final."""


class Backups(Parameters):
    """How long a backup is kept."""

    least_days: int = Field(default=7, ge=1, le=36500, description="Fewest days for which a backup is kept.")


CONTROL = Control(
    id="BDR-003",
    title="Backups are made on a schedule, into vaults that let nobody remove them early",
    harm="Whoever takes over an administrator's account removes the backups first, and then what they were made of.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(VAULT, AIR_GAPPED, BACKUP_PLAN, BACKUP_VAULT, RECOVERY_VAULT, EKS, AKS),
        view=situated,
        stack_wide=True,
        beside=(LOCK, SELECTION, *INSTANCES),
    ),
    parameters=Backups,
    reads=(
        *(f"{token}:tags.environment" for token in (VAULT, *SOFT_DELETE, EKS, AKS)),
        f"{VAULT}:name",
        "VaultLockConfiguration:backupVaultName",
        "VaultLockConfiguration:minRetentionDays",
        "VaultLockConfiguration:changeableForDays",
        "LogicallyAirGappedVault:minRetentionDays",
        "Plan:name",
        "Plan:rules[*].schedule",
        "Plan:rules[*].lifecycle.deleteAfter",
        "Selection:planId",
        *(f"{token}:{SECURITY}.immutabilitySettings.state" for token in SOFT_DELETE),
        *(f"{token}:{SECURITY}.softDeleteSettings.{row[0]}" for token, row in SOFT_DELETE.items()),
        f"{EKS}:name",
        "ManagedCluster:resourceName",
    ),
    remedy=(
        "Give the vault a VaultLockConfiguration with minRetentionDays and changeableForDays, or on Azure immutability "
        "and soft deletion that is always on; give the plan a schedule and a selection."
    ),
    note=(
        "The stack that makes a cluster is asked for backups; one that makes stores alone may be covered by another "
        "stack's plan, which can't be seen here. Azure's lock may stay open: once final it holds mistakes, too. Stage "
        "dev may remove its backups."
    ),
)


@CONTROL.check
def backups_are_kept(found: Situated) -> Iterator[Outcome]:
    """Find a vault that gives its backups away, a plan that makes none, a cluster without any."""
    yield from JUDGES[found.resource.type](found.resource, found.plan)


def vault_is_locked(vault: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge the locks of a vault."""
    lacking = lacks(vault["name"], "no lock", "a VaultLockConfiguration of this vault")
    locks = companions(vault, plan, LOCK, "backupVaultName")
    yield from by_companions(locks, "backupVaultName", lambda lock: lock_holds(lock, vault, plan), [lacking])


def lock_holds(lock: Resource, vault: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge for how long a lock holds, and whether it can be lifted."""
    yield from keeps_long_enough(lock, plan)
    if not is_thrown_away(vault, plan):
        expected = f"{GRACE_DAYS} or more, after which the lock is final"
        yield from is_at_least(lock["changeableForDays"], GRACE_DAYS, expected)


def keeps_long_enough(held: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge for how long nobody can remove a backup."""
    least = plan.parameters(Backups).least_days
    yield from is_at_least(held["minRetentionDays"], least, f"{least} or more")


def plan_makes_backups(found: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge when a plan makes backups, how long it keeps them, and of what."""
    least = plan.parameters(Backups).least_days
    if found["rules"].value in (None, []):
        yield found["rules"].finding("a rule with a schedule")
    for rule in found["rules"].items():
        yield from rule["schedule"].must(
            lambda text: SCHEDULE.fullmatch(str(text)), "a schedule, as cron(…) or rate(…)"
        )
        if rule["lifecycle"]["deleteAfter"].value is not None:
            yield from is_at_least(rule["lifecycle"]["deleteAfter"], least, f"{least} or more, or nothing")
    lacking = lacks(found["name"], "no selection", "a Selection of what this plan backs up")
    yield from by_companions(companions(found, plan, SELECTION, "planId"), "planId", lambda _each: iter(()), [lacking])


def vault_is_immutable(vault: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge whether a vault of Azure lets backups be removed."""
    security = vault["properties"]["securitySettings"]
    name, always, removable = SOFT_DELETE[vault.type]
    yield from is_one_of(security["immutabilitySettings"]["state"], IMMUTABLE)
    allowed = (always, removable) if is_thrown_away(vault, plan) else (always,)
    yield from is_one_of(security["softDeleteSettings"][name], allowed)


def cluster_is_backed_up(cluster: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge whether the stack of a cluster makes any backup."""
    on_aws = cluster.type == EKS
    if is_thrown_away(cluster, plan):
        yield NotApplicable("is there for development")
    elif not any(plan.of_type(*((BACKUP_PLAN,) if on_aws else INSTANCES))):
        name = cluster["name" if on_aws else "resourceName"]
        yield lacks(name, "no backup in its stack", "a Plan" if on_aws else "a BackupInstance")


def lacks(node: Node, found: str, expected: str) -> Outcome:
    """Return the finding that something is not there at all."""
    return replace(node.finding(expected), found=found)


JUDGES: Mapping[str, Callable[[Resource, Plan], Iterator[Outcome]]] = {
    VAULT: vault_is_locked,
    AIR_GAPPED: keeps_long_enough,
    BACKUP_PLAN: plan_makes_backups,
    **dict.fromkeys(SOFT_DELETE, vault_is_immutable),
    **dict.fromkeys((EKS, AKS), cluster_is_backed_up),
}
"""What judges each type."""

DEV = {"falaj:environment": '{"stage": "dev"}'}
CONTROL.good("a locked vault", vault(), lock(made_from=[vault()]))
CONTROL.good("a locked vault by its name, at the least", vault(), lock(vault="acme-backup", changeableForDays=3))
CONTROL.good(
    "a lock that can be lifted, for development",
    vault(tags={"environment": "dev"}),
    lock(made_from=[vault()], changeableForDays=None),
)
CONTROL.good("a vault that is locked by its kind", resource(AIR_GAPPED, {"minRetentionDays": 7}))
CONTROL.good("a plan", plan(), selection(made_from=[plan()]))
CONTROL.good(
    "a plan that keeps for ever",
    plan({"schedule": "cron(0 22 * * ? *)", "targetVaultName": "acme-backup"}),
    selection(made_from=[plan()]),
)
CONTROL.good("a vault of Azure", backup_vault())
CONTROL.good("a recovery vault of Azure, locked for good", recovery_vault(immutable="Locked"))
CONTROL.good("a vault of Azure, for development", backup_vault(deleted="On"), config=DEV)
CONTROL.good("a cluster and its backups", eks(), plan())
CONTROL.good("a cluster of Azure and its backups", aks(), instance())
CONTROL.bad(
    "a vault without a lock", vault(), finding="name: found no lock, expected a VaultLockConfiguration of this vault"
)
CONTROL.bad(
    "a lock of another vault",
    vault(),
    lock(vault="zenith-backup"),
    finding="name: found no lock, expected a VaultLockConfiguration of this vault",
)
CONTROL.bad(
    "a lock that can be lifted, for six days",
    vault(),
    lock(made_from=[vault()], minRetentionDays=6, changeableForDays=None),
    finding=(
        "minRetentionDays: found 6, expected 7 or more",
        "changeableForDays: found nothing, expected 3 or more, after which the lock is final",
    ),
)
CONTROL.bad(
    "a vault of another account for a day",
    resource(AIR_GAPPED, {"minRetentionDays": 1}),
    finding="minRetentionDays: found 1, expected 7 or more",
)
CONTROL.bad(
    "a plan of nothing",
    plan(),
    finding="name: found no selection, expected a Selection of what this plan backs up",
)
CONTROL.bad(
    "a plan without a rule",
    plan(rules=[]),
    selection(made_from=[plan()]),
    finding="rules: found [], expected a rule with a schedule",
)
CONTROL.bad(
    "a plan by hand, for six days",
    plan({"lifecycle": {"deleteAfter": 6}}),
    selection(made_from=[plan()]),
    finding=(
        "rules[0].schedule: found nothing, expected a schedule, as cron(…) or rate(…)",
        "rules[0].lifecycle.deleteAfter: found 6, expected 7 or more, or nothing",
    ),
)
CONTROL.bad(
    "a vault of Azure that forgets",
    backup_vault(immutable="Disabled", deleted="On"),
    finding=(
        "properties.securitySettings.immutabilitySettings.state: found Disabled, expected Unlocked or Locked",
        "properties.securitySettings.softDeleteSettings.state: found On, expected AlwaysOn",
    ),
)
CONTROL.bad(
    "a recovery vault of Azure that forgets",
    recovery_vault(immutable=None, deleted="Disabled"),
    config=DEV,
    finding=(
        "properties.securitySettings.immutabilitySettings.state: found nothing, expected Unlocked or Locked",
        "properties.securitySettings.softDeleteSettings.softDeleteState: found Disabled, expected AlwaysON or Enabled",
    ),
)
CONTROL.bad("a cluster alone", eks(), finding="name: found no backup in its stack, expected a Plan")
CONTROL.bad(
    "a cluster of Azure with the plan of another cloud",
    aks(),
    plan(),
    finding="resourceName: found no backup in its stack, expected a BackupInstance",
)
CONTROL.bad(
    "a lock for a month, where the operator asks for a year",
    vault(),
    lock(made_from=[vault()], minRetentionDays=30),
    parameters=Backups(least_days=365),
    finding="minRetentionDays: found 30, expected 365 or more",
)
CONTROL.unknown("a lock of a vault that is not known", vault(), lock(), at="backupVaultName")
CONTROL.unknown("a selection of a plan that is not known", plan(), selection(), at="planId")
CONTROL.unknown(
    "days made elsewhere",
    plan({"schedule": UNKNOWN, "lifecycle": {"deleteAfter": UNKNOWN}}),
    selection(made_from=[plan()]),
    at=("rules[0].schedule", "rules[0].lifecycle.deleteAfter"),
)
CONTROL.not_applicable("a cluster for development", eks(), config=DEV)
CONTROL.not_applicable("a Service has no backup", service())
