"""The data flows a component declares, with what the operator says about the stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.node import Node
from policies.resources import Plan, Resource


@dataclass(frozen=True, slots=True)
class DeclaredFlows:
    """What one component says it moves."""

    flows: Node
    """Its ``dataFlows`` input: a list of `falaj.catalog.data_flows.DataFlow` in plain form."""
    config: Mapping[str, str]
    """The stack's configuration."""


def as_declared_flows(component: Resource, plan: Plan) -> DeclaredFlows:
    """View a component by its declared flows."""
    return DeclaredFlows(component["dataFlows"], plan.config)
