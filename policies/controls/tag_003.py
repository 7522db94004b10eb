"""TAG-003: a budget tells somebody before the money is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from policies.capacity.pools import AKS, EKS
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.budgets import AWS_BUDGET, AZURE_BUDGET, COST, azure_budget, budget
from policies.examples.kubernetes import service
from policies.examples.pools import aks, eks
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN, Secret

BUDGETS = {EKS: AWS_BUDGET, AKS: AZURE_BUDGET}
"""What bounds the cost of each kind of cluster."""
MOVING_LIMITS = ("plannedLimits", "autoAdjustData")
AMOUNT = re.compile(r"(?=.*[1-9])\d+(\.\d+)?")
AWS_CONTACTS = ("subscriberEmailAddresses", "subscriberSnsTopicArns")
AZURE_CONTACTS = ("contactEmails", "contactGroups", "contactRoles")

CONTROL = Control(
    id="TAG-003",
    title="A budget tells somebody before the money is gone",
    harm="A loop that orders machines, or a stolen key, is noticed when the month's bill comes.",
    severity=Severity.LOW,
    applies_to=Subject(tokens=(AWS_BUDGET, AZURE_BUDGET, EKS, AKS), view=situated, stack_wide=True),
    reads=(
        f"{EKS}:name",
        "ManagedCluster:resourceName",
        f"{AWS_BUDGET}:budgetType",
        *(f"{AWS_BUDGET}:{limit}" for limit in ("limitAmount", *MOVING_LIMITS)),
        *(f"{AWS_BUDGET}:notifications[*].{contact}" for contact in AWS_CONTACTS),
        f"{AZURE_BUDGET}:amount",
        f"{AZURE_BUDGET}:notifications",
    ),
    remedy="Make a budget of cost with an amount and a notification that reaches a mail address or a group.",
    note=(
        "Asked of the stack that makes a cluster. Budgets are a global service of AWS, which learns amounts and "
        "addresses and nothing of requests."
    ),
)


@CONTROL.check
def tells_somebody(found: Situated) -> Iterator[Outcome]:
    """Find a cluster without a budget, and a budget without amount or reader."""
    held = found.resource
    if held.type in BUDGETS:
        yield from is_bounded(held, found.plan)
    elif held.type == AWS_BUDGET:
        yield from has_a_limit(held)
        notifications = list(held["notifications"].items())
        yield from reaches(held, [each[name] for each in notifications for name in AWS_CONTACTS])
    else:
        yield from held["amount"].must(
            lambda amount: isinstance(amount, (int, float)) and amount is not True and amount > 0, "an amount"
        )
        yield from reaches(held, list(contacts_on_azure(held["notifications"])))


def is_bounded(cluster: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge whether the stack of a cluster makes a budget of cost."""
    budgets = [(each, each["budgetType"]) for each in plan.of_type(BUDGETS[cluster.type])]
    if any(kind.value in (COST, None) for _, kind in budgets):
        return
    not_known = [outcome for each, kind in budgets if not kind.known for outcome in said_of(each, [kind.undecided])]
    yield from not_known
    if not not_known:
        name = cluster["name" if cluster.type == EKS else "resourceName"]
        yield replace(name.finding("a budget of cost"), found="no budget in its stack")


def has_a_limit(budget: Resource) -> Iterator[Outcome]:
    """Judge whether a budget of AWS has a limit, of its own or one that moves."""
    amount, moving = budget["limitAmount"], [budget[name] for name in MOVING_LIMITS]
    if is_amount(amount.value) or any(each.value not in (None, UNKNOWN) for each in moving):
        return
    not_known = [each.undecided for each in (amount, *moving) if each.value is UNKNOWN]
    yield from not_known
    if not not_known:
        yield amount.finding("an amount")


def is_amount(text: object) -> bool:
    """Tell whether a text is a number above nothing. A slice is plain text even of a secret."""
    return AMOUNT.fullmatch(text[:] if isinstance(text, str) else str(text)) is not None


def contacts_on_azure(notifications: Node) -> Iterator[Node]:
    """Yield whom the notifications reach that are on, and the switch of one that may be off."""
    if notifications.value is UNKNOWN:
        yield notifications
    for name in notifications.value if isinstance(notifications.value, Mapping) else ():
        switch = notifications[name]["enabled"]
        contacts = [notifications[name][contact] for contact in AZURE_CONTACTS]
        if not switch.known:
            yield from (switch for each in contacts if each.value is UNKNOWN or names_somebody(each.value))
        elif switch.value is not False:
            yield from contacts


