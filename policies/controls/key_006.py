"""KEY-006: secrets rotate by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.joins import by_companions, companions
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Plan, Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
CLUSTER = "azure-native:containerservice:ManagedCluster"
LONGEST_DAYS = 90
RATE = re.compile(r"rate\((?P<number>\d+) (?P<unit>hour|day)s?\)")
MONTHLY = re.compile(r"cron\(\S+ \S+ \S+ \* \S+ \*\)")
"""A schedule that comes round every month of every year."""
IN_TIME = f"{LONGEST_DAYS} days or less, such as rate({LONGEST_DAYS} days), or a cron of every month"
ADD_ON = "addonProfiles.azureKeyvaultSecretsProvider"

CONTROL = Control(
    id="KEY-006",
    title="Secrets rotate by themselves",
    harm="A password that leaked in a log last year still opens the database today.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(SECRET, ROTATION, CLUSTER), view=situated, stack_wide=True),
    reads=(
        "Secret:name",
        "SecretRotation:secretId",
        "SecretRotation:rotationEnabled",
        "SecretRotation:rotationRules.automaticallyAfterDays",
        "SecretRotation:rotationRules.scheduleExpression",
        f"ManagedCluster:{ADD_ON}.enabled",
        f"ManagedCluster:{ADD_ON}.config.enableSecretRotation",
    ),
    remedy=(
        "Give each secret a SecretRotation of at most 90 days; on AKS, set enableSecretRotation of the add-on for "
        'secrets to "true".'
    ),
    note="A secret without any rotation is found too, since nothing else would replace it.",
)


@CONTROL.check
def rotates(found: Situated) -> Iterator[Outcome]:
    """Find a secret that nobody replaces, or too seldom, and a cluster that keeps the old one."""
    if found.resource.type == SECRET:
        yield from has_rotation(found.resource, found.plan)
    elif found.resource.type == ROTATION:
        yield from is_in_time(found.resource)
    else:
        yield from takes_the_new_one(found.resource)


def has_rotation(secret: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a secret of which no rotation speaks; how often it comes round is judged with the rotation."""
    missing = Finding(secret["name"].path, "no SecretRotation", f"one of {LONGEST_DAYS} days or less")
    yield from by_companions(companions(secret, plan, ROTATION, "secretId"), "secretId", lambda _: iter(()), [missing])


def is_in_time(rotation: Resource) -> Iterator[Outcome]:
    """Judge how often a rotation comes round, in days or by a schedule."""
    days, schedule = (rotation["rotationRules"][name] for name in ("automaticallyAfterDays", "scheduleExpression"))
    yield from is_one_of(rotation["rotationEnabled"], (True, None), "true, or nothing")
    if days.value is None and schedule.value is not None:
        yield from schedule.must(comes_round_in_time, IN_TIME)
    else:
        yield from days.must(lambda value: isinstance(value, int) and value <= LONGEST_DAYS, f"{LONGEST_DAYS} or less")


def comes_round_in_time(schedule: object) -> bool:
    """Tell whether a schedule comes round within the days."""
    text = schedule if isinstance(schedule, str) else ""
    rate = RATE.fullmatch(text)
    if rate is None:
        return MONTHLY.fullmatch(text) is not None
    return rate["unit"] == "hour" or int(rate["number"]) <= LONGEST_DAYS


def takes_the_new_one(cluster: Resource) -> Iterator[Outcome]:
    """Judge whether a cluster that fetches secrets from a vault fetches them again."""
    add_on: Node = cluster["addonProfiles"]["azureKeyvaultSecretsProvider"]
    if not add_on["enabled"].known:
        yield add_on["enabled"].undecided
    elif add_on["enabled"].value is True:
        yield from is_one_of(add_on["config"]["enableSecretRotation"], ("true",), '"true"')
    else:
        yield NotApplicable("the cluster fetches no secrets from a vault")


