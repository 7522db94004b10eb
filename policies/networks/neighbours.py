"""Objects of Kubernetes that lie in the namespace of another one and mean its pods."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace

from policies.joins import Companions
from policies.node import Node
from policies.outcomes import Undecided
from policies.resources import Plan, Resource, type_of
from policies.workloads.kinds import NAMESPACE

Means = Callable[[Resource], bool | None]
"""Whether an object means the pods; `None` when that is not known yet."""


@dataclass(frozen=True, slots=True)
class _Map:
    """The objects of one type by where they lie, so that a stack is read once."""

    by_place: dict[Hashable, list[Resource]] = field(default_factory=dict)
    by_certainty: dict[str, list[Resource]] = field(default_factory=dict)


def neighbours(found: Resource, plan: Plan, token: str, means: Means) -> Companions:
    """Find the objects of a type in the same namespace that mean the pods of a workload.

    While the cluster has not named a namespace yet, two objects share it when their metadata was made from the same.
    """
    certainty, where = _place(found)
    known = plan.index((_Map, token), lambda: _map(plan.of_type(token)))
    near = [(each, means(each)) for each in known.by_place.get((certainty, where), ())] if where is not None else []
    elsewhere = [
        each for other, members in known.by_certainty.items() if other != certainty or where is None for each in members
    ]
    return Companions(
        certain=tuple(each for each, answer in near if answer),
        undecided=(
            *(each for each, answer in near if answer is None),
            *(each for each in elsewhere if means(each) is not False),
        ),
    )


def undecided_by(found: Resource, *grounds: Node) -> Undecided:
    """Return that a verdict hangs on the first of these values that is not known yet, or on where the object lies."""
    for ground in (found["metadata"]["namespace"], *grounds):
        if not ground.known:
            return replace(ground.undecided, urn=found.urn)
    return Undecided(found["metadata"]["namespace"].path, urn=found.urn)


def _map(members: Iterator[Resource]) -> _Map:
    made = _Map()
    for member in members:
        certainty, where = _place(member)
        made.by_place.setdefault((certainty, where), []).append(member)
        made.by_certainty.setdefault(certainty, []).append(member)
    return made


def _place(found: Resource) -> tuple[str, Hashable]:
    """Return how a namespace is known, and which it is; nothing where neither its name nor its origin is known."""
    namespace = found["metadata"]["namespace"]
    if namespace.known:
        return "named", namespace.value or "default"
    origins = tuple(urn for urn in found.property_dependencies.get("metadata", ()) if type_of(urn) == NAMESPACE)
    return ("made", origins) if origins else ("unknown", None)
