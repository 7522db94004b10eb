"""A namespace with the network policies that surround it, joined over the whole stack."""

from __future__ import annotations

from dataclasses import dataclass

from policies.kinds import NAMESPACE, NETWORK_POLICY
from policies.node import Node
from policies.resources import Plan, Resource, type_of
from policies.values import UNKNOWN


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


def as_room(namespace: Resource, plan: Plan) -> Room:
    """Join a namespace with the policies of the plan."""
    policies = [found for found in plan.resources if found.type == NETWORK_POLICY]
    return Room(
        namespace,
        tuple(policy for policy in policies if lies_inside(policy, namespace) is True),
        tuple(policy for policy in policies if lies_inside(policy, namespace) is None),
    )


def lies_inside(member: Resource, namespace: Resource) -> bool | None:
    """Tell whether an object goes into the namespace; `None` when that is not known yet.

    While the cluster has not named the namespace yet, an object belongs to it when its metadata was made from this
    namespace and from no other.
    """
    wanted, name = member["metadata"]["namespace"], namespace["metadata"]["name"]
    if wanted.known and name.known and name.value is not None:
        return wanted.value == name.value
    made_from = [urn for urn in member.property_dependencies.get("metadata", ()) if type_of(urn) == NAMESPACE]
    if wanted.value is UNKNOWN and name.value is UNKNOWN and made_from:
        return made_from == [namespace.urn]
    return None
