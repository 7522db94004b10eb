"""The rules of the policy pack that CEL can say, and the policies a cluster is given for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.controls import Level, asked_controls

POD: Final = (
    "object.kind == 'Pod' ? object.spec : "
    "object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec"
)
VARIABLES: Final = (
    ("pod", POD),
    ("lasting", "variables.pod.?initContainers.orValue([]) + variables.pod.containers"),
    ("containers", "variables.lasting + variables.pod.?ephemeralContainers.orValue([])"),
)
"""What an expression may call by name, for anything that runs containers."""
DEBUGGING: Final = {
    "api_groups": [""],
    "api_versions": ["v1"],
    "operations": ["UPDATE"],
    "resources": ["pods/ephemeralcontainers"],
}
"""Containers that are added to a running pod."""
MOST_NAMED: Final = 3
"""Kinds of objects that a policy is named after; more are workloads of every kind."""
ACTIONS: Final = {Level.MANDATORY: ("Deny", "Audit"), Level.ADVISORY: ("Warn", "Audit")}


class AdmissionRule(BaseModel):
    """One control in CEL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    control: str = Field(description="Id of the control.")
    resources: tuple[str, ...] = Field(description="What it judges, each as group/version/plural.")
    runs_containers: bool = Field(description="Whether that runs containers.")
    expression: str = Field(description="CEL, true where the control is kept.")
    message: str = Field(description="What a refusal says.")


class AdmissionSpec(BaseModel):
    """The controls at the door of one cluster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str = Field(description="Team that answers for it.")
    profiles: tuple[str, ...] = Field(description="The profiles that the cluster keeps; they may only tighten.")
    namespace_label: str = Field(description="Label of the namespaces that are guarded.")


@cache
def admission_rules() -> tuple[AdmissionRule, ...]:
    """Return the rules, written by ``python -m policies.admission`` from the controls themselves."""
    text = resources.files("components.admission").joinpath("rules.json").read_text(encoding="utf-8")
    return tuple(AdmissionRule.model_validate(row) for row in json.loads(text))


def policies(rules: Iterable[AdmissionRule], profiles: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the policies' specifications by name: one for all rules of the same objects and the same level.

    A policy fails closed: an expression that can't be evaluated refuses the object. Refuses rules whose policies would
    be called alike.
    """
    grouped: dict[tuple[tuple[str, ...], Level], list[AdmissionRule]] = {}
    for rule in rules:
        level = asked_controls()[rule.control].level_for(profiles)
        if level in ACTIONS:
            grouped.setdefault((rule.resources, level), []).append(rule)
    made = {_name(members, level): _specification(members) for (_, level), members in grouped.items()}
    if len(made) < len(grouped):
        raise ValueError("rules for different objects would share the name of a policy")
    return made


def _name(members: Sequence[AdmissionRule], level: Level) -> str:
    plurals = [name.rpartition("/")[2] for name in members[0].resources]
    subject = "-".join(plurals) if len(plurals) <= MOST_NAMED else "workloads"
    return f"falaj-{subject}-{level}"


def _specification(members: Sequence[AdmissionRule]) -> dict[str, Any]:
    first = members[0]
    constraints = [*_constraints(first.resources), *([DEBUGGING] if first.runs_containers else [])]
    return {
        "failure_policy": "Fail",
        "match_constraints": {"resource_rules": constraints},
        "variables": [{"name": name, "expression": text} for name, text in VARIABLES] if first.runs_containers else [],
        "validations": [
            {"expression": each.expression, "message": each.message, "reason": "Forbidden"} for each in members
        ],
    }


def _constraints(names: Iterable[str]) -> list[Mapping[str, Any]]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for name in names:
        group, version, plural = name.split("/")
        grouped.setdefault((group, version), []).append(plural)
    return [
        {
            "api_groups": [group],
            "api_versions": [version],
            "operations": ["CREATE", "UPDATE"],
            "resources": plurals,
        }
        for (group, version), plurals in grouped.items()
    ]
