"""The judge: every control on every resource it applies to, with no engine in sight."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from policies.control import Control
from policies.controls import load
from policies.node import MalformedError
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.resources import Plan, Resource, member_type


class Verdict(StrEnum):
    """What became of one control on one resource, worst first."""

    ERROR = "error"
    """The check itself failed. Counts as broken: what could not be judged is not let through."""
    FAIL = "fail"
    UNKNOWN = "unknown"
    """A value is not known yet. Never a pass."""
    PASS = "pass"  # noqa: S105 - a verdict, no password
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Result:
    """One verdict and its grounds."""

    control: Control[Any]
    urn: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    reason: str = ""
    """Why the check failed, or why it does not apply."""


class Evaluator:
    """Holds controls by the types they apply to. Refuses two controls with one id."""

    def __init__(self, controls: Iterable[Control[Any]]) -> None:
        self.controls = tuple(controls)
        ids = [control.id for control in self.controls]
        if repeated := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"controls share an id: {', '.join(repeated)}")

    def needs(self, token: str, *, stack_wide: bool) -> bool:
        """Tell whether any control, of one resource or of the whole stack, looks at resources of that type."""
        kind = member_type(token)
        return any(_stack_wide(control) is stack_wide and control.applies_to.needs(kind) for control in self.controls)

    def judge(self, resource: Resource, plan: Plan) -> tuple[Result, ...]:
        """Judge one resource by every control that needs no other resource."""
        return tuple(self._judged(control, resource, plan) for control in self.controls if not _stack_wide(control))

    def judge_stack(self, resources: Sequence[Resource], config: Mapping[str, str]) -> tuple[Result, ...]:
        """Judge every resource by every control that needs to see them all."""
        plan = Plan(config=config, resources=tuple(member for resource in resources for member in resource.unfolded()))
        return tuple(
            self._judged(control, resource, plan)
            for control in self.controls
            if _stack_wide(control)
            for resource in resources
        )

    def _judged(self, control: Control[Any], resource: Resource, plan: Plan) -> Result:
        try:
            subjects = [member for member in resource.unfolded() if control.applies_to.holds(member.type)]
            outcomes = [outcome for subject in subjects for outcome in control.judge(subject, plan)]
        except MalformedError as error:
            return Result(control, resource.urn, Verdict.ERROR, reason=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a check raises must stop the plan, naming the control
            return Result(control, resource.urn, Verdict.ERROR, reason=_where(error))
        if not subjects:
            return Result(control, resource.urn, Verdict.NOT_APPLICABLE, reason=f"does not judge {resource.type}")
        return _result(control, resource.urn, outcomes)


def evaluate(
    resources: Sequence[Resource],
    *,
    controls: Iterable[Control[Any]] | None = None,
    config: Mapping[str, str] | None = None,
) -> tuple[Result, ...]:
    """Judge a whole stack of plain resources, by all controls of the pack unless some are given."""
    evaluator = Evaluator(load() if controls is None else controls)
    plan = Plan(config=config or {})
    alone = tuple(result for resource in resources for result in evaluator.judge(resource, plan))
    return alone + evaluator.judge_stack(resources, plan.config)


def _stack_wide(control: Control[Any]) -> bool:
    return control.applies_to.stack_wide


def _result(control: Control[Any], urn: str, outcomes: Sequence[Outcome]) -> Result:
    findings = tuple(_unique(outcome for outcome in outcomes if isinstance(outcome, Finding)))
    undecided = tuple(_unique(outcome for outcome in outcomes if isinstance(outcome, Undecided)))
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, NotApplicable)]
    if findings:
        return Result(control, urn, Verdict.FAIL, findings, undecided)
    if undecided:
        return Result(control, urn, Verdict.UNKNOWN, (), undecided)
    if reasons:
        return Result(control, urn, Verdict.NOT_APPLICABLE, reason=reasons[0])
    return Result(control, urn, Verdict.PASS)


def _unique(outcomes: Iterable[Any]) -> Iterator[Any]:
    yield from dict.fromkeys(outcomes)


def _where(error: Exception) -> str:
    # The text of a foreign error may quote the resource, secrets and all: only its kind and place are told.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, {PurePath(frame.filename).name} line {frame.lineno}"
