"""BDR-006: bringing back a backup is tried twice a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from policies.continuity.recovery import LAST_RESTORE, said_of_recovery
from policies.continuity.schedules import longest_wait
from policies.control import Control, Severity, Situated, Subject, situated
from policies.days import EXAMPLE_DAY, lies_within
from policies.examples.backups import backup_vault, restore_tests, restored, vault
from policies.examples.kubernetes import service
from policies.joins import by_companions, companions, said_of
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan, Resource
from policies.stages import is_thrown_away
from policies.values import UNKNOWN

VAULT = "aws:backup/vault:Vault"
VAULTS = (VAULT, "azure-native:dataprotection:BackupVault", "azure-native:recoveryservices:Vault")
TESTING_PLAN = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
TESTED = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
LONGEST_MONTHS, LONGEST_DAYS = 6, 180

CONTROL = Control(
    id="BDR-006",
    title="Bringing back a backup is tried twice a year",
    harm="On the day it is needed the backup turns out to be empty, or encrypted with a key that is gone.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=VAULTS, view=situated, stack_wide=True, beside=(TESTING_PLAN, TESTED)),
    reads=(
        *(f"{token}:tags.environment" for token in VAULTS),
        f"{VAULT}:arn",
        "RestoreTestingPlan:name",
        "RestoreTestingPlan:scheduleExpression",
        "RestoreTestingPlan:recoveryPointSelection.includeVaults[*]",
        "RestoreTestingSelection:restoreTestingPlanName",
    ),
    remedy=(
        "Make a RestoreTestingPlan of the vault with a selection, or try it by hand and write the day down: "
        "last_verified_restore in falaj:environment, falaj:lastVerifiedRestore in any other stack's configuration."
    ),
    note=(
        "Azure has no resource that tries a restore on a schedule, so the day of the last one is asked for there. On "
        "AWS the day will do as well. Stage dev needs neither."
    ),
)


@CONTROL.check
def restores_are_tried(found: Situated) -> Iterator[Outcome]:
    """Find a vault whose backups nobody has brought back for half a year, nor will."""
    vault, plan = found.resource, found.plan
    if is_thrown_away(vault, plan):
        yield NotApplicable("is there for development")
        return
    plans = [each for each in plan.of_type(TESTING_PLAN) if vault.type == VAULT and takes_from(each, vault)]
    by_hand = list(was_tried(plan))
    for each in plans:
        yield from said_of(each, is_due_often_enough(each, plan))
    if by_hand and not plans:
        doubtful = (
            [] if vault.type != VAULT else [each for each in plan.of_type(TESTING_PLAN) if not sources(each).known]
        )
        yield from [outcome for each in doubtful for outcome in said_of(each, [sources(each).undecided])] or by_hand


def was_tried(plan: Plan) -> Iterator[Outcome]:
    """Judge the day on which somebody last tried a restore."""
    yield from said_of_recovery(plan, LAST_RESTORE).must(
        lambda day: lies_within(day, LONGEST_DAYS, today=plan.today),
        f"the day of a restore in the last {LONGEST_DAYS}, as YYYY-MM-DD",
    )


def sources(tests: Resource) -> Node:
    """Return the vaults from which a plan of tests takes backups."""
    return tests["recoveryPointSelection"]["includeVaults"]


def takes_from(tests: Resource, vault: Resource) -> bool:
    """Tell whether a plan of tests takes backups from the vault, perhaps among others."""
    own, made_from = vault["arn"].value, tests.property_dependencies.get("recoveryPointSelection", ())
    named = [each.value for each in sources(tests).items() if isinstance(each.value, str)]
    return "*" in named or vault.urn in made_from or own in named


def is_due_often_enough(tests: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge when a plan of tests runs, and whether it tests anything."""
    expected = f"every {LONGEST_MONTHS} months or more often, as cron(…)"
    yield from tests["scheduleExpression"].must(lambda text: longest_wait(text) <= LONGEST_MONTHS, expected)
    selections = companions(tests, plan, TESTED, "restoreTestingPlanName")
    lacking = tests["name"].finding("a RestoreTestingSelection of what this plan tests")
    yield from by_companions(selections, "restoreTestingPlanName", lambda _each: iter(()), [lacking])


