"""The rules of the policy pack that CEL can say, and the policies a cluster is given for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from falaj.catalog.controls import Level, asked_controls
from falaj.catalog.model_annotations import COMPONENT_LABEL, MODEL_SERVER, ModelAnnotation

POD: Final = (
    "object.kind == 'Pod' ? object.spec : "
    "object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec"
)
MARKED: Final = (
    "[object.metadata] + (object.kind == 'Pod' ? [] : object.kind == 'CronJob' ? "
    "[object.spec.jobTemplate.spec.template.?metadata.orValue({})] : [object.spec.template.?metadata.orValue({})])"
)
"""What an object says of itself, and of the pods it makes."""
SERVES_MODEL: Final = (
    f"variables.marked.exists(m, m.?labels[?'{COMPONENT_LABEL}'].orValue('') == '{MODEL_SERVER}' || "
    f"m.?annotations[?'{ModelAnnotation.IMAGE}'].hasValue())"
)
MADE: Final = "object.metadata.?ownerReferences.orValue([]).exists(owner, owner.?controller.orValue(false))"
"""Whether a controller makes it from another object, which was judged itself."""
VARIABLES: Final = {
    "annotations": "object.metadata.?annotations.orValue({})",
    "made": MADE,
    "marked": MARKED,
    "serves_model": SERVES_MODEL,
    "pod": POD,
    "lasting": "variables.pod.?initContainers.orValue([]) + variables.pod.containers",
    "containers": "variables.lasting + variables.pod.?ephemeralContainers.orValue([])",
}
"""What an expression may call by name; each may name those before it."""
DEBUGGING: Final = {
    "api_groups": [""],
    "api_versions": ["v1"],
    "operations": ["UPDATE"],
    "resources": ["pods/ephemeralcontainers"],
}
"""Containers that are added to a running pod."""
WORKLOADS: Final = frozenset(
    {
        "cronjobs",
        "daemonsets",
        "deployments",
        "jobs",
        "pods",
        "replicasets",
        "replicationcontrollers",
        "statefulsets",
    }
)
"""What a policy's name calls workloads."""
ACTIONS: Final = {Level.MANDATORY: ("Deny", "Audit"), Level.ADVISORY: ("Warn", "Audit")}


SAYS_SOMETHING_NEW: Final = (
    "oldObject == null || "
    "['spec', 'rules', 'roleRef', 'subjects'].exists(part, object[?part] != oldObject[?part]) || "
    "['labels', 'annotations'].exists(part, object.metadata[?part] != oldObject.metadata[?part])"
)
"""Of what was let in before a rule was there, finalizers and owners may change, or it could never be taken away."""


class AdmissionRule(BaseModel):
    """One control in CEL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    control: str = Field(description="Id of the control.")
    resources: tuple[str, ...] = Field(description="What it judges, each as group/version/plural.")
    runs_containers: bool = Field(description="Whether that runs containers.")
    expression: str = Field(description="CEL, true where the control is kept.")
    message: str = Field(description="What a refusal says.")
    parameters: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="What the expression asks of the operator, with the pack's own defaults."
    )

    def variables(self, given: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        """Return what it asks of the operator as variables of its policy."""
        prefix = self.control.lower().replace("-", "_")
        return {f"{prefix}_{name}": json.dumps(value) for name, value in (self.parameters | dict(given)).items()}


class AdmissionSpec(BaseModel):
    """The controls at the door of one cluster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str = Field(description="Team that answers for it.")
    profiles: tuple[str, ...] = Field(description="The profiles that the cluster keeps; they may only tighten.")
    namespace_label: str = Field(description="Label of the namespaces that are guarded.")
    development: bool = Field(default=False, description="Whether the cluster is there for development alone.")
    parameters: dict[str, dict[str, tuple[str, ...]]] = Field(
        default_factory=dict, description="By control, what the operator sets for it; the pack's defaults otherwise."
    )

    trusted_namespaces: tuple[str, ...] = Field(
        default=(), description="Namespaces whose pods may have the powers of their node, as POD-001 lets them."
    )

    @model_validator(mode="after")
    def _trusts_whom_pod_001_trusts(self) -> Self:
        (rule,) = (each for each in admission_rules() if each.control == "POD-001")
        allowed = (rule.parameters | self.parameters.get(rule.control, {})).get("privileged", ())
        if strangers := [name for name in self.trusted_namespaces if name not in allowed]:
            raise ValueError(f"{', '.join(strangers)} trusted, allowed: {', '.join(allowed)}, as POD-001 has it")
        return self

    @field_validator("parameters")
    @classmethod
    def _are_asked_for(cls, given: dict[str, dict[str, tuple[str, ...]]]) -> dict[str, dict[str, tuple[str, ...]]]:
        known = {rule.control: rule.parameters for rule in admission_rules()}
        for control, values in given.items():
            for name in values.keys() - known.get(control, {}).keys():
                raise ValueError(
                    f"{control} takes no {name}; it takes {', '.join(known.get(control, ())) or 'nothing'}"
                )
        return given


