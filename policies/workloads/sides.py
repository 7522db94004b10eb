"""Workloads that answer one endpoint together, each a side that the endpoint's router calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from falaj.catalog.model_annotations import ModelAnnotation
from policies.networks.neighbours import neighbours
from policies.node import Node
from policies.resources import Plan, Resource

DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"


def other_sides(workload: Resource, plan: Plan) -> Iterator[tuple[Resource, Node]]:
    """Yield each other workload that the same router calls, with how many pods it has.

    The router has to be in the stack too. Where nobody knows yet whether there is one, that word stands for a side.
    """
    router = _router_of(workload)
    if not router.known:
        yield workload, router
        return
    if router.value is None:
        return
    routers = neighbours(workload, plan, DEPLOYMENT, lambda each: _name_of(each) == router.value)
    if not routers.certain:
        return
    sides = neighbours(workload, plan, DEPLOYMENT, lambda each: _router_of(each).value == router.value)
    for side in sides.certain:
        if _name_of(side) != _name_of(workload):
            yield side, side["spec"]["replicas"]


def _name_of(workload: Resource) -> object:
    return workload["metadata"]["name"].value


def _router_of(workload: Resource) -> Node:
    return workload["metadata"]["annotations"][ModelAnnotation.ROUTED_BY]
