"""What is known of machine sizes by their names alone: whether they have a GPU, and who sells them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from falaj.catalog.offers import absences, family_of, machine_sizes
from falaj.catalog.regions import regions
from policies.capacity.pools import NODE_GROUP, Pool
from policies.node import Node
from policies.resources import Plan, Resource

LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"


def has_gpu(size: object) -> bool:
    """Tell whether machines of a size have GPUs or the like, by what any region of the catalog sells or lacks."""
    if not isinstance(size, str):
        return False
    family = family_of(size)
    for region in regions():
        offer, absence = machine_sizes(region).get(size), absences(region).get(family)
        if (offer is not None and offer.gpu is not None) or (absence is not None and absence.accelerator is not None):
            return True
    return False


def sizes_of(pool: Pool, plan: Plan) -> Iterator[Node]:
    """Yield the sizes of a pool's machines; a node group that names none takes that of its launch template."""
    named = list(pool.sizes)
    yield from named
    for template in () if named else templates_of(pool, plan):
        if template["instanceType"].value is not None:
            yield template["instanceType"]


def templates_of(pool: Pool, plan: Plan) -> list[Resource]:
    """Return the launch templates of a node group that the stack makes."""
    if pool.resource.type != NODE_GROUP:
        return []
    given = pool.root["launchTemplate"]
    origins = pool.resource.property_dependencies.get("launchTemplate", ())
    name = given["name"].value
    return [
        each
        for each in plan.of_type(LAUNCH_TEMPLATE)
        if each.urn in origins or (isinstance(name, str) and each["name"].value == name)
    ]
