"""A namespace with the network policies that surround it, joined over the whole stack."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.node import Node
from policies.resources import Plan, Resource, type_of
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE, NETWORK_POLICY


@dataclass(frozen=True, slots=True)
class Room:
    """A namespace that the stack makes and its walls."""

    namespace: Resource
    policies: tuple[Resource, ...]
    """NetworkPolicies inside it."""
    undecided_policies: tuple[Resource, ...]
    """NetworkPolicies of which it is not known yet whether they are inside it."""

    @property
    def name(self) -> Node:
        """Its name in the cluster."""
        return self.namespace["metadata"]["name"]


@dataclass(frozen=True, slots=True)
class _Walls:
    """NetworkPolicies by where they lie, so that a stack is read once, however many namespaces it has."""

    known: list[Resource] = field(default_factory=list)
    """Those whose namespace is named."""
    by_name: dict[object, list[Resource]] = field(default_factory=dict)
    unknown: list[Resource] = field(default_factory=list)
    """Those whose namespace the cluster has not named yet."""
    by_origin: dict[tuple[str, ...], list[Resource]] = field(default_factory=dict)
    """The same by the namespaces that their metadata was made from."""


def as_room(namespace: Resource, plan: Plan) -> Room:
    """Join a namespace with the policies of the plan.

    While the cluster has not named the namespace yet, a policy belongs to it when its metadata was made from this
    namespace and from no other.
    """
    walls, name = plan.index(_Walls, lambda: _walls(plan)), namespace["metadata"]["name"]
    if name.known and name.value is not None:
        return Room(namespace, tuple(walls.by_name.get(name.value, ())), tuple(walls.unknown))
    if name.value is UNKNOWN:
        inside = walls.by_origin.get((namespace.urn,), ())
        return Room(namespace, tuple(inside), (*walls.known, *walls.by_origin.get((), ())))
    return Room(namespace, (), (*walls.known, *walls.unknown))


def _walls(plan: Plan) -> _Walls:
    found = _Walls()
    for policy in plan.of_type(NETWORK_POLICY):
        wanted = policy["metadata"]["namespace"]
        if wanted.known:
            found.known.append(policy)
            found.by_name.setdefault(wanted.value, []).append(policy)
        else:
            made_from = policy.property_dependencies.get("metadata", ())
            found.unknown.append(policy)
            found.by_origin.setdefault(tuple(urn for urn in made_from if type_of(urn) == NAMESPACE), []).append(policy)
    return found
