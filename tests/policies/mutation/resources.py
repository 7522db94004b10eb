"""Mutants of resources: good examples with one change at a path that their control reads."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

from policies.control import Control, Example
from policies.evaluator import Verdict, evaluate
from policies.path import Path
from policies.resources import Resource
from policies.values import UNKNOWN
from policies.workloads.workload import CONTAINER_LISTS, POD_SPEC_BY_TOKEN, expand
from tests.policies.changes import matching, patterns_read, value_at, with_value, without
from tests.policies.excuses import excuses_of
from tests.policies.excuses.excuse import Excuse

ABROAD = {
    "me-central-1": "eu-west-1",
    "uaenorth": "westeurope",
    "uaecentral": "northeurope",
    "UAE North": "West Europe",
}


@dataclass(frozen=True)
class Mutant:
    """One resource of an example with one change."""

    control: Control[Any]
    example: Example
    operator: str
    index: int
    at: Path
    changed: Resource

    def verdict(self) -> Verdict:
        resources = list(self.example.resources)
        resources[self.index] = self.changed
        results = evaluate(resources, controls=[self.control], config=self.example.config, given=self.example.given)
        return next(result.verdict for result in results if result.urn == self.example.resources[0].urn)

    @property
    def change(self) -> str:
        return f"{self.operator} {next(part for part in reversed(self.at.parts) if isinstance(part, str))}"

    @property
    def kind(self) -> str:
        """The kind of resource that is changed."""
        return self.changed.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        return f"{self.control.id} {self.operator} {self.at} in {self.example.label}"


def mutants(control: Control[Any]) -> Iterator[Mutant]:
    harvested = offending(control)
    yield from crowded(control)
    for example in control.examples.good:
        for index, resource in enumerate(example.resources):
            for pattern in patterns_read(control, resource):
                for path in matching(resource.root.value, pattern):
                    for operator, changed in changes(resource, path):
                        if changed != resource:
                            yield Mutant(control, example, operator, index, path, changed)
                    # What offends by default may be what the operator allows.
                    for value in harvested.get(tail(pattern), ()) if example.parameters is None else ():
                        if value != value_at(resource.root.value, path):
                            yield Mutant(control, example, "offend", index, path, with_value(resource, path, value))
                        if beside := joined_by_an_offender(resource, path, value):
                            yield Mutant(control, example, "second", index, path, beside)


def changes(resource: Resource, path: Path) -> Iterator[tuple[str, Resource]]:
    value = value_at(resource.root.value, path)
    yield "unknown", with_value(resource, path, UNKNOWN)
    if value is None:
        return
    yield "delete", without(resource, path)
    yield "null", with_value(resource, path, None)
    if isinstance(value, bool):
        yield "flip", with_value(resource, path, not value)
    elif isinstance(value, int):
        yield "more", with_value(resource, path, value + 1)
        yield "less", with_value(resource, path, value - 1)
    elif isinstance(value, str):
        yield "abroad", with_value(resource, path, abroad(value))
        yield "strange", with_value(resource, path, "strange-value")
        yield "upper", with_value(resource, path, value.upper())
        yield "cut", with_value(resource, path, value[:-1])
        yield "empty", with_value(resource, path, "")
    elif isinstance(value, list):
        yield "empty", with_value(resource, path, [])


def abroad(value: str) -> str:
    """The text with every place in the UAE moved out of it."""
    for home, foreign in ABROAD.items():
        value = value.replace(home, foreign)
    return value


def joined_by_an_offender(resource: Resource, path: Path, value: object) -> Resource | None:
    """The resource with one more element in the innermost list on the path, in which the value is an offending one."""
    positions = [position for position, part in enumerate(path.parts) if isinstance(part, int)]
    if not positions:
        return None
    around, inside = Path(path.parts[: positions[-1]]), path.parts[positions[-1] + 1 :]
    elements = value_at(resource.root.value, around)
    joined = with_value(
        resource, around, [*elements, copy.deepcopy(value_at(resource.root.value, around / path.parts[positions[-1]]))]
    )
    changed = with_value(joined, Path((*around.parts, len(elements), *inside)), value)
    return None if changed == joined else changed


def tail(pattern: str) -> str:
    """The part of a pattern that does not depend on the kind of workload or of container."""
    for name in CONTAINER_LISTS:
        if f"{name}[*]." in pattern:
            return pattern.rpartition(f"{name}[*].")[2]
    return pattern.removeprefix("spec.jobTemplate.").removeprefix("spec.template.")


def offending(control: Control[Any]) -> dict[str, list[object]]:
    """Values that a bad example has where its finding points, by what the control reads there."""
    harvested: dict[str, list[object]] = {}
    by_default = [example for example in control.examples.bad if example.parameters is None]
    for example in by_default:
        for resource in example.resources:
            for pattern in patterns_read(control, resource):
                for path in matching(resource.root.value, pattern):
                    if any(said.startswith(f"{path}:") for said in example.says):
                        harvested.setdefault(tail(pattern), []).append(value_at(resource.root.value, path))
    return harvested


def crowded(control: Control[Any]) -> Iterator[Mutant]:
    """Good pods joined by a container from a bad example, in every list that holds containers."""
    for example in control.examples.good:
        resource = example.resources[0]
        if resource.type not in POD_SPEC_BY_TOKEN:
            return
        pod = reduce(Path.__truediv__, POD_SPEC_BY_TOKEN[resource.type], Path())
        for bad in bad_containers(control):
            for name in CONTAINER_LISTS:
                beside = value_at(resource.root.value, pod / name) or []
                changed = with_value(resource, pod / name, [*beside, bad])
                yield Mutant(control, example, "crowd", 0, pod / name / len(beside), changed)


def bad_containers(control: Control[Any]) -> Iterator[object]:
    for example in control.examples.bad:
        resource = example.resources[0]
        if len(resource.type_chain) > 1:
            continue  # bad because of the component it belongs to, which the good pod has not
        for pattern in expand("container.", resource.type):
            for path in matching(resource.root.value, pattern.removesuffix(".")):
                if any(said.startswith(f"{path}.") for said in example.says):
                    yield value_at(resource.root.value, path)


def survived(mutant: Mutant) -> bool:
    """Whether a broken resource was let through. An unknown is not: it stops the update."""
    return mutant.verdict() in (Verdict.PASS, Verdict.NOT_APPLICABLE)


class Tried(NamedTuple):
    """What became of the mutants of one control's examples."""

    made: int
    left: tuple[Mutant, ...]

    @property
    def killed(self) -> int:
        """How many were stopped."""
        return self.made - len(self.left)


def tried(control: Control[Any]) -> Tried:
    """Judge every mutant of a control's good examples."""
    made = list(mutants(control))
    return Tried(len(made), tuple(mutant for mutant in made if survived(mutant)))


def is_explained(mutant: Mutant) -> bool:
    """Tell whether an excuse of the control covers the mutant."""
    return any(covers(excuse, mutant) for excuse in excuses_of(mutant.control.id))


def covers(excuse: Excuse, mutant: Mutant) -> bool:
    """Tell whether an excuse covers the mutant."""
    return excuse.covers(mutant.change, mutant.kind, mutant.example.label)
