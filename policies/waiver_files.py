"""Waivers as they are written down: one YAML file each, all of them read or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from policies.control import Control
from policies.controls import load
from policies.unreadable import Problem, UnreadableError
from policies.values import shown
from policies.waivers import Waiver, objections

FOLDER: Final = Path(__file__).parent / "waivers"
"""Where waivers lie unless told otherwise."""
ENDING: Final = ".yaml"
FIELDS: Final = ", ".join(Waiver.model_fields)
ONE_MAPPING: Final = f"one mapping with the fields {FIELDS}"
_NULL: Final = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True, order=True)
class _Mistake:
    line: int
    wrong: str
    allowed: str


class _MistakenError(Exception):
    """A file holds mistakes."""

    def __init__(self, mistakes: Iterable[_Mistake]) -> None:
        super().__init__()
        self.mistakes = sorted(mistakes)


@dataclass(frozen=True, slots=True)
class _Written:
    """What a file says, with the line of each field."""

    line: int
    """Where it begins."""
    values: Mapping[str, object]
    lines: Mapping[str, tuple[int, ...]]
    """For each field the line of its name, then those of its elements, where it is a list."""

    def line_of(self, field: str, element: int | None = None) -> int:
        own = self.lines.get(field, (self.line,))
        return own[0] if element is None else own[element + 1]


def read_waivers(folder: Path = FOLDER, *, controls: Iterable[Control[Any]] | None = None) -> tuple[Waiver, ...]:
    """Read every waiver of a folder, in the order of the files' names; none where there is no folder.

    ``controls`` are those of the pack unless given. Raises ``UnreadableError`` with one problem for each broken file:
    a file that is mistaken in one place lets nothing be.
    """
    known = {control.id: control for control in (load() if controls is None else controls)}
    read: dict[str, Path] = {}
    waivers: list[Waiver] = []
    problems: list[Problem] = []
    for file in _files(folder):
        try:
            waivers.append(_waiver(file, known, read))
        except _MistakenError as error:
            problems.append(_problem(file, error.mistakes))
    if problems:
        raise UnreadableError(*problems)
    return tuple(waivers)


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise UnreadableError(Problem(str(folder), None, "is no folder", f"a folder of waivers that end in {ENDING}"))
    return sorted(file for file in folder.iterdir() if file.suffix in (ENDING, ".yml"))


def _problem(file: Path, mistakes: Sequence[_Mistake]) -> Problem:
    """Put all that is wrong in a file into one problem, which stands at the first."""
    first, *others = mistakes
    rest = [f"line {other.line}: {other.wrong}; expected {other.allowed}" for other in others]
    return Problem(str(file), first.line, first.wrong, "; ".join((first.allowed, *rest)))


def _waiver(file: Path, controls: Mapping[str, Control[Any]], read: dict[str, Path]) -> Waiver:
    """Read one file; ``read`` tells which file has which id, and is told of this one's."""
    if file.suffix != ENDING:
        raise _MistakenError([_Mistake(1, f"ends in {file.suffix}", f"a name that ends in {ENDING}")])
    written = _written(_root(file))
    try:
        waiver = Waiver.model_validate(written.values)
    except ValidationError as error:
        raise _MistakenError(_mistakes(error, written)) from None
    broken = [
        _Mistake(written.line_of(objection.field), objection.wrong, objection.allowed)
        for objection in objections(waiver, controls)
    ]
    if waiver.id in read:
        broken.append(
            _Mistake(written.line_of("id"), f"id is {waiver.id}, as in {read[waiver.id]}", "an id of its own")
        )
    read.setdefault(waiver.id, file)
    if broken:
        raise _MistakenError(broken)
    return waiver


def _root(file: Path) -> yaml.MappingNode:
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except UnicodeDecodeError:
        raise _MistakenError([_Mistake(1, "is no text", "text in UTF-8")]) from None
    except OSError as error:
        raise _MistakenError([_Mistake(1, f"can't be opened: {error.strerror}", "a file to read")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, why = (mark.line + 1, getattr(error, "problem", None)) if mark else (1, None)
        raise _MistakenError([_Mistake(line, f"is no YAML{f': {why}' if why else ''}", ONE_MAPPING)]) from None
    if not isinstance(root, yaml.MappingNode):
        wrong = "is empty" if root is None else "holds no mapping"
        raise _MistakenError([_Mistake(1 if root is None else _line(root), wrong, ONE_MAPPING)])
    return root


def _written(root: yaml.MappingNode) -> _Written:
    """Take every value as text, as it stands: no field of a waiver is a number, and no word means yes or no."""
    values: dict[str, object] = {}
    lines: dict[str, tuple[int, ...]] = {}
    mistakes: list[_Mistake] = []
    for name_node, node in root.value:
        name = str(name_node.value) if isinstance(name_node, yaml.ScalarNode) else "a name"
        elements = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if name in lines:
            mistakes.append(_Mistake(_line(name_node), f"{name} is there twice", "each field once"))
        elif not all(isinstance(element, yaml.ScalarNode) for element in elements):
            mistakes.append(_Mistake(_line(name_node), f"{name} holds a structure", "text, or a list of texts"))
        lines[name] = (_line(name_node), *map(_line, elements))
        values[name] = [_text(each) for each in elements] if isinstance(node, yaml.SequenceNode) else _text(node)
    if mistakes:
        raise _MistakenError(mistakes)
    return _Written(_line(root), values, lines)


def _text(node: yaml.Node) -> str | None:
    return None if node.tag == _NULL else str(node.value)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _mistakes(error: ValidationError, written: _Written) -> Iterator[_Mistake]:
    """Say each of pydantic's findings in the words of the file."""
    for details in error.errors(include_url=False):
        name, *inner = details["loc"]
        field = Waiver.model_fields.get(str(name))
        element = next((each for each in inner if isinstance(each, int)), None)
        line = written.line_of(str(name), element)
        if field is None:
            yield _Mistake(line, f"{name} is no field of a waiver", FIELDS)
        elif details["type"] == "missing":
            yield _Mistake(line, f"{name} is missing", str(field.description))
        else:
            yield _Mistake(line, f"{name} is {shown(details['input'])}", str(field.description))
