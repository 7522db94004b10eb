"""What ``pulumi preview --json`` prints."""

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

SHAPE: Final = "the output of `pulumi preview --json`"
GOING: Final = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"})
"""Steps after which the resource is gone."""


def read_preview(file: Path, settings_of: Callable[[str], Mapping[str, str]]) -> Source:
    """Read a preview, with the configuration of its stack. Raises ``UnreadableError`` for what is none, whole."""
    try:
        preview = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableError(Problem(str(file), None, f"can't be opened: {error.strerror}", "a file")) from None
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise UnreadableError(Problem(str(file), line, f"is no JSON: {error}", SHAPE)) from None
    steps = preview.get("steps") if isinstance(preview, dict) else None
    if not isinstance(steps, list) or any(not _is_step(each) for each in steps):
        raise UnreadableError(Problem(str(file), None, "holds no steps with op, urn and newState", SHAPE))
    states = [each["newState"] for each in steps if each["op"] not in GOING]
    providers = {each["urn"]: _resource(each) for each in states if each["type"].startswith("pulumi:providers:")}
    resources = tuple(_resource(each, providers) for each in states)
    stack = resources[0].urn.split("::")[0].removeprefix("urn:pulumi:") if resources else ""
    return Source(
        SourceKind.PREVIEW,
        name=str(file),
        resources=resources,
        config={**preview.get("config", {}), **settings_of(stack)},
        stack=stack,
    )


def _is_step(each: object) -> bool:
    if not isinstance(each, dict) or not isinstance(each.get("op"), str):
        return False
    state = each.get("newState")
    return each["op"] in GOING or (
        isinstance(state, dict) and isinstance(state.get("urn"), str) and isinstance(state.get("type"), str)
    )


def _resource(each: Mapping[str, Any], providers: Mapping[str, Resource] | None = None) -> Resource:
    return Resource(
        each["type"],
        each["urn"],
        Node(properties(each.get("inputs") or {})),
        each.get("propertyDependencies") or {},
        (providers or {}).get(str(each.get("provider", "")).rpartition("::")[0]),
        bool(each.get("protect")),
        each.get("parent"),
    )