def names_somebody(contacts: object) -> bool:
    """Tell whether a list names anybody. A name made elsewhere is a name."""
    return isinstance(contacts, list) and any(each not in (None, "") for each in contacts)


def reaches(budget: Resource, contacts: list[Node]) -> Iterator[Outcome]:
    """Judge whether anybody is told."""
    if any(names_somebody(each.value) for each in contacts):
        return
    not_known = [each.undecided for each in contacts if not each.known]
    yield from not_known
    if not not_known:
        yield replace(budget["notifications"].finding("a notification with an address"), found="nobody who is told")


NOBODY = "notifications: found nobody who is told, expected a notification with an address"
CONTROL.good("a budget", budget())
CONTROL.good(
    "a budget that follows the past, and tells a topic",
    budget(
        limitAmount=None,
        autoAdjustData={"autoAdjustType": "HISTORICAL"},
        notifications=[{"subscriberSnsTopicArns": [UNKNOWN]}],
    ),
)
CONTROL.good("an amount as a number", budget(limitAmount=40000))
CONTROL.good("an amount that nobody may read", budget(limitAmount=Secret("40000")))
CONTROL.good("an amount, and one that may move", budget(autoAdjustData=UNKNOWN))
CONTROL.good("a budget of Azure", azure_budget())
CONTROL.good("a budget of Azure that tells a role", azure_budget(contactEmails=[], contactRoles=["Owner"]))
CONTROL.good("a cluster and its budget", eks(), budget())
CONTROL.good("a cluster of Azure and its budget", aks(), azure_budget())
CONTROL.bad(
    "no amount, and nobody who is told",
    budget(limitAmount=None, notifications=[{"threshold": 80}]),
    finding=("limitAmount: found nothing, expected an amount", NOBODY),
)
CONTROL.bad(
    "an amount of nothing",
    budget(limitAmount="0.00", notifications=None),
    finding=("limitAmount: found 0.00, expected an amount", NOBODY),
)
CONTROL.bad(
    "a budget of Azure of nothing, switched off",
    azure_budget(0, enabled=False),
    finding=("amount: found 0, expected an amount", NOBODY),
)
CONTROL.bad("a budget of Azure that tells nobody", azure_budget(contactEmails=[]), finding=NOBODY)
CONTROL.bad(
    "a budget of Azure of a word, whose address is empty",
    azure_budget(True, contactEmails=["", None]),
    finding=("amount: found true, expected an amount", NOBODY),
)
CONTROL.bad(
    "a budget of Azure that tells nobody, and may be on",
    azure_budget(enabled=UNKNOWN, contactEmails=[]),
    finding=NOBODY,
)
CONTROL.bad(
    "an amount of nothing that nobody may read",
    budget(limitAmount=Secret("0")),
    finding="limitAmount: found [secret], expected an amount",
)
CONTROL.bad("a cluster alone", eks(), finding="name: found no budget in its stack, expected a budget of cost")
CONTROL.bad(
    "a cluster and a budget of hours",
    eks(),
    budget(budgetType="USAGE"),
    finding="name: found no budget in its stack, expected a budget of cost",
)
CONTROL.bad(
    "a cluster of Azure and the budget of another cloud",
    aks(),
    budget(),
    finding="resourceName: found no budget in its stack, expected a budget of cost",
)
CONTROL.unknown("an amount made elsewhere", budget(limitAmount=UNKNOWN), at="limitAmount")
CONTROL.unknown("a limit that may move", budget(limitAmount=None, autoAdjustData=UNKNOWN), at="autoAdjustData")
CONTROL.unknown(
    "a budget of who knows what beside one of hours",
    eks(),
    budget(budgetType="USAGE"),
    budget(budgetType=UNKNOWN),
    at="budgetType",
)
CONTROL.unknown("a notification that may be off", azure_budget(enabled=UNKNOWN), at="notifications.spent.enabled")
CONTROL.unknown(
    "a notification of Azure that may be off and tell nobody",
    azure_budget(enabled=UNKNOWN, contactEmails=UNKNOWN),
    at="notifications.spent.enabled",
)
CONTROL.unknown(
    "addresses made elsewhere",
    budget(notifications=[{"subscriberEmailAddresses": UNKNOWN}]),
    at="notifications[0].subscriberEmailAddresses",
)
CONTROL.unknown(
    "addresses on Azure made elsewhere", azure_budget(contactEmails=UNKNOWN), at="notifications.spent.contactEmails"
)
CONTROL.unknown(
    "notifications made elsewhere", resource(AZURE_BUDGET, {"amount": 1, "notifications": UNKNOWN}), at="notifications"
)
CONTROL.not_applicable("a Service has no budget", service())