def secret(name: str = "acme/database") -> Resource:
    """Make a secret that AWS has not made yet."""
    return resource(SECRET, {"name": name, "id": UNKNOWN})


def rotation(
    rules: object, *, of: object = UNKNOWN, made_from: Resource | None = None, **properties: object
) -> Resource:
    """Make a rotation, of a secret of that name or one that the program made."""
    return resource(
        ROTATION,
        {"secretId": of, "rotationRules": rules} | properties,
        property_dependencies={"secretId": [made_from.urn]} if made_from else None,
    )


def cluster(**add_on: object) -> Resource:
    """Make a cluster with the add-on for secrets."""
    return resource(CLUSTER, {"addonProfiles": {"azureKeyvaultSecretsProvider": add_on}})


MONTH = {"automaticallyAfterDays": 30}
CONTROL.good("a secret with its rotation", secret(), rotation(MONTH, made_from=secret()))
CONTROL.good("every quarter", rotation({"automaticallyAfterDays": 90}, rotationEnabled=True))
CONTROL.good("by a rate in days", rotation({"scheduleExpression": "rate(90 days)"}))
CONTROL.good("by a rate in hours", rotation({"scheduleExpression": "rate(720 hours)"}))
CONTROL.good("every first Sunday", rotation({"scheduleExpression": "cron(0 4 ? * SUN#1 *)"}))
CONTROL.good("a cluster that fetches anew", cluster(enabled=True, config={"enableSecretRotation": "true"}))
CONTROL.bad(
    "a secret for ever",
    secret(),
    finding="name: found no SecretRotation, expected one of 90 days or less",
)
CONTROL.bad(
    "a secret beside another's rotation",
    secret(),
    rotation(MONTH, made_from=resource(SECRET, {}, urn=f"urn:pulumi:stack::project::{SECRET}::other")),
    finding="name: found no SecretRotation, expected one of 90 days or less",
)
CONTROL.bad(
    "a day late",
    rotation({"automaticallyAfterDays": 91}),
    finding="rotationRules.automaticallyAfterDays: found 91, expected 90 or less",
)
CONTROL.bad(
    "no rules, switched off",
    rotation(None, rotationEnabled=False),
    finding=(
        "rotationEnabled: found false, expected true, or nothing",
        "rotationRules.automaticallyAfterDays: found nothing, expected 90 or less",
    ),
)
CONTROL.bad(
    "a day late by a rate",
    rotation({"scheduleExpression": "rate(91 days)"}),
    finding=f"rotationRules.scheduleExpression: found rate(91 days), expected {IN_TIME}",
)
CONTROL.bad(
    "a schedule that is none",
    rotation({"scheduleExpression": 30}),
    finding=f"rotationRules.scheduleExpression: found 30, expected {IN_TIME}",
)
CONTROL.bad(
    "once a year by a cron",
    rotation({"scheduleExpression": "cron(0 4 1 1 ? *)"}),
    finding=f"rotationRules.scheduleExpression: found cron(0 4 1 1 ? *), expected {IN_TIME}",
)
CONTROL.bad(
    "a cluster that keeps the old one",
    cluster(enabled=True),
    finding=f'{ADD_ON}.config.enableSecretRotation: found nothing, expected "true"',
)
CONTROL.unknown("a rotation of some secret", secret(), rotation(MONTH), at="secretId")
CONTROL.unknown(
    "days decided elsewhere",
    rotation({"automaticallyAfterDays": UNKNOWN}),
    at="rotationRules.automaticallyAfterDays",
)
CONTROL.unknown(
    "a schedule that is none yet",
    rotation({"scheduleExpression": UNKNOWN}),
    at="rotationRules.scheduleExpression",
)
CONTROL.unknown("an add-on decided elsewhere", cluster(enabled=UNKNOWN), at=f"{ADD_ON}.enabled")
CONTROL.not_applicable("a cluster without the add-on", resource(CLUSTER, {}))
CONTROL.not_applicable("a Service keeps no secret", service())
