"""Resources of a plan as a check sees them, without any engine."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from policies.node import Node
from policies.parameters import Parameters
from policies.path import Path
from policies.stack import Stack, described

IndexT = TypeVar("IndexT")
ParametersT = TypeVar("ParametersT", bound=Parameters)

LIST_SUFFIX = "List"


def type_chain(urn: str) -> tuple[str, ...]:
    """Return the type tokens in a URN, from the outermost parent component to the resource itself."""
    return tuple(urn.split("::")[2].split("$"))


def type_of(urn: str) -> str:
    """Return the type token of the resource a URN names."""
    return type_chain(urn)[-1]


def member_type(token: str) -> str:
    """Return the type of the objects that a Kubernetes list holds; any other type as it is."""
    return token.removesuffix(LIST_SUFFIX) if token.startswith("kubernetes:") else token


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its type token, URN, properties by their wire names, and what each property was made from."""

    type: str
    urn: str
    root: Node
    """All its properties."""
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """For each top-level property, the URNs of the resources whose outputs went into it."""
    provider: Resource | None = None
    """The provider that makes it, with what it is configured with."""
    protected: bool = False
    """Whether the program protects it from being deleted."""
    parent: str | None = None
    """URN of the component it belongs to."""

    def __getitem__(self, name: str) -> Node:
        """Return a top-level property."""
        return self.root[name]

    @property
    def type_chain(self) -> tuple[str, ...]:
        """Type tokens from the outermost parent component to the resource itself, as its URN tells."""
        return type_chain(self.urn)

    @property
    def name(self) -> str:
        """Logical name in the program."""
        return self.urn.split("::", 3)[3]

    def traced(self, trace: Callable[[Path], None]) -> Resource:
        """Return the same resource, reporting each path that a check decides on."""
        return replace(self, root=replace(self.root, trace=trace))

    def unfolded(self) -> Iterator[Resource]:
        """Yield the resource itself, or the members of a Kubernetes list object, each as its own kind."""
        kind = member_type(self.type)
        if kind == self.type:
            yield self
            return
        for item in self["items"].items():
            yield replace(self, type=kind, root=item)


def resource(
    token: str,
    properties: Mapping[str, object],
    *,
    urn: str | None = None,
    property_dependencies: Mapping[str, Sequence[str]] | None = None,
    provider: Resource | None = None,
    protected: bool = False,
    parent: str | None = None,
) -> Resource:
    """Make a resource from plain values; without a URN, one named ``example`` at the top of a stack."""
    return Resource(
        type=token,
        urn=urn or f"urn:pulumi:stack::project::{token}::example",
        root=Node(properties),
        property_dependencies=property_dependencies or {},
        provider=provider,
        protected=protected,
        parent=parent,
    )


@dataclass(frozen=True)
class Plan:
    """What surrounds a resource: the day, the stack's settings and, for stack-wide controls, all resources."""

    today: date
    """The day of the judgement: no control looks at a clock."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Stack configuration by full key, as text."""
    resources: tuple[Resource, ...] = ()
    """Every resource of the stack, lists unfolded; empty while single resources are judged."""
    given: Mapping[type[Parameters], Parameters] = field(default_factory=dict)
    """What the operator has set, by the kind of parameters."""

    @cached_property
    def stack(self) -> Stack:
        """What the configuration says of the stack."""
        return described(self.config)

    def of_type(self, *tokens: str) -> Iterator[Resource]:
        """Yield the resources of these types, in the order of the stack."""
        for token in tokens:
            yield from self._by_type.get(token, ())

    def parameters(self, kind: type[ParametersT]) -> ParametersT:
        """Return what the operator has set of this kind, or its defaults."""
        given = self.given.get(kind)
        return given if isinstance(given, kind) else kind()

    def index(self, key: Hashable, build: Callable[[], IndexT]) -> IndexT:
        """Return what ``build`` made for this key when it was first asked for, so that a stack is read through once."""
        if key not in self._indexes:
            self._indexes[key] = build()
        found: IndexT = self._indexes[key]
        return found

    @cached_property
    def _indexes(self) -> dict[Hashable, Any]:
        return {}

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for each in self.resources:
            found.setdefault(each.type, []).append(each)
        return found
