"""Every way to break what a control reads is caught: mutants of the good examples, killed or explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pytest

from policies.control import Control, Example
from policies.controls import load
from policies.evaluator import Verdict, evaluate
from policies.path import Path
from policies.resources import Resource
from policies.values import UNKNOWN
from policies.workload import CONTAINER_LISTS, POD_SPEC_BY_TOKEN, expand
from tests.policies.changes import matching, patterns_read, value_at, with_value, without


@dataclass(frozen=True)
class Mutant:
    control: Control[Any]
    example: Example
    operator: str
    index: int
    at: Path
    changed: Resource

    def verdict(self) -> Verdict:
        resources = list(self.example.resources)
        resources[self.index] = self.changed
        results = evaluate(resources, controls=[self.control], config=self.example.config)
        return next(result.verdict for result in results if result.urn == self.example.resources[0].urn)

    @property
    def change(self) -> str:
        return f"{self.operator} {next(part for part in reversed(self.at.parts) if isinstance(part, str))}"

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
                    for value in harvested.get(tail(pattern), ()):
                        if value != value_at(resource.root.value, path):
                            yield Mutant(control, example, "offend", index, path, with_value(resource, path, value))


def changes(resource: Resource, path: Path) -> Iterator[tuple[str, Resource]]:
    value = value_at(resource.root.value, path)
    yield "unknown", with_value(resource, path, UNKNOWN)
    if value is None:
        return
    yield "delete", without(resource, path)
    yield "null", with_value(resource, path, None)
    if isinstance(value, bool):
        yield "flip", with_value(resource, path, not value)
    elif isinstance(value, str):
        yield "upper", with_value(resource, path, value.upper())
        yield "cut", with_value(resource, path, value[:-1])
        yield "empty", with_value(resource, path, "")
    elif isinstance(value, list):
        yield "empty", with_value(resource, path, [])


def tail(pattern: str) -> str:
    """The part of a pattern that does not depend on the kind of workload or of container."""
    for name in CONTAINER_LISTS:
        if f"{name}[*]." in pattern:
            return pattern.rpartition(f"{name}[*].")[2]
    return pattern.removeprefix("spec.jobTemplate.").removeprefix("spec.template.")


def offending(control: Control[Any]) -> dict[str, list[object]]:
    """Values that a bad example has where its finding points, by what the control reads there."""
    harvested: dict[str, list[object]] = {}
    for example in control.examples.bad:
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


@dataclass(frozen=True)
class Excuse:
    """Why some mutants may survive: changes, by operator and name, that are harmless in one good example or in all."""

    changes: tuple[str, ...]
    reason: str
    example: str | None = None

    def covers(self, mutant: Mutant) -> bool:
        return mutant.change in self.changes and self.example in (None, mutant.example.label)


def each(operators: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{operator} {name}" for operator in operators.split() for name in names)


ABSENT_IS_SAFE = "Kubernetes takes its absence as the safe value"
JUDGED_BY_SUP_001 = "the image only tells whether ONNX Runtime is inside; SUP-001 judges it"
ANY_NAME = "any name will do"
INSIDE = "labels and ports are judged where the gateway is published"
EXCUSES: dict[str, tuple[Excuse, ...]] = {
    "NET-003": (
        Excuse(each("delete null", "podSelector"), "an absent selector selects all pods"),
        Excuse(
            each("delete null empty", "policyTypes"),
            "without types and egress rules a policy is one for ingress",
            "one policy for each direction, rules with peers",
        ),
    ),
    "POD-002": (
        Excuse(
            each("crowd", *CONTAINER_LISTS), "a container that says nothing takes the pod's setting", "set on the pod"
        ),
        Excuse(each("delete null", "runAsUser"), "the image names the user, and runAsNonRoot refuses root"),
    ),
    "POD-003": (Excuse(each("delete null", "privileged", "procMount"), ABSENT_IS_SAFE),),
    "POD-004": (Excuse(each("delete null empty", "add"), "nothing is added"),),
    "POD-006": (Excuse(each("delete null", "hostNetwork", "hostPort"), ABSENT_IS_SAFE),),
    "POD-009": (
        Excuse(each("crowd", "ephemeralContainers"), "an ephemeral container may not ask for resources"),
        Excuse(each("upper cut", "cpu"), "another amount, above zero", "all four"),
        Excuse(each("cut", "memory"), "another amount, above zero", "all four"),
    ),
    "POD-012": (Excuse(each("delete null empty", "env", "envFrom"), "nothing is passed"),),
    "RES-019": (
        Excuse(each("delete null empty upper cut", "image"), JUDGED_BY_SUP_001),
        Excuse(each("unknown", "image"), "telemetry is off, whatever the image"),
        Excuse(
            each("unknown offend", "env"),
            "a container without ONNX Runtime needs no switch",
            "switched off in every container, beside one without the runtime",
        ),
    ),
    "RES-021": (
        Excuse(
            each("offend", "encryption"),
            "what is too little for one flow is enough for another",
            "inside the cluster's own network",
        ),
        Excuse(each("upper cut", "source", "sink"), ANY_NAME),
        Excuse(
            each("unknown delete null upper cut empty offend", "region"),
            "a global service has no region of its own; the catalog judges it by its key",
            "names of roles, to the one control plane that IAM has",
        ),
    ),
    "TAG-001": (
        Excuse(each("cut", "falaj.dev/owner"), ANY_NAME),
        Excuse(each("upper cut", "app.kubernetes.io/managed-by"), ANY_NAME),
    ),
    "TLS-002": (
        Excuse(
            each("delete null upper cut empty unknown", "mode"),
            "the certificate is there whatever the mode",
            "HTTPS with a certificate",
        ),
        Excuse(
            each("unknown offend", "certificateRefs"),
            "a passthrough leaves the certificate to the server",
            "TLS passed through to a server with its own",
        ),
    ),
    "TLS-003": (
        Excuse(each("delete null", "type"), ABSENT_IS_SAFE, "inside the cluster"),
        Excuse(each("delete null unknown offend", "port"), INSIDE, "inside the cluster"),
        Excuse(each("delete null unknown", "labels"), INSIDE, "inside the cluster"),
        Excuse(each("delete null unknown offend", "port"), INSIDE, "type left to the default"),
        Excuse(each("delete null unknown", "labels"), INSIDE, "type left to the default"),
        Excuse(
            (*each("delete null upper cut empty offend unknown", "type"), *each("offend unknown", "externalIPs")),
            "the gateway is there to be published",
            "the gateway's own",
        ),
    ),
}


@pytest.mark.parametrize("control", load(), ids=lambda control: control.id)
def test_every_mutant_is_killed_or_explained(control: Control[Any]) -> None:
    made = list(mutants(control))
    left = [mutant for mutant in made if survived(mutant)]
    excuses = EXCUSES.get(control.id, ())

    print(f"{control.id}: {len(made) - len(left)} of {len(made)} mutants killed, {len(left)} explained")
    assert [mutant.name for mutant in left if not any(excuse.covers(mutant) for excuse in excuses)] == []
    used = {
        (excuse, change) for mutant in left for excuse in excuses for change in [mutant.change] if excuse.covers(mutant)
    }
    assert used == {(excuse, change) for excuse in excuses for change in excuse.changes}
    assert len(made) > len(left) + 10
