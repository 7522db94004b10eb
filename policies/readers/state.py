"""A stack's state, as ``pulumi stack export`` or ``falaj stack export`` prints it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from policies.node import Node
from policies.readers.plain import properties
from policies.readers.source import Source, SourceKind
from policies.resources import Resource
from policies.unreadable import Problem, UnreadableError

DEPLOYMENT_VERSIONS: Final = (3, 4)
"""Versions of the format, the second with features that change nothing for a reader."""
SHAPE: Final = "the output of `pulumi stack export`"


def read_state(file: Path, settings_of: Callable[[str], Mapping[str, str]]) -> Source:
    """Read a state file, with the configuration of its stack. Raises ``UnreadableError`` for what is none, whole."""
    deployment = _deployment(file)
    found = deployment.get("resources") or []
    if not isinstance(found, list) or any(not _is_resource(each) for each in found):
        raise UnreadableError(
            Problem(str(file), None, "a resource has no urn and type", "resources with urn, type, inputs and outputs")
        )
    providers = {each["urn"]: _resource(each, "inputs") for each in found if _is_provider(each)}
    stack = found[0]["urn"].split("::")[0].removeprefix("urn:pulumi:") if found else ""
    return Source(
        SourceKind.STATE,
        name=str(file),
        resources=tuple(_resource(each, "inputs", providers) for each in found),
        made=tuple(_resource(each, "outputs", providers) for each in found),
        config=settings_of(stack),
        stack=stack,
    )


def _deployment(file: Path) -> Mapping[str, Any]:
    try:
        exported = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableError(Problem(str(file), None, f"can't be opened: {error.strerror}", "a file")) from None
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise UnreadableError(Problem(str(file), line, f"is no JSON: {error}", SHAPE)) from None
    if not isinstance(exported, dict) or not isinstance(exported.get("deployment"), dict):
        raise UnreadableError(Problem(str(file), None, "holds no deployment", SHAPE))
    if exported.get("version") not in DEPLOYMENT_VERSIONS:
        known = " or ".join(map(str, DEPLOYMENT_VERSIONS))
        raise UnreadableError(Problem(str(file), None, f"is of version {exported.get('version')}", f"version {known}"))
    deployment: Mapping[str, Any] = exported["deployment"]
    return deployment


def _is_resource(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("urn"), str) and isinstance(each.get("type"), str)


def _is_provider(each: Mapping[str, Any]) -> bool:
    return str(each["type"]).startswith("pulumi:providers:")


def _resource(each: Mapping[str, Any], wanted: str, providers: Mapping[str, Resource] | None = None) -> Resource:
    values = properties(each.get(wanted) or {})
    if wanted == "outputs":
        # Some providers give back less than they were given; what was asked for still holds.
        values = properties(each.get("inputs") or {}) | values | ({"id": each["id"]} if each.get("id") else {})
    return Resource(
        each["type"],
        each["urn"],
        Node(values),
        each.get("propertyDependencies") or {},
        (providers or {}).get(str(each.get("provider", "")).rpartition("::")[0]),
        bool(each.get("protect")),
        each.get("parent"),
    )