@cache
def admission_rules() -> tuple[AdmissionRule, ...]:
    """Return the rules, written by ``python -m policies.admission`` from the controls themselves."""
    text = resources.files("components.admission").joinpath("rules.json").read_text(encoding="utf-8")
    return tuple(AdmissionRule.model_validate(row) for row in json.loads(text))


def policies(rules: Iterable[AdmissionRule], spec: AdmissionSpec) -> dict[str, dict[str, Any]]:
    """Return the policies' specifications by name: one for all rules of the same objects and the same level.

    A policy fails closed: an expression that can't be evaluated refuses the object. Refuses rules whose policies would
    be called alike.
    """
    grouped: dict[tuple[tuple[str, ...], Level], list[AdmissionRule]] = {}
    for rule in rules:
        level = asked_controls()[rule.control].level_for(spec.profiles)
        if level in ACTIONS:
            grouped.setdefault((rule.resources, level), []).append(rule)
    made = {_name(members, level): _specification(members, spec) for (_, level), members in grouped.items()}
    if len(made) < len(grouped):
        raise ValueError("rules for different objects would share the name of a policy")
    return made


def _name(members: Sequence[AdmissionRule], level: Level) -> str:
    plurals = dict.fromkeys(name.rpartition("/")[2] for name in members[0].resources)
    if members[0].runs_containers:
        plurals = dict.fromkeys("workloads" if plural in WORKLOADS else plural for plural in plurals)
    return f"falaj-{'-'.join(sorted(plurals))}-{level}"


def _specification(members: Sequence[AdmissionRule], spec: AdmissionSpec) -> dict[str, Any]:
    first = members[0]
    constraints = [*_constraints(first.resources), *([DEBUGGING] if first.runs_containers else [])]
    known = VARIABLES | {"development": json.dumps(spec.development)}
    for each in members:
        known |= each.variables(spec.parameters.get(each.control, {}))
    return {
        "failure_policy": "Fail",
        "match_constraints": {"resource_rules": constraints},
        "match_conditions": [
            {"name": "says-something-new", "expression": SAYS_SOMETHING_NEW},
            *(_outside(spec.trusted_namespaces) if first.runs_containers else []),
        ],
        "variables": _named(known, [each.expression for each in members]),
        "validations": [
            {"expression": each.expression, "message": each.message, "reason": "Forbidden"} for each in members
        ],
    }


def _outside(namespaces: Sequence[str]) -> list[dict[str, str]]:
    """Return the condition that lets pods of some namespaces be; none where there are none."""
    if not namespaces:
        return []
    return [{"name": "is-not-trusted", "expression": f"!(request.namespace in {json.dumps(list(namespaces))})"}]


def _named(known: Mapping[str, str], expressions: Sequence[str]) -> list[dict[str, str]]:
    """Return the variables that expressions, and those variables themselves, call by name."""
    used: list[dict[str, str]] = []
    for name, expression in reversed(tuple(known.items())):
        texts = [*expressions, *(each["expression"] for each in used)]
        if any(re.search(rf"\bvariables\.{name}\b", text) for text in texts):
            used.insert(0, {"name": name, "expression": expression})
    return used


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
