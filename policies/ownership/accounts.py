"""The account or subscription that a provider works in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Final

from falaj.catalog.tags import Stage
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource

AWS_PROVIDER: Final = "pulumi:providers:aws"
ALLOWED: Final = "allowedAccountIds"
SUBSCRIPTION: Final = "subscriptionId"


def account_of(provider: Resource) -> Node:
    """Return the one account or subscription that a provider may work in; the whole list where there are more.

    A provider holds its lists as JSON text.
    """
    if provider.type != AWS_PROVIDER:
        return provider[SUBSCRIPTION]
    allowed = provider[ALLOWED]
    value = _listed(allowed.value)
    only = value[0] if isinstance(value, list) and len(value) == 1 else value
    return Node(only, allowed.path, allowed.source)


def works_in_one_account(
    provider: Resource, stage: Stage | None, production: Collection[str] = ()
) -> Iterator[Outcome]:
    """Judge the account of a provider: it is one, and holds what the operator says it does."""
    account = account_of(provider)
    if not production:
        yield from account.must(lambda name: isinstance(name, str) and name, "the one account it works in")
    elif stage is Stage.DEVELOPMENT:
        yield from account.must(
            lambda name: isinstance(name, str) and name not in production, "one account that holds no production"
        )
    else:
        yield from account.must(lambda name: name in production, f"one account, of {', '.join(production)}")


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value[:])
    except ValueError:
        return value
