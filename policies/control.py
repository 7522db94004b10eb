"""A control: what it asks, of which resources, why, and the examples that prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar

from falaj.catalog.controls import Asked, Level, Relation, asked_controls, frameworks
from policies.node import Node
from policies.outcomes import Outcome
from policies.parameters import Parameters
from policies.resources import Plan, Resource

ViewT = TypeVar("ViewT")

Properties = dict[str, Any]
"""A resource's inputs as plain values."""


class Severity(StrEnum):
    """How bad it is when the control is broken."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Reference:
    """A clause of a law, standard or benchmark that asks for the control."""

    framework: str
    """Short name of the framework as readers know it."""
    clause: str
    relation: Relation
    source: str
    """Where the clause was read."""
    reviewed: date

    def __str__(self) -> str:
        return f"{self.framework} {self.clause} ({self.relation})"


@dataclass(frozen=True, slots=True)
class Subject(Generic[ViewT]):
    """The resources a control judges and the view it gets of each."""

    tokens: tuple[str, ...]
    """Type tokens; one that ends in ``*`` stands for all that begin so."""
    view: Callable[[Resource, Plan], ViewT]
    stack_wide: bool = False
    """Whether the judgement needs other resources of the stack."""
    beside: tuple[str, ...] = ()
    """Types of those other resources."""

    def holds(self, token: str) -> bool:
        """Tell whether resources of that type are judged."""
        return any(token.startswith(known[:-1]) if known.endswith("*") else token == known for known in self.tokens)

    def needs(self, token: str) -> bool:
        """Tell whether resources of that type are judged or looked at beside."""
        return self.holds(token) or token in self.beside


@dataclass(frozen=True, slots=True)
class Example:
    """Resources whose verdict is known. The first one is judged, the others surround it."""

    label: str
    resources: tuple[Resource, ...]
    config: Mapping[str, str]
    says: tuple[str, ...] = ()
    """The exact findings, unknowns or reason, in order."""
    parameters: Parameters | None = None
    """What the operator has set; the defaults hold otherwise."""

    @property
    def given(self) -> Mapping[type[Parameters], Parameters]:
        """What the operator has set, as a judgement takes it."""
        return {} if self.parameters is None else {type(self.parameters): self.parameters}


@dataclass(frozen=True, slots=True)
class Examples:
    """The proof of a control, by the verdict each example must get."""

    good: list[Example] = field(default_factory=list)
    bad: list[Example] = field(default_factory=list)
    unknown: list[Example] = field(default_factory=list)
    not_applicable: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control(Generic[ViewT]):
    """One rule, its reasons and its proof. Data first: the check is the only code.

    What law asks for it, and what breaking it does in which profile, is in the catalog under its id.
    """

    id: str
    """Stable and never reused; also the name under which the engine reports and configures it."""
    title: str
    """What holds when the control is kept."""
    harm: str
    """What happens when it is not."""
    severity: Severity
    applies_to: Subject[ViewT]
    reads: tuple[str, ...]
    """Every path the check may decide on; see `policies.workloads.workload.expand` for the short forms."""
    remedy: str
    """What to edit or run."""
    waivable: bool = True
    """Whether a reviewed waiver may let a finding pass."""
    parameters: type[Parameters] | None = None
    """What the operator's policy configuration may set for it."""
    asked: Asked | None = None
    """Who asks for it, where the catalog doesn't know the control."""
    admits: str = ""
    """The same in CEL, true where an object keeps the control; see `policies.admission` for its variables."""
    not_at_the_door: str = ""
    """Why CEL can't say of a Kubernetes object alone whether it keeps the control."""
    only_in_a_plan: str = ""
    """What of it the rule in CEL leaves to the plan, and why."""
    note: str = ""
    """Where the control says more or less than its wording elsewhere, and why."""
    examples: Examples = field(default_factory=Examples)
    _checks: list[Callable[[ViewT], Iterator[Outcome]]] = field(default_factory=list)
    _fixes: list[Callable[[Properties], Properties]] = field(default_factory=list)

    @property
    def references(self) -> tuple[Reference, ...]:
        """Who asks for it, the most telling framework first."""
        return _references(self.id) if self.asked is None else tuple(_listed(self.asked))

    @property
    def level(self) -> Level:
        """What breaking it does where no profile is chosen."""
        return self.level_for(())

    def level_for(self, profiles: tuple[str, ...]) -> Level:
        """Return what breaking it does where the profiles hold. They may only tighten it."""
        return (self.asked or asked_controls()[self.id]).level_for(profiles)

    def check(self, function: Callable[[ViewT], Iterator[Outcome]]) -> Callable[[ViewT], Iterator[Outcome]]:
        """Take the function as the control's check. Refuses a second one."""
        if self._checks:
            raise ValueError(f"{self.id} has a check already")
        self._checks.append(function)
        return function

    def fix(self, function: Callable[[Properties], Properties]) -> Callable[[Properties], Properties]:
        """Take the function as what mends the inputs of one resource. It changes a copy, twice is as once."""
        if self._fixes:
            raise ValueError(f"{self.id} has a fix already")
        self._fixes.append(function)
        return function

    @property
    def mends(self) -> Callable[[Properties], Properties] | None:
        """What mends the inputs of one resource, where that is safe."""
        return self._fixes[0] if self._fixes else None

    def judge(self, found: Resource, plan: Plan) -> Iterator[Outcome]:
        """Yield what the check says about a resource of the control's subject."""
        return self._checks[0](self.applies_to.view(found, plan))

    def good(
        self,
        label: str,
        *resources: Resource,
        config: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
    ) -> None:
        """Record resources that keep the control."""
        self.examples.good.append(Example(label, resources, config or {}, parameters=parameters))

    def bad(
        self,
        label: str,
        *resources: Resource,
        finding: str | tuple[str, ...],
        config: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
    ) -> None:
        """Record resources that break the control, with the exact findings."""
        says = (finding,) if isinstance(finding, str) else finding
        self.examples.bad.append(Example(label, resources, config or {}, says, parameters))

    def unknown(
        self,
        label: str,
        *resources: Resource,
        at: str | tuple[str, ...],
        config: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
    ) -> None:
        """Record resources that cannot be judged yet, with the paths that are not known."""
        says = (at,) if isinstance(at, str) else at
        self.examples.unknown.append(Example(label, resources, config or {}, says, parameters))

    def not_applicable(
        self,
        label: str,
        *resources: Resource,
        config: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
    ) -> None:
        """Record resources the control has nothing to say about."""
        self.examples.not_applicable.append(Example(label, resources, config or {}, parameters=parameters))


def as_is(found: Resource, _plan: Plan) -> Resource:
    """View a resource as it is."""
    return found


@dataclass(frozen=True, slots=True)
class Situated:
    """A resource with the stack around it."""

    resource: Resource
    plan: Plan

    def __getitem__(self, name: str) -> Node:
        """Return a top-level property."""
        return self.resource[name]


def situated(found: Resource, plan: Plan) -> Situated:
    """View a resource together with the plan it belongs to."""
    return Situated(found, plan)


def shown_references(control: Control[Any]) -> tuple[Reference, ...]:
    """Return the references a reader is shown first: the most telling of each of two frameworks."""
    first: dict[str, Reference] = {}
    for reference in control.references:
        first.setdefault(reference.framework, reference)
    return tuple(first.values())[:2]


@cache
def _references(identity: str) -> tuple[Reference, ...]:
    return tuple(_listed(asked_controls()[identity]))


def _listed(asked: Asked) -> Iterator[Reference]:
    for key, relations in asked.references.items():
        framework = frameworks()[key]
        for relation, clauses in relations.items():
            for clause in clauses:
                yield Reference(framework.short, clause, relation, framework.source, framework.reviewed)
