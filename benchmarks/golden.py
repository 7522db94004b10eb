"""The plan of the largest stack, as its golden file keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from falaj.plan import model
from policies.environments import with_profiles_of_environment
from policies.node import Node
from policies.resources import Resource
from policies.values import UNKNOWN, Secret

ROOT = Path(__file__).parents[1]
STACK = "aws-me-central-1-prod"


def golden(stack: str) -> list[Resource]:
    """The resources of a stack's plan."""
    rows = json.loads((ROOT / "tests" / "golden" / "plans" / f"{stack}.json").read_text(encoding="utf-8"))
    found = {row["urn"]: _resource(row) for row in rows}
    return [replace(found[row["urn"]], provider=found.get(row.get("provider", ""))) for row in rows]


def configuration(stack: str) -> Mapping[str, str]:
    """What a stack's file says of it, and of a tenant's environment."""
    text = (ROOT / "stacks" / "config" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    values: dict[str, Any] = yaml.safe_load(text)["config"]
    plain = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return with_profiles_of_environment(plain)


def _resource(row: dict[str, Any]) -> Resource:
    return Resource(
        row["type"],
        row["urn"],
        Node(_plain(row.get("inputs", {}))),
        row.get("propertyDependencies", {}),
        protected=bool(row.get("protect")),
        parent=row.get("parent"),
    )


def _plain(value: Any) -> object:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if value == model.SECRET:
        return Secret(value)
    return UNKNOWN if value == model.UNKNOWN else value
