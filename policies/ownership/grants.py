"""Who is granted something outside the account: which accounts are our own, and whom a statement lets in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from pydantic import Field

from policies.documents import Condition, Principal, Statement
from policies.geography.places import account_of_arn
from policies.node import Node
from policies.outcomes import Outcome, Undecided
from policies.ownership.accounts import account_of
from policies.parameters import Parameters
from policies.resources import Plan, Resource

BINDING: Final = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
"""Operators that hold a key to what they name."""
KEYS: Final = ("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "kms:calleraccount")
"""Keys that say who asks."""
NOT_OF_AN_ACCOUNT: Final = ("Service", "Federated")
"""Principals that belong to no account; the controls of identity judge them."""
NOBODY_SAID: Final = "the provider has to name its own account: allowedAccountIds"


class Trusted(Parameters):
    """Who else may be granted something."""

    trusted: tuple[str, ...] = Field(
        default=(), description="Ids of accounts, organizations, canonical users and directories outside this account."
    )


def ours(found: Resource, plan: Plan) -> tuple[str, ...]:
    """Return the accounts that may be granted something; none where nobody says which is our own."""
    own = account_of(found.provider).value if found.provider is not None else None
    return (own[:], *plan.parameters(Trusted).trusted) if isinstance(own, str) and own else ()


def is_granted_to(name: Node, allowed: Collection[str]) -> Iterator[Outcome]:
    """Judge one who is granted something, by ARN or by id."""
    if name.known and not allowed:
        yield Undecided(name.path, NOBODY_SAID)
    else:
        yield from name.must(lambda value: owner_of(value) in allowed, f"one of {', '.join(allowed)}")


def owner_of(value: object) -> object:
    """Return the account that an ARN names, or the id itself."""
    return account_of_arn(value) or value


def lets_in(principal: Principal, statement: Statement, allowed: Collection[str]) -> Iterator[Outcome]:
    """Judge one principal of a statement that allows something."""
    if principal.kind in NOT_OF_AN_ACCOUNT:
        return
    if not principal.is_anyone:
        yield from is_granted_to(principal.node, allowed)
        return
    conditions = list(statement.conditions)
    if not_known := [each.node.undecided for each in conditions if not each.node.known]:
        yield from not_known
    elif not allowed:
        yield Undecided(principal.node.path, NOBODY_SAID)
    elif not any(_binds(each, allowed) for each in conditions):
        yield principal.node.finding(f"principals of {', '.join(allowed)}, by name or by condition")


def _binds(condition: Condition, allowed: Collection[str]) -> bool:
    loose = condition.if_exists or condition.quantifier is not None
    if loose or condition.operator not in BINDING or condition.key not in KEYS:
        return False
    owners = [owner_of(each.value) for each in condition.values]
    return bool(owners) and all(owner in allowed for owner in owners)
