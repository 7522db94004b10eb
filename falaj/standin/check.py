"""Whether a provider would take these inputs: names, shapes, choices, required ones, those that only a server makes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from falaj.standin import places
from falaj.standin.allowed import not_allowed
from falaj.standin.library import resource_type
from falaj.standin.notes import note
from falaj.standin.sdk import sdk
from falaj.standin.shapes import Kind, ResourceType, Shape, Structure
from falaj.standin.wire import is_file, is_unknown, revealed, setting

_TYPES = {
    Kind.STRING: "a string",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.FILE: "an asset or archive",
    Kind.LIST: "a list",
    Kind.MAP: "a map",
    Kind.OBJECT: "an object",
}

_CLASSES = {Kind.STRING: str, Kind.BOOLEAN: bool, Kind.LIST: list, Kind.MAP: dict, Kind.OBJECT: dict}
_LONGEST = 80
_ENGINE_SETTINGS = ("version", "pluginDownloadURL")


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason why a provider would refuse a resource."""

    property: str
    """Path of the property on the wire; empty when the resource as a whole is refused."""

    reason: str


def failures(package: str, token: str, inputs: Mapping[str, Any]) -> list[Failure]:
    """Everything that the provider of the package would refuse; empty when it would take the inputs.

    Inputs are as on the wire: plain JSON, in which unknown values and secrets are marked as Pulumi marks them.
    """
    found = resource_type(token)
    if found is None:
        return [
            Failure(
                "", f"{package} {sdk(package).version} has no type {token}{_nearest(token, sdk(package).resources)}"
            )
        ]
    checking = _Checking(package, found)
    given = {name: value for name, value in inputs.items() if not name.startswith("__")}
    if token.startswith("pulumi:providers:"):
        given = {name: setting(value) for name, value in given.items() if name not in _ENGINE_SETTINGS}
    return [
        *checking.structure(found.inputs, given, "", found.outputs),
        *(
            Failure(at, _other(value, allowed))
            for at, value, allowed in not_allowed(note(package, token).allows, given)
        ),
        *(Failure(path, reason) for path, reason in places.refused(package, token, given)),
    ]


@dataclass(frozen=True, slots=True)
class _Checking:
    """The check of one resource."""

    package: str
    type: ResourceType

    def structure(
        self, expected: Structure, given: Mapping[str, Any], path: str, server_made: Mapping[str, Any]
    ) -> Iterator[Failure]:
        """The failures of an object: its properties one by one, then what is missing."""
        for name, value in given.items():
            here = f"{path}.{name}" if path else name
            if name in expected:
                yield from self.value(expected[name].shape, value, here)
            elif name in server_made:
                yield Failure(here, "is made by the server and can not be given")
            else:
                yield Failure(here, f"there is no such property{_nearest(name, expected)}")
        for name, each in expected.items():
            if each.required and given.get(name) is None:
                yield Failure(f"{path}.{name}" if path else name, "is required and was not given")

    def value(self, shape: Shape, value: object, path: str) -> Iterator[Failure]:
        """The failures of one value against the shape it should have."""
        given = revealed(value)
        if given is None or is_unknown(given) or shape.kind is Kind.ANYTHING:
            return
        match shape.kind:
            case Kind.UNION:
                yield from self._one_of(shape.of, given, path)
            case Kind.CHOICE:
                yield from self._choice(shape, given, path)
            case Kind.CONSTANT:
                if given != shape.name:
                    yield Failure(path, f"found {_shown(given)}, allowed: {_shown(shape.name)}")
            case kind if not _fits(kind, given):
                yield Failure(path, f"expected {_TYPES[kind]}, found {_shown(given)}")
            case Kind.LIST | Kind.MAP | Kind.OBJECT:
                yield from self._inside(shape, given, path)

    def _inside(self, shape: Shape, given: Any, path: str) -> Iterator[Failure]:  # noqa: ANN401 - a list or object
        if shape.kind is Kind.OBJECT:
            yield from self.structure(self.type.structure(shape.name), given, path, {})
            return
        items = enumerate(given) if shape.kind is Kind.LIST else given.items()
        for key, item in items:
            yield from self.value(shape.of[0], item, f"{path}[{json.dumps(key)}]")

    def _choice(self, shape: Shape, given: object, path: str) -> Iterator[Failure]:
        allowed = self.type.choices[shape.name]
        if given not in allowed:
            yield Failure(path, _other(given, allowed))

    def _one_of(self, shapes: tuple[Shape, ...], given: object, path: str) -> Iterator[Failure]:
        """The failures against the shape that was most likely meant."""
        choices = [shape for shape in shapes if shape.kind is Kind.CHOICE]
        if choices and isinstance(given, str):
            if self.package != "aws":
                yield from self._choice(choices[0], given, path)
            return
        each = [list(self.value(shape, given, path)) for shape in shapes]
        if all(each):
            told_apart = [
                found
                for found, shape in zip(each, shapes, strict=True)
                if isinstance(given, dict) and self._is_told_apart(shape, given)
            ]
            yield from min(told_apart or each, key=len)
        elif isinstance(given, str) and any(shape.kind is Kind.OBJECT for shape in shapes):
            yield from _document(given, path)

    def _is_told_apart(self, shape: Shape, given: dict[str, Any]) -> bool:
        """Whether the value says by a constant that it is of this shape."""
        if shape.kind is not Kind.OBJECT:
            return False
        constants = {
            name: each.shape.name
            for name, each in self.type.structure(shape.name).items()
            if each.shape.kind is Kind.CONSTANT
        }
        return bool(constants) and all(given.get(name) == value for name, value in constants.items())


def _other(given: object, allowed: Sequence[Any]) -> str:
    nearest = _nearest(given, allowed) if isinstance(given, str) else ""
    return f"found {_shown(given)}, allowed: {', '.join(map(str, allowed))}{nearest}"


def _document(given: str, path: str) -> Iterator[Failure]:
    """A document that may be given as an object or as its text, which then has to be JSON."""
    try:
        json.loads(given)
    except ValueError as error:
        yield Failure(path, f"is not JSON: {error}")


def _fits(kind: Kind, given: object) -> bool:
    if kind is Kind.FILE:
        return is_file(given)
    if kind in (Kind.INTEGER, Kind.NUMBER):
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        return is_number and (kind is Kind.NUMBER or float(cast("float", given)).is_integer())
    return isinstance(given, _CLASSES[kind])


def _nearest(name: str, known: Any) -> str:  # noqa: ANN401 - any collection of names
    names = [str(each) for each in known]
    by_lower_case = {each.lower(): each for each in names}
    close = difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
    return f"; the nearest is {by_lower_case[close[0]]}" if close else ""


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
