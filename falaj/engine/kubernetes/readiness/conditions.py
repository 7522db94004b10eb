"""When an object that tells its state by conditions is ready, and what a program asks to wait for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from falaj.engine.kubernetes.readiness.assessment import Assessment, Failed, Object, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.values import Json, dig

WAIT_FOR: Final = "pulumi.com/waitFor"
"""The annotation that names what to wait for: ``condition=Ready``, ``jsonpath={.status.phase}=Running``, or a list."""

_STEP = re.compile(r"\.((?:[^.\[\]\\{}]|\\.)+)|\[(\d+|\*)\]|\['((?:[^'\\]|\\.)*)'\]")


def condition(subject: Object, kind: str) -> Object:
    """Give the condition of this type, or an empty one."""
    for found in dig(subject, "status", "conditions", default=[]):
        if isinstance(found, dict) and str(found.get("type")).lower() == kind.lower():
            return found
    return {}


def assess_custom_resource_definition(definition: Object, _: Surroundings) -> Assessment:
    """Ready when the API server serves the kinds; failed when their names are taken."""
    names = condition(definition, "NamesAccepted")
    if names.get("status") == "False":
        return Failed(f"its names are not accepted: {names.get('message')}")
    return _by_condition(definition, "Established")


def assess_api_service(service: Object, _: Surroundings) -> Assessment:
    """Ready when the API server reaches the extension server."""
    return _by_condition(service, "Available")


def assess_namespace(namespace: Object, _: Surroundings) -> Assessment:
    """Ready when active."""
    phase = dig(namespace, "status", "phase", default="Active")
    return Ready() if phase == "Active" else Waiting(f"the namespace is {phase}")


def assess_resource_quota(quota: Object, _: Surroundings) -> Assessment:
    """Ready when the controller counts by the limits that were asked for."""
    if dig(quota, "spec", "hard", default={}) == dig(quota, "status", "hard", default={}):
        return Ready()
    return Waiting("the quota is not counted yet")


def _by_condition(subject: Object, kind: str) -> Assessment:
    found = condition(subject, kind)
    if found.get("status") == "True":
        return Ready()
    told = found.get("message") or found.get("reason")
    return Waiting(f"condition {kind} is {found.get('status', 'not there yet')}" + (f": {told}" if told else ""))


@dataclass(frozen=True)
class Expectation:
    """One thing to wait for: a condition's status, or the value at a path (any value when ``value`` is None)."""

    text: str
    condition: str = ""
    steps: tuple[str | int, ...] = ()
    value: str | None = None

    def assess(self, subject: Object) -> Assessment:
        """Ready when the object is as expected."""
        if self.condition:
            found = condition(subject, self.condition)
            if str(found.get("status", "")).lower() == str(self.value).lower():
                return Ready()
            told = found.get("message") or found.get("reason")
            status = found.get("status", "not there yet")
            return Waiting(f"condition {self.condition} is {status}" + (f": {told}" if told else ""))
        values = _values(subject, self.steps)
        if any(self.value is None or _text(value) == self.value for value in values):
            return Ready()
        return Waiting(f"{self.text} is not met; found {', '.join(map(_text, values)) or 'nothing'}")


def expectations(annotation: str) -> list[Expectation]:
    """Read a waitFor annotation. One that can't be read raises ValueError with the reason."""
    try:
        texts = json.loads(annotation) if annotation.lstrip().startswith("[") else [annotation]
    except json.JSONDecodeError as error:
        raise ValueError(f"{annotation!r} is not a JSON list of texts: {error}") from error
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{annotation!r} names nothing to wait for")
    return [_expectation(text) for text in texts]


def _expectation(text: str) -> Expectation:
    if text.startswith("condition="):
        name, _, status = text.removeprefix("condition=").partition("=")
        return Expectation(text, condition=name, value=status or "True")
    if text.startswith("jsonpath={") and "}" in text:
        path, _, rest = text.removeprefix("jsonpath={").rpartition("}")
        if "?(" in path:
            raise ValueError(f"{text!r}: filters are not known here; use condition=… or a plain path")
        value = rest.removeprefix("=").strip("'\"") if rest else None
        return Expectation(text, steps=_steps(text, path), value=value)
    raise ValueError(f'{text!r} starts neither with "condition=" nor with "jsonpath={{"')


def _steps(text: str, path: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    position = 0
    for match in _STEP.finditer(path):
        if match.start() != position:
            break
        position = match.end()
        name, index, quoted = match.groups()
        step = name if name is not None else quoted
        if step is not None:
            steps.append(re.sub(r"\\(.)", r"\1", step))
        else:
            steps.append(index if index == "*" else int(index))
    if position != len(path) or not steps:
        raise ValueError(f"{text!r}: {path!r} is not a path such as .status.phase or .status.items[0]['name']")
    return tuple(steps)


def _values(tree: Json, steps: tuple[str | int, ...]) -> list[Any]:
    if not steps:
        return [] if tree is None else [tree]
    step, rest = steps[0], steps[1:]
    if step == "*" and isinstance(tree, list):
        return [value for item in tree for value in _values(item, rest)]
    return _values(dig(tree, step), rest)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
