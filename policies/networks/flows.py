"""The data flows a component declares, with what the stack says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from policies.node import Node
from policies.resources import Plan, Resource
from policies.stack import Stack


@dataclass(frozen=True, slots=True)
class DeclaredFlows:
    """What one component says it moves."""

    flows: Node
    """Its ``dataFlows`` input: a list of `falaj.catalog.data_flows.DataFlow` in plain form."""
    stack: Stack
    """The stack that the component belongs to."""


def as_declared_flows(component: Resource, plan: Plan) -> DeclaredFlows:
    """View a component by its declared flows."""
    return DeclaredFlows(component["dataFlows"], plan.stack)
