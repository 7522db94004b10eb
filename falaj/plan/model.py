"""A plan as sorted data: every resource a stack asks for, as it stands in a golden file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from falaj.engine import urn as urns

UNKNOWN = "<known once made>"
"""Stands for a value that only the provider knows."""

SECRET = "<secret>"  # noqa: S105 - it stands in the place of one
"""Stands for a value that is never written in plain."""

_WIRE_NAMES = {
    "deleted_with": "deletedWith",
    "ignore_changes": "ignoreChanges",
    "property_dependencies": "propertyDependencies",
    "replace_on_changes": "replaceOnChanges",
    "replace_with": "replaceWith",
    "retain_on_delete": "retainOnDelete",
}


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """One resource as the program asks for it. Lists are sorted; unknown and secret inputs are marked, never shown."""

    urn: str
    """Its name."""

    type: str
    """Its type."""

    custom: bool = False
    """Whether a provider manages it; components are not custom."""

    read: bool = False
    """Whether it is only looked up; its life is not ours."""

    parent: str = ""
    """URN of the resource it belongs to; empty for the stack's own children."""

    provider: str = ""
    """URN of its provider; empty for the default one and for components."""

    protect: bool = False
    """Refuse to delete or replace it."""

    retain_on_delete: bool = False
    """Forget it instead of deleting it."""

    deleted_with: str = ""
    """URN of the resource whose deletion takes it along."""

    dependencies: tuple[str, ...] = ()
    """URNs it is made after."""

    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """URNs that each input comes from."""

    replace_with: tuple[str, ...] = ()
    """URNs whose replacement replaces it too."""

    ignore_changes: tuple[str, ...] = ()
    """Property paths whose changes are ignored."""

    replace_on_changes: tuple[str, ...] = ()
    """Property paths whose changes replace it."""

    aliases: tuple[str, ...] = ()
    """URNs it had before."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What the program gave, as JSON."""

    @property
    def name(self) -> str:
        """Its logical name."""
        return urns.name_of(self.urn)

    @property
    def component(self) -> bool:
        """Whether it only groups others."""
        return not self.custom

    def needs(self) -> frozenset[str]:
        """Return the URNs that must exist for it to exist: parent, provider, dependencies, what it is deleted with."""
        origins = (urn for origin in self.property_dependencies.values() for urn in origin)
        found = {*self.dependencies, *self.replace_with, *origins, self.parent, self.provider, self.deleted_with}
        return frozenset(found - {""})

    def to_json(self) -> dict[str, Any]:
        """Return it with only what is set, names as on Pulumi's wire."""
        shown: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value or each.name in ("urn", "type"):
                shown[_WIRE_NAMES.get(each.name, each.name)] = value
        found: dict[str, Any] = json.loads(json.dumps(shown, sort_keys=True))
        return found

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> PlannedResource:
        """Read what `to_json` wrote. Raises ``TypeError`` for anything else."""
        attributes = {wire: attribute for attribute, wire in _WIRE_NAMES.items()}
        given: dict[str, Any] = {
            attributes.get(name, name): tuple(value) if isinstance(value, list) else value
            for name, value in document.items()
        }
        origins = given.pop("property_dependencies", {})
        given["property_dependencies"] = {name: tuple(origin) for name, origin in origins.items()}
        return cls(**given)


@dataclass(frozen=True)
class Plan:
    """Every resource of a stack, sorted by URN. Refuses two with the same one with ``ValueError``."""

    resources: tuple[PlannedResource, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.resources, key=lambda each: each.urn))
        object.__setattr__(self, "resources", ordered)
        if len(self.by_urn) != len(ordered):
            raise ValueError("two resources of the plan have one URN")

    def __iter__(self) -> Iterator[PlannedResource]:
        return iter(self.resources)

    def __len__(self) -> int:
        return len(self.resources)

    @cached_property
    def by_urn(self) -> Mapping[str, PlannedResource]:
        """Every resource by its URN."""
        return {each.urn: each for each in self.resources}

    @cached_property
    def children(self) -> Mapping[str, tuple[PlannedResource, ...]]:
        """The resources that belong to each one, by its URN; under the empty one those at the top."""
        found: dict[str, list[PlannedResource]] = {}
        for each in self.resources:
            found.setdefault(each.parent if each.parent in self.by_urn else "", []).append(each)
        return {urn: tuple(below) for urn, below in found.items()}

    def below(self, urn: str) -> Iterator[PlannedResource]:
        """Yield everything that belongs to a resource, directly or not, a parent before its children."""
        for child in self.children.get(urn, ()):
            yield child
            yield from self.below(child.urn)

    def typed(self, *types: str) -> tuple[PlannedResource, ...]:
        """Return the resources of these types."""
        return tuple(each for each in self.resources if each.type in types)

    def to_text(self) -> str:
        """Return the plan as a golden file holds it: a JSON list, sorted, one property a line."""
        return json.dumps([each.to_json() for each in self.resources], indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Plan:
        """Read a golden file. Raises ``ValueError`` or ``TypeError`` for what is not one."""
        return cls.of(PlannedResource.from_json(entry) for entry in json.loads(text))

    @classmethod
    def of(cls, resources: Iterable[PlannedResource]) -> Plan:
        """Return the plan of these resources."""
        return cls(tuple(resources))
