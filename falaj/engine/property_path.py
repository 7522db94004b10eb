"""Paths into a resource's properties, such as ``spec.template.containers[0].image`` or ``tags["a.b"]``."""

from __future__ import annotations

import re
from typing import TypeAlias

from falaj.engine.values import PropertyMap, Secret, Value

PropertyPath: TypeAlias = tuple[str | int, ...]
"""Names, indexes and ``*`` for all of either."""

_PART = re.compile(r"""\.?([^.\["\]]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]""")


def parse(text: str) -> PropertyPath:
    """The parts of a path. Raises ``ValueError`` for text that is not one."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is not a property path")
        name, index, quoted = match.groups()
        if name is not None:
            parts.append(name)
        elif quoted is not None:
            parts.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            parts.append(int(index) if index.isdigit() else index)
        position = match.end()
    return tuple(parts)


def contains(path: PropertyPath, other: PropertyPath) -> bool:
    """Whether ``other`` is at or below ``path``."""
    if len(other) < len(path):
        return False
    return all(part in ("*", found) for part, found in zip(path, other, strict=False))


def reset(path: PropertyPath, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, bool]:
    """``new`` with what lies at ``path`` as it is in ``old``; and whether that could be done."""
    changed, done = _reset(path, dict(old), dict(new))
    return (PropertyMap(changed), True) if done and isinstance(changed, dict) else (new, False)


def _reset(path: PropertyPath, old: Value, new: Value) -> tuple[Value, bool]:
    if isinstance(new, Secret):
        inner, done = _reset(path, old.value if isinstance(old, Secret) else old, new.value)
        return Secret(inner), done
    before = old.value if isinstance(old, Secret) else old
    if not path:
        return old, True
    if isinstance(new, dict) and isinstance(before, dict):
        names = sorted(before.keys() | new.keys()) if path[0] == "*" else [str(path[0])]
        return _reset_names(names, path[1:], before, new)
    if isinstance(new, list) and isinstance(before, list):
        return _reset_indexes(path, before, new)
    return new, False


def _reset_names(
    names: list[str], rest: PropertyPath, old: dict[str, Value], new: dict[str, Value]
) -> tuple[Value, bool]:
    changed = dict(new)
    for name in names:
        if name not in old and name not in new:
            continue
        if not rest:
            changed.pop(name, None)
            if name in old:
                changed[name] = old[name]
            continue
        if (name in old) != (name in new):
            return new, False
        changed[name], done = _reset(rest, old[name], new[name])
        if not done:
            return new, False
    return changed, True


def _reset_indexes(path: PropertyPath, old: list[Value], new: list[Value]) -> tuple[Value, bool]:
    index = path[0]
    if index == "*":
        if len(old) != len(new):
            return new, False
        indexes = list(range(len(new)))
    elif isinstance(index, int) and index < len(old) and index < len(new):
        indexes = [index]
    else:
        return new, False
    changed = list(new)
    for position in indexes:
        changed[position], done = _reset(path[1:], old[position], new[position])
        if not done:
            return new, False
    return changed, True
