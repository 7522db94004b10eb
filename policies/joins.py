"""Which resource another one speaks of, where a companion says what holds for its principal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policies.node import Node
from policies.resources import Plan, Resource

IDENTITIES: Final = ("id", "arn", "name", "bucket", "keyId")
"""Outputs by which another resource may name this one."""


@dataclass(frozen=True, slots=True)
class Companions:
    """The resources that speak of one principal."""

    certain: tuple[Resource, ...]
    undecided: tuple[Resource, ...]
    """Those of which it is not known yet whom they speak of."""


def companions(principal: Resource, plan: Plan, token: str, *properties: str) -> Companions:
    """Find the resources of a type that name the principal in one of their top-level properties."""
    answers = [(found, speaks_of(found, principal, properties)) for found in plan.of_type(token)]
    return Companions(
        tuple(found for found, answer in answers if answer is True),
        tuple(found for found, answer in answers if answer is None),
    )


def speaks_of(companion: Resource, principal: Resource, properties: Sequence[str]) -> bool | None:
    """Tell whether a resource names the principal; `None` when that is not known yet.

    A program's dependency says so before the value is known; a value alone is compared with all that may name the
    principal.
    """
    made_from = {urn for name in properties for urn in companion.property_dependencies.get(name, ())}
    if principal.urn in made_from:
        return True
    values = [companion[name] for name in properties]
    if all(value.known for value in values):
        wanted = {value.value for value in values if isinstance(value.value, str)}
        own = [principal[name] for name in IDENTITIES]
        if wanted & {each.value for each in own if isinstance(each.value, str)}:
            return True
        return None if wanted and not made_from and not all(each.known for each in own) else False
    return False if made_from else None


def named(node: Node, principals: Sequence[Resource]) -> Iterator[Resource]:
    """Yield the resources that a value names by one of their identities."""
    for principal in principals:
        if node.value is not None and any(principal[name].value == node.value for name in IDENTITIES):
            yield principal
