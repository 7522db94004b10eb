"""Pulumi's JSON form of a value, as state files and previews hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.analyzer.wire import OUTPUT, SECRET, SIGNATURE, UNKNOWNS
from policies.values import REDACTED, UNKNOWN, Secret


def plain(value: object) -> object:
    """Return the value with unknowns as `UNKNOWN` and secrets as `Secret`.

    A secret that is kept encrypted stays unread: a check sees that there is one, never what.
    """
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return UNKNOWN if isinstance(value, str) and any(mark in value for mark in UNKNOWNS) else value


def properties(value: Mapping[str, Any]) -> dict[str, object]:
    """Return a resource's properties, without those that belong to the engine or the provider alone."""
    return {name: plain(member) for name, member in value.items() if not name.startswith("__")}


def _object(value: Mapping[str, Any]) -> object:
    signature = value.get(SIGNATURE)
    if signature == SECRET:
        return Secret(REDACTED)
    if signature == OUTPUT:
        return plain(value["value"]) if "value" in value else UNKNOWN
    return {name: plain(member) for name, member in value.items()}
