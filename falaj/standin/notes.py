"""What an SDK does not say of a resource type: how it is named, what its server makes, which change replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Note:
    """What was read elsewhere of one resource type."""

    named_by: str = ""
    """The input that is its name in the cloud; empty to tell by the SDK."""

    identifier: str = ""
    """Template of its id; empty for the usual one."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Templates of what its server makes, by dotted path."""

    allows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Values that the service takes where the SDK says no more than text or number, by dotted path."""

    moves: tuple[str, ...] = ()
    """Outputs that are another value after every update, such as the number of the latest version."""

    replaces: tuple[str, ...] = ()
    """Inputs that can not be changed in place, as dotted paths."""

    source: str = ""
    """Where the replacing inputs were read; empty when nobody has."""


NONE = Note()


def note(package: str, token: str) -> Note:
    """What is noted of a type; an empty note for one that nobody wrote down."""
    return _notes(package).get(token, NONE)


@cache
def _notes(package: str) -> Mapping[str, Note]:
    file = resources.files("falaj.standin").joinpath("data", f"{package}.yaml")
    if not file.is_file():
        return MappingProxyType({})
    rows: dict[str, dict[str, Any]] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) or {}
    return MappingProxyType({token: _note(row) for token, row in rows.items()})


def _note(row: dict[str, Any]) -> Note:
    return Note(**{**row, "moves": tuple(row.get("moves", ())), "replaces": tuple(row.get("replaces", ()))})
