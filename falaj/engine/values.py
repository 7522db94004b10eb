"""What a resource property may hold, as Python values."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

MASK = "[secret]"
"""What is shown in the place of a secret."""


class Unknown(enum.Enum):
    """The type of ``UNKNOWN``: a value that exists only after the update."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
"""A value that a preview cannot know."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is never written or shown in plain."""

    value: Value
    """The plain value."""

    ciphertext: str | None = field(default=None, compare=False)
    """How the state file already holds it, so that an unchanged secret is not encrypted anew."""

    def __repr__(self) -> str:
        return "Secret([secret])"


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """A resource passed as a value."""

    urn: str
    """The resource."""

    id: Value = None
    """Its provider's identifier; None for a component."""

    package_version: str = ""
    """Version of the package that knows its type."""


@dataclass(frozen=True, slots=True)
class OutputValue:
    """A value together with the resources it came from, as transforms see it."""

    value: Value
    """The value, ``UNKNOWN`` when it is not known."""

    secret: bool = False
    """Whether it must stay hidden."""

    dependencies: tuple[str, ...] = ()
    """URNs of the resources it came from."""


Value: TypeAlias = (
    "bool | int | float | str | list[Value] | dict[str, Value] "
    "| Unknown | Secret | ResourceReference | OutputValue | None"
)


class PropertyMap(dict[str, Value]):
    """The properties of a resource. Never changed after it is made: its wire form is kept beside it."""

    __slots__ = ("wire",)

    wire: Any
    """Its protobuf form, once made or received; managed by ``falaj.engine.wire``."""

    def __init__(self, properties: Mapping[str, Value] | Iterable[tuple[str, Value]] = (), wire: object = None) -> None:
        super().__init__(properties)
        self.wire = wire

    def changed(self, **properties: Value) -> PropertyMap:
        """A copy with some properties set."""
        return PropertyMap({**self, **properties})

    def without(self, *names: str) -> PropertyMap:
        """A copy without some properties."""
        return PropertyMap({name: value for name, value in self.items() if name not in names})


def _any(value: Value, matches: Callable[[Value], bool]) -> bool:
    if matches(value):
        return True
    if isinstance(value, dict):
        return any(_any(item, matches) for item in value.values())
    if isinstance(value, list):
        return any(_any(item, matches) for item in value)
    if isinstance(value, Secret | OutputValue):
        return _any(value.value, matches)
    if isinstance(value, ResourceReference):
        return _any(value.id, matches)
    return False


def contains_unknown(value: Value) -> bool:
    """Whether the value, or anything inside it, is unknown."""
    return _any(value, lambda item: item is UNKNOWN)


def contains_secret(value: Value) -> bool:
    """Whether the value, or anything inside it, is secret."""
    return _any(value, lambda item: isinstance(item, Secret) or (isinstance(item, OutputValue) and item.secret))


def reveal(value: Value) -> Value:
    """The value without its secrecy; unknowns and references stay."""
    if isinstance(value, Secret | OutputValue):
        return reveal(value.value)
    if isinstance(value, dict):
        return {name: reveal(item) for name, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def plain(value: Value, *, show_secrets: bool = False) -> Any:  # noqa: ANN401 - JSON
    """The value for people and JSON: secrets masked unless asked for, references as id or URN, unknowns as None."""
    if isinstance(value, Secret):
        return plain(value.value, show_secrets=True) if show_secrets else MASK
    if isinstance(value, OutputValue):
        return MASK if value.secret and not show_secrets else plain(value.value, show_secrets=show_secrets)
    if isinstance(value, dict):
        return {name: plain(item, show_secrets=show_secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item, show_secrets=show_secrets) for item in value]
    if isinstance(value, ResourceReference):
        return value.urn if value.id is None else plain(value.id, show_secrets=show_secrets)
    return None if value is UNKNOWN else value


def downgrade(value: Value) -> Value:
    """The value with every ``OutputValue`` turned into the plain, secret or unknown value it stands for."""
    if isinstance(value, OutputValue):
        inner = downgrade(value.value)
        return Secret(inner) if value.secret and not isinstance(inner, Secret) else inner
    if isinstance(value, Secret):
        inner = downgrade(value.value)
        return value if inner is value.value else Secret(inner)
    if isinstance(value, dict):
        return {name: downgrade(item) for name, item in value.items()}
    if isinstance(value, list):
        return [downgrade(item) for item in value]
    return value


def downgrade_properties(properties: PropertyMap) -> PropertyMap:
    """The properties with every ``OutputValue`` downgraded; the very same map when there is none."""
    if not any(_any(value, lambda item: isinstance(item, OutputValue)) for value in properties.values()):
        return properties
    return PropertyMap({name: downgrade(value) for name, value in properties.items()})


def dependencies_of(value: Value) -> set[str]:
    """URNs of every resource that an ``OutputValue`` or reference inside the value names."""
    if isinstance(value, OutputValue):
        return set(value.dependencies) | dependencies_of(value.value)
    if isinstance(value, Secret):
        return dependencies_of(value.value)
    if isinstance(value, dict):
        return set().union(*(dependencies_of(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(dependencies_of(item) for item in value))
    return set()


def keep_secrecy(outputs: PropertyMap, inputs: PropertyMap) -> PropertyMap:
    """Outputs in which whatever an input of the same name held secret is secret again."""

    def annotate(after: Value, before: Value) -> Value:
        if isinstance(after, dict) and isinstance(before, dict):
            return {name: annotate(item, before.get(name)) for name, item in after.items()}
        return Secret(after) if contains_secret(before) and not isinstance(after, Secret) else after

    if not contains_secret(inputs):
        return outputs
    return PropertyMap({name: annotate(value, inputs.get(name)) for name, value in outputs.items()})
