"""What a change of inputs means for a resource: nothing, an update in place, or another one in its stead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from falaj.standin.library import package_of, resource_type
from falaj.standin.naming import address_inputs, automatic_name, naming_input
from falaj.standin.notes import note
from falaj.standin.wire import revealed

Path: TypeAlias = tuple[str | int, ...]

_NEVER_IN_PLACE = {"azure-native": ("location",), "aws": ("region",)}
"""Inputs that place a resource, whatever its type."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How the inputs of a resource differ from those it was made with."""

    changed: tuple[str, ...]
    """Paths of the inputs that differ."""

    replacing: tuple[str, ...]
    """Those among them that can not be changed in place."""

    delete_first: bool
    """Whether the old one has to go before the new one can be made: both would have the name that the program chose."""


def replacing_inputs(token: str) -> tuple[str, ...]:
    """Inputs of a type that can not be changed in place, as dotted paths."""
    package, found = package_of(token), resource_type(token)
    if found is None:
        return ()
    noted = note(package, token)
    by = naming_input(package, found, noted)
    address = address_inputs(found) if package == "azure-native" else ()
    placing = [name for name in _NEVER_IN_PLACE.get(package, ()) if name in found.inputs]
    # Where nobody noted what replaces a type, another name is taken for another resource, as it mostly is.
    named = [by] if by and not noted.source else []
    return tuple(dict.fromkeys([*address, *placing, *named, *noted.replaces]))


def difference(token: str, urn: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """How new inputs differ from old ones. An unknown value differs from every known one."""
    paths = list(_changed(_own(old), _own(new), ()))
    fixed = [tuple(path.split(".")) for path in replacing_inputs(token)]
    replacing = [path for path in paths if any(_is_within(path, each) for each in fixed)]
    package, found = package_of(token), resource_type(token)
    by = naming_input(package, found, note(package, token)) if found is not None else ""
    chosen = revealed(new.get(by)) if by else None
    same_name = chosen is not None and chosen == revealed(old.get(by))
    automatic = found is not None and chosen == automatic_name(package, found, by, urn)
    return Difference(
        changed=tuple(map(_text, paths)),
        replacing=tuple(map(_text, replacing)),
        delete_first=bool(replacing) and same_name and not automatic,
    )


def _own(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if not name.startswith("__")}


def _changed(old: object, new: object, path: Path) -> Iterator[Path]:
    """Paths of the leaves that differ; what only one side has counts leaf by leaf."""
    before, after = revealed(old), revealed(new)
    if before == after:
        return
    if isinstance(before, dict | None) and isinstance(after, dict | None) and (before or after):
        for name in sorted({**(before or {}), **(after or {})}):
            yield from _changed((before or {}).get(name), (after or {}).get(name), (*path, name))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from _changed(_item(before, index), _item(after, index), (*path, index))
    else:
        yield path


def _item(items: list[Any], index: int) -> object:
    return items[index] if index < len(items) else None


def _is_within(path: Path, fixed: tuple[str, ...]) -> bool:
    """Whether a changed path lies at or below a fixed one, or is an object above it whose leaves nobody knows."""
    names = tuple(part for part in path if isinstance(part, str))
    shorter = min(len(names), len(fixed))
    return names[:shorter] == fixed[:shorter]


def _text(path: Path) -> str:
    """A path as Pulumi writes it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
