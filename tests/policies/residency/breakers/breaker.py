"""How a residency breaker shows, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from falaj.preflight import PulumiCommand, State, Verdict
from policies.resources import Resource


@dataclass(frozen=True)
class InPlan:
    """Resources that hold the breaker, the control that fails for the first of them, and exactly what it says."""

    control: str
    findings: tuple[str, ...]
    resources: tuple[Resource, ...]
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BeforePlan:
    """Settings of Pulumi's command that hold the breaker, and the row of preflight that says so."""

    row: str
    verdict: Verdict
    found: str
    state: State = field(default_factory=State)
    command: PulumiCommand = field(default_factory=PulumiCommand)


@dataclass(frozen=True)
class Breaker:
    """Every form in which one row of the catalog shows."""

    in_plans: tuple[InPlan, ...] = ()
    before_plans: tuple[BeforePlan, ...] = ()


def found(control: str, finding: str | tuple[str, ...], *resources: Resource, **config: str) -> InPlan:
    """Say what a control finds in the first of some resources."""
    return InPlan(control, (finding,) if isinstance(finding, str) else finding, resources, config)


def breaker(*forms: InPlan | BeforePlan) -> Breaker:
    """Put together the forms of one breaker."""
    return Breaker(
        tuple(form for form in forms if isinstance(form, InPlan)),
        tuple(form for form in forms if isinstance(form, BeforePlan)),
    )
