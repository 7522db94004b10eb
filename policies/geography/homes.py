"""The region a resource lies in: its own, else its provider's, else the stack's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from falaj.catalog.regions import Region, regions
from policies.geography.places import normalised
from policies.node import Node
from policies.outcomes import Undecided
from policies.path import Path
from policies.resources import Plan, Resource

CONFIGURED = Path() / "configuration" / "region"


@dataclass(frozen=True, slots=True)
class Home:
    """Where a resource lies, as far as its plan says."""

    node: Node
    """The value that says it."""
    urn: str
    """The resource that holds the value."""

    @property
    def key(self) -> str | None:
        """The region as a key of the catalog; nothing where it isn't known or nobody said."""
        return normalised(self.node.value)

    @property
    def region(self) -> Region | None:
        """What the catalog knows of it."""
        return regions().get(self.key) if self.key is not None else None

    @property
    def undecided(self) -> Undecided:
        """The outcome for a verdict that hangs on a region nobody knows."""
        if self.node.value is None:
            return Undecided(self.node.path, "the resource, its provider or the stack has to name the region")
        if self.node.known:
            return Undecided(self.node.path, f"no region of the catalog is named {self.node.value}", self.urn)
        return replace(self.node.undecided, urn=self.urn)


def home_of(found: Resource, plan: Plan) -> Home:
    """Return where a resource lies."""
    for holder, node in _said(found):
        if node.value is not None:
            return Home(node, holder.urn)
    return Home(Node(plan.stack.region, CONFIGURED), found.urn)


def _said(found: Resource) -> Iterator[tuple[Resource, Node]]:
    for holder in (found, found.provider):
        if holder is not None:
            yield holder, holder[_property(found)]


def _property(found: Resource) -> str:
    return "region" if found.type.startswith("aws:") else "location"
