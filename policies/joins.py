"""Which resource another one speaks of, where a companion says what holds for its principal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan, Resource
from policies.values import holds_unknown

IDENTITIES: Final = ("id", "arn", "name", "bucket", "keyId")
"""Outputs by which another resource may name this one."""


@dataclass(frozen=True, slots=True)
class Companions:
    """The resources that speak of one principal."""

    certain: tuple[Resource, ...]
    undecided: tuple[Resource, ...]
    """Those of which it is not known yet whom they speak of."""


@dataclass(frozen=True, slots=True)
class _Speakers:
    """The resources of a type by what they name, so that a stack is read once, however many principals it has."""

    by_origin: dict[str, list[Resource]] = field(default_factory=dict)
    """By the URN of a resource that the name was made from."""
    by_value: dict[str, list[Resource]] = field(default_factory=dict)
    """By the name itself, where it is known."""
    literal: list[Resource] = field(default_factory=list)
    """Those whose name is known and was made from no resource."""
    nameless: list[Resource] = field(default_factory=list)
    """Those whose name is not known and was made from no resource."""


def companions(principal: Resource, plan: Plan, token: str, *properties: str) -> Companions:
    """Find the resources of a type that name the principal in one of their top-level properties.

    A program's dependency says so before the value is known; a value alone is compared with all that may name the
    principal, and decides nothing while one of those is not known.
    """
    speakers = plan.index((_Speakers, token, properties), lambda: _speakers(plan.of_type(token), properties))
    own = [principal[name] for name in IDENTITIES]
    certain = {found.urn: found for found in speakers.by_origin.get(principal.urn, ())}
    for each in own:
        if isinstance(each.value, str):
            certain |= {found.urn: found for found in speakers.by_value.get(each.value, ())}
    named_yet = not any(holds_unknown(each.value) for each in own)
    undecided = speakers.nameless if named_yet else [*speakers.nameless, *speakers.literal]
    return Companions(tuple(certain.values()), tuple(found for found in undecided if found.urn not in certain))


def _speakers(members: Iterator[Resource], properties: Sequence[str]) -> _Speakers:
    found = _Speakers()
    for member in members:
        origins = {urn for name in properties for urn in member.property_dependencies.get(name, ())}
        values = [member[name] for name in properties]
        known = all(value.known for value in values)
        names = {value.value for value in values if isinstance(value.value, str)} if known else set()
        for urn in origins:
            found.by_origin.setdefault(urn, []).append(member)
        for name in names:
            found.by_value.setdefault(name, []).append(member)
        if not origins and names:
            found.literal.append(member)
        if not origins and not known:
            found.nameless.append(member)
    return found


def named(node: Node, principals: Sequence[Resource]) -> Iterator[Resource]:
    """Yield the resources that a value names by one of their identities."""
    for principal in principals:
        if node.value is not None and any(principal[name].value == node.value for name in IDENTITIES):
            yield principal


def narrowed(found: Resource, name: str) -> Resource:
    """Return a resource as one of its structures alone, to join it by what lies in there."""
    made_from = found.property_dependencies.get(name, ())
    inner = found[name].value
    members = inner if isinstance(inner, Mapping) else {}
    return replace(found, root=found[name], property_dependencies=dict.fromkeys(members, made_from))


def said_of(found: Resource, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Say of each outcome that it lies in this resource, where that is another than the one judged."""
    for outcome in outcomes:
        yield outcome if isinstance(outcome, NotApplicable) else replace(outcome, urn=outcome.urn or found.urn)


def called(found: Resource, name: str) -> Resource:
    """Return a resource under the name that an input gives it: what Azure names so, others name before it exists."""
    given = found[name]
    if given.value is None or not isinstance(found.root.value, Mapping):
        return found
    return replace(found, root=replace(found.root, value={**found.root.value, "name": given.value}))


def by_companions(
    found: Companions, name: str, judge: Callable[[Resource], Iterator[Outcome]], otherwise: Iterable[Outcome]
) -> Iterator[Outcome]:
    """Judge every companion. Where none is certain, say of which it is not known, or else what holds without one.

    ``name`` is the property by which a companion names its principal.
    """
    for each in found.certain:
        yield from said_of(each, judge(each))
    if not found.certain:
        yield from (outcome for each in found.undecided for outcome in said_of(each, [each[name].undecided]))
    if not (found.certain or found.undecided):
        yield from otherwise
