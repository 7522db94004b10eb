"""A control: what it asks, of which resources, why, and the examples that prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from policies.outcomes import Outcome
from policies.resources import Plan, Resource

ViewT = TypeVar("ViewT")


class Severity(StrEnum):
    """How bad it is when the control is broken."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a broken control does to the plan."""

    MANDATORY = "mandatory"
    """Stops it."""
    ADVISORY = "advisory"
    """Is told."""
    DISABLED = "disabled"
    """Is not judged; only the operator's policy configuration says so."""


class Relation(StrEnum):
    """How far the control covers the clause it refers to."""

    FULL = "full"
    PARTIAL = "partial"
    SUPPORTS = "supports"


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


@dataclass(frozen=True, slots=True)
class Examples:
    """The proof of a control, by the verdict each example must get."""

    good: list[Example] = field(default_factory=list)
    bad: list[Example] = field(default_factory=list)
    unknown: list[Example] = field(default_factory=list)
    not_applicable: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control(Generic[ViewT]):
    """One rule, its reasons and its proof. Data first: the check is the only code."""

    id: str
    """Stable and never reused; also the name under which the engine reports and configures it."""
    title: str
    """What holds when the control is kept."""
    harm: str
    """What happens when it is not."""
    severity: Severity
    applies_to: Subject[ViewT]
    references: tuple[Reference, ...]
    """The most telling first: a finding shows the first of two frameworks."""
    reads: tuple[str, ...]
    """Every path the check may decide on; see `policies.workload.expand` for the short forms."""
    remedy: str
    """What to edit or run."""
    level: Level = Level.MANDATORY
    note: str = ""
    """Where the control says more or less than its wording elsewhere, and why."""
    examples: Examples = field(default_factory=Examples)
    _checks: list[Callable[[ViewT], Iterator[Outcome]]] = field(default_factory=list)

    def check(self, function: Callable[[ViewT], Iterator[Outcome]]) -> Callable[[ViewT], Iterator[Outcome]]:
        """Take the function as the control's check. Refuses a second one."""
        if self._checks:
            raise ValueError(f"{self.id} has a check already")
        self._checks.append(function)
        return function

    def judge(self, found: Resource, plan: Plan) -> Iterator[Outcome]:
        """Yield what the check says about a resource of the control's subject."""
        return self._checks[0](self.applies_to.view(found, plan))

    def good(self, label: str, *resources: Resource, config: Mapping[str, str] | None = None) -> None:
        """Record resources that keep the control."""
        self.examples.good.append(Example(label, resources, config or {}))

    def bad(
        self,
        label: str,
        *resources: Resource,
        finding: str | tuple[str, ...],
        config: Mapping[str, str] | None = None,
    ) -> None:
        """Record resources that break the control, with the exact findings."""
        says = (finding,) if isinstance(finding, str) else finding
        self.examples.bad.append(Example(label, resources, config or {}, says))

    def unknown(
        self, label: str, *resources: Resource, at: str | tuple[str, ...], config: Mapping[str, str] | None = None
    ) -> None:
        """Record resources that cannot be judged yet, with the paths that are not known."""
        says = (at,) if isinstance(at, str) else at
        self.examples.unknown.append(Example(label, resources, config or {}, says))

    def not_applicable(self, label: str, *resources: Resource) -> None:
        """Record resources the control has nothing to say about."""
        self.examples.not_applicable.append(Example(label, resources, {}))


def as_is(found: Resource, _plan: Plan) -> Resource:
    """View a resource as it is."""
    return found


def shown_references(control: Control[Any]) -> tuple[Reference, ...]:
    """Return the references a reader is shown first: the most telling of each of two frameworks."""
    first: dict[str, Reference] = {}
    for reference in control.references:
        first.setdefault(reference.framework, reference)
    return tuple(first.values())[:2]