LATELY, LONG_AGO = ((EXAMPLE_DAY - timedelta(days=days)).isoformat() for days in (30, 181))
BY_HAND = {"falaj:lastVerifiedRestore": LATELY}
OURS = {"falaj:environment": f'{{"stage": "prod", "last_verified_restore": "{LATELY}"}}'}
NOT_LATELY = f"expected the day of a restore in the last {LONGEST_DAYS}, as YYYY-MM-DD"
TESTED_VAULT = vault(arn="arn:aws:backup:me-central-1:111122223333:backup-vault:acme-backup")
CONTROL.good("tests of every vault", vault(), restore_tests("*"), restored("every_month"))
CONTROL.good(
    "tests of this vault, twice a year",
    TESTED_VAULT,
    restore_tests(TESTED_VAULT["arn"].value, schedule="cron(0 3 1 JAN,JUL ? *)"),
    restored("every_month"),
)
CONTROL.good(
    "tests of a vault that is not made yet",
    vault(),
    restore_tests(UNKNOWN, made_from=[vault()]),
    restored("every_month"),
)
CONTROL.good("tried by hand", vault(), config=BY_HAND)
CONTROL.good("tried by hand, on Azure", backup_vault(), config=OURS)
CONTROL.bad(
    "never",
    vault(),
    finding=f'configuration["falaj:lastVerifiedRestore"]: found nothing, {NOT_LATELY}',
)
CONTROL.bad(
    "half a year and a day ago",
    backup_vault(),
    config={"falaj:lastVerifiedRestore": LONG_AGO},
    finding=f'configuration["falaj:lastVerifiedRestore"]: found {LONG_AGO}, {NOT_LATELY}',
)
CONTROL.bad(
    "tests of a vault that is not known, of another cloud",
    backup_vault(),
    restore_tests(UNKNOWN),
    finding=f'configuration["falaj:lastVerifiedRestore"]: found nothing, {NOT_LATELY}',
)
CONTROL.bad(
    "tests of another cloud's vault",
    backup_vault(),
    restore_tests("*"),
    restored("every_month"),
    finding=f'configuration["falaj:lastVerifiedRestore"]: found nothing, {NOT_LATELY}',
)
CONTROL.bad(
    "tests of another vault",
    TESTED_VAULT,
    restore_tests("arn:aws:backup:me-central-1:111122223333:backup-vault:zenith-backup"),
    restored("every_month"),
    config={"falaj:environment": '{"stage": "prod"}'},
    finding=f'configuration["falaj:environment"].last_verified_restore: found nothing, {NOT_LATELY}',
)
CONTROL.bad(
    "tests of nothing, once a year",
    vault(),
    restore_tests("*", schedule="cron(0 3 1 JAN ? *)"),
    finding=(
        "scheduleExpression: found cron(0 3 1 JAN ? *), expected every 6 months or more often, as cron(…)",
        "name: found every_month, expected a RestoreTestingSelection of what this plan tests",
    ),
)
CONTROL.bad(
    "tests when nobody can say",
    vault(),
    restore_tests("*", schedule="now and then"),
    restored("every_month"),
    finding="scheduleExpression: found now and then, expected every 6 months or more often, as cron(…)",
)
CONTROL.unknown(
    "tests of a vault that is not known", vault(), restore_tests(UNKNOWN), at="recoveryPointSelection.includeVaults"
)
CONTROL.unknown(
    "a schedule made elsewhere",
    vault(),
    restore_tests("*", schedule=UNKNOWN),
    restored("every_month"),
    at="scheduleExpression",
)
CONTROL.unknown(
    "a selection of a plan that is not known",
    vault(),
    restore_tests("*"),
    restored(UNKNOWN),
    at="restoreTestingPlanName",
)
CONTROL.not_applicable("for development", vault(tags={"environment": "dev"}))
CONTROL.not_applicable("a Service has no backup", service())
