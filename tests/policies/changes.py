"""Copies of resources with one value changed, for tests that ask whether a verdict follows."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policies.control import Control
from policies.node import Node
from policies.path import Path
from policies.resources import Resource
from policies.workloads.workload import expand

STEP = re.compile(r"\[\*\]|\[\"(?P<quoted>[^\"]+)\"\]|\.?(?P<name>[^.\[]+)")


def patterns_read(control: Control[Any], resource: Resource) -> tuple[str, ...]:
    """Return the path patterns that a control declares to read from a resource of this type.

    A read of one type alone begins with the type's name, or with its whole token where two types share a name.
    """
    declared: list[str] = []
    for read in control.reads:
        names, bracket, rest = read.partition("[")
        kind, separator, first = names.rpartition(":")
        if not separator:
            declared.extend(expand(read, resource.type))
        elif resource.type == kind or resource.type.endswith(f":{kind}"):
            declared.append(first + bracket + rest)
    return tuple(declared)


def steps(pattern: str) -> list[str | None]:
    """Split a pattern into names, with None for any element of a list."""
    return [match["quoted"] or match["name"] for match in STEP.finditer(pattern)]


def matching(value: object, pattern: str) -> list[Path]:
    """Return each path of a value that the pattern can mean, the last name present or not."""
    found = [(Path(), value)]
    for step in steps(pattern):
        inner: list[tuple[Path, object]] = []
        for path, parent in found:
            if step is None and isinstance(parent, list):
                inner.extend((path / index, element) for index, element in enumerate(parent))
            elif step is not None and isinstance(parent, Mapping):
                inner.append((path / step, parent.get(step)))
        found = inner
    return [path for path, _ in found]


def leaves(value: object, path: Path | None = None) -> Iterator[tuple[Path, object]]:
    """Yield every value that holds no other, with its path."""
    at = path or Path()
    if isinstance(value, Mapping) and value:
        for name, member in value.items():
            yield from leaves(member, at / name)
    elif isinstance(value, list) and value:
        for index, element in enumerate(value):
            yield from leaves(element, at / index)
    else:
        yield at, value


def value_at(value: Any, path: Path) -> Any:  # noqa: ANN401 - a property may be anything
    """Return the value at a path, None where it leads nowhere."""
    for part in path.parts:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def with_value(resource: Resource, path: Path, value: object) -> Resource:
    """Return the resource with another value at the path."""
    properties: Any = copy.deepcopy(resource.root.value)
    parent = value_at(properties, Path(path.parts[:-1]))
    parent[path.parts[-1]] = value
    return replace(resource, root=Node(properties))


def without(resource: Resource, path: Path) -> Resource:
    """Return the resource without the value at the path."""
    properties: Any = copy.deepcopy(resource.root.value)
    del value_at(properties, Path(path.parts[:-1]))[path.parts[-1]]
    return replace(resource, root=Node(properties))


def covered(pattern: str, declared: tuple[str, ...]) -> bool:
    """Tell whether a path pattern is one of those declared, or lies above or below one."""
    mine = steps(pattern)
    for each in declared:
        theirs = steps(each)
        shared = min(len(mine), len(theirs))
        if mine[:shared] == theirs[:shared]:
            return True
    return False
