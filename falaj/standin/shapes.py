"""What a resource type looks like: its properties, their shapes, and the structures and choices inside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Any


class Kind(StrEnum):
    """What a value may be."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ANYTHING = "anything"
    """The SDK does not say."""
    FILE = "file"
    """An asset or archive."""
    LIST = "list"
    MAP = "map"
    OBJECT = "object"
    CHOICE = "choice"
    """One of the values that the SDK lists."""
    UNION = "union"
    CONSTANT = "constant"
    """Exactly one value, by which a server tells structures apart."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one value."""

    kind: Kind
    of: tuple[Shape, ...] = ()
    """What a list or map holds; what a union allows."""

    name: str = ""
    """The structure of an object, the choices of a choice, the value of a constant."""

    def as_json(self) -> Json:
        """This shape as JSON: a word, or a list that begins with one."""
        if self.name:
            return [self.kind.value, self.name]
        return [self.kind.value, *(each.as_json() for each in self.of)] if self.of else self.kind.value

    @classmethod
    def from_json(cls, text: Json) -> Shape:
        """The shape that ``as_json`` gave."""
        if isinstance(text, str):
            return cls(Kind(text))
        kind, *rest = text
        if kind in (Kind.OBJECT, Kind.CHOICE, Kind.CONSTANT):
            return cls(Kind(kind), name=rest[0])
        return cls(Kind(kind), tuple(cls.from_json(each) for each in rest))


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a resource or of a structure inside it."""

    shape: Shape
    required: bool
    """An input that must be given; an output that is always there."""


Structure: TypeAlias = Mapping[str, Property]
"""Properties by their names on the wire."""


def structure_as_json(structure: Structure) -> Json:
    """A structure as JSON."""
    return {name: [each.shape.as_json(), each.required] for name, each in structure.items()}


def structure_from_json(text: Json) -> Structure:
    """The structure that ``structure_as_json`` gave."""
    return {name: Property(Shape.from_json(shape), required) for name, (shape, required) in text.items()}


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One resource type of an SDK."""

    token: str
    inputs: Structure
    """What may be given."""

    outputs: Structure
    """What a resource has once it exists; most inputs are among them."""

    secrets: tuple[str, ...]
    """Outputs that the SDK treats as secret."""

    structures: dict[str, Structure] = field(repr=False)
    """Structures inside, by reference."""

    choices: Mapping[str, tuple[Json, ...]] = field(repr=False)
    """Values that the SDK lists, by reference."""

    unread: dict[str, Json] = field(default_factory=dict, repr=False)
    """Structures that are JSON until somebody asks for them."""

    @property
    def server_made(self) -> tuple[str, ...]:
        """Properties that only the server makes."""
        return tuple(sorted(self.outputs.keys() - self.inputs.keys()))

    def structure(self, reference: str) -> Structure:
        """The structure with this reference."""
        if reference not in self.structures:
            self.structures[reference] = structure_from_json(self.unread[reference])
        return self.structures[reference]

    def as_json(self) -> Json:
        """This type as JSON."""
        return {
            "token": self.token,
            "inputs": structure_as_json(self.inputs),
            "outputs": structure_as_json(self.outputs),
            "secrets": list(self.secrets),
            "structures": {name: structure_as_json(each) for name, each in self.structures.items()},
            "choices": {name: list(each) for name, each in self.choices.items()},
        }

    @classmethod
    def from_json(cls, text: Json) -> ResourceType:
        """The type that ``as_json`` gave; its structures are read when asked for."""
        return cls(
            token=text["token"],
            inputs=structure_from_json(text["inputs"]),
            outputs=structure_from_json(text["outputs"]),
            secrets=tuple(text["secrets"]),
            structures={},
            choices={name: tuple(each) for name, each in text["choices"].items()},
            unread=text["structures"],
        )
