"""What a value that is not known yet was made from, as far as the plan tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from falaj.catalog.providers import Provider
from policies.geography.places import region_of_arn, uae_regions
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, type_of
from policies.values import UNKNOWN


def origins_of(node: Node, owner: Resource) -> Sequence[str]:
    """Return the URNs of what went into the top-level property that a value belongs to."""
    return owner.property_dependencies.get(str(node.path.parts[0]), ())


def is_left_out(node: Node, owner: Resource) -> bool:
    """Tell whether the program left a value to the provider, which tells it only once the resource is made."""
    return node.value is UNKNOWN and not origins_of(node, owner)


def is_made_by_aws(node: Node, owner: Resource) -> bool:
    """Tell whether a value that is not known yet is made by AWS resources of this stack alone."""
    origins = origins_of(node, owner)
    return not node.known and bool(origins) and all(type_of(urn).startswith("aws:") for urn in origins)


def arn_lies_home(node: Node, owner: Resource) -> Iterator[Outcome]:
    """Judge the region an ARN names. RES-001 judges where the resources of this stack lie that one is made by."""
    if not is_made_by_aws(node, owner):
        home = uae_regions(Provider.AWS)
        yield from node.must(lambda value: region_of_arn(value) in home, f"an ARN in {', '.join(home)}")
