"""What changed between two sets of inputs, path by path, and whether the object has to be replaced for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from falaj.engine.kubernetes.immutable import IDENTITY, Immutable, Path, starts
from falaj.engine.kubernetes.kinds import group_of
from falaj.engine.kubernetes.values import Json

_MISSING = object()
_QUOTED = re.compile(r'[."\[\]]')
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


class ChangeKind(Enum):
    """How a property changed."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One property that changed, and whether that forces a replacement."""

    path: Path
    kind: ChangeKind
    replaces: bool = False

    @property
    def text(self) -> str:
        """The path in Pulumi's notation: ``spec.ports[0].port``, ``metadata.labels["app.kubernetes.io/name"]``."""
        return write_path(self.path)


def compare(old: Mapping[str, Any], new: Mapping[str, Any], immutable: Immutable) -> list[Change]:
    """List the changes from old to new, each at the shortest path that holds the whole of it."""
    found = []
    for path, kind in _walk((), old, new):
        if path == ("apiVersion",):
            replaces = group_of(str(old.get("apiVersion"))) != group_of(str(new.get("apiVersion")))
        else:
            replaces = IDENTITY.covers(path) or immutable.covers(path)
        found.append(Change(path, kind, replaces))
    return found


def _walk(path: Path, old: Json, new: Json) -> Iterator[tuple[Path, ChangeKind]]:
    if old is _MISSING:
        yield path, ChangeKind.ADD
    elif new is _MISSING:
        yield path, ChangeKind.DELETE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from _walk((*path, name), old.get(name, _MISSING), new.get(name, _MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _walk((*path, index), _item(old, index), _item(new, index))
    elif not _same(old, new):
        yield path, ChangeKind.UPDATE


def _item(items: list[Any], index: int) -> Json:
    return items[index] if index < len(items) else _MISSING


def _same(old: Json, new: Json) -> bool:
    """Compare scalars: 1 and 1.0 are the same, 1 and True are not."""
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def ignore(changes: Iterable[Change], patterns: Iterable[str]) -> list[Change]:
    """Leave out the changes at or below the given property paths."""
    read = [read_path(pattern) for pattern in patterns]
    return [change for change in changes if not any(starts(change.path, pattern) for pattern in read)]


def write_path(path: Path) -> str:
    """Write a path in Pulumi's notation."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _QUOTED.search(step) or not step:
            text += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
        else:
            text += f".{step}" if text else step
    return text


def read_path(text: str) -> Path:
    """Read a path in Pulumi's notation; ``*`` in it stands for any step."""
    steps: list[str | int] = []
    for quoted, position, name in _STEP.findall(text):
        if position:
            steps.append(int(position) if position.isdigit() else position)
        else:
            steps.append(name or re.sub(r"\\(.)", r"\1", quoted))
    return tuple(steps)
