"""The judge: every control on every resource it applies to, with no engine in sight."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from policies.control import Control
from policies.controls import load
from policies.days import EXAMPLE_DAY
from policies.node import MalformedError
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.parameters import Parameters
from policies.resources import Plan, Resource, member_type


class Verdict(StrEnum):
    """What became of one control on one resource, worst first."""

    ERROR = "error"
    """The check itself failed. Counts as broken: what could not be judged is not let through."""
    FAIL = "fail"
    UNKNOWN = "unknown"
    """A value is not known yet. Never a pass."""
    WAIVED = "waived"
    """Broken, and a reviewed waiver lets it be until its day."""
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
    waiver: str = ""
    """Id of the waiver that lets it be."""


class Evaluator:
    """Holds controls by the types they apply to. Refuses two controls with one id.

    A resource gets no result from a control that does not judge its type.
    """

    def __init__(
        self, controls: Iterable[Control[Any]], given: Mapping[type[Parameters], Parameters] | None = None
    ) -> None:
        self.controls = tuple(controls)
        self._given = given or {}
        ids = [control.id for control in self.controls]
        if repeated := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"controls share an id: {', '.join(repeated)}")
        self._by_type = {scope: _ByType(self.controls, stack_wide=scope) for scope in (False, True)}

    def needs(self, token: str, *, stack_wide: bool) -> bool:
        """Tell whether any control, of one resource or of the whole stack, looks at resources of that type."""
        return self._by_type[stack_wide].needs(member_type(token))

    def judge(self, resource: Resource, config: Mapping[str, str], *, today: date) -> tuple[Result, ...]:
        """Judge one resource by every control that needs no other resource."""
        plan = Plan(today, config=config, given=self._given)
        return tuple(judged(control, resource, plan) for control in self._judges(resource.type, stack_wide=False))

    def judge_stack(
        self, resources: Sequence[Resource], config: Mapping[str, str], *, today: date
    ) -> tuple[Result, ...]:
        """Judge every resource by every control that needs to see them all."""
        members = tuple(member for resource in resources for member in resource.unfolded())
        plan = Plan(today, config=config, resources=members, given=self._given)
        return tuple(
            judged(control, resource, plan)
            for resource in resources
            for control in self._judges(resource.type, stack_wide=True)
        )

    def _judges(self, token: str, *, stack_wide: bool) -> tuple[Control[Any], ...]:
        return self._by_type[stack_wide].judges(member_type(token))


class _ByType:
    """Controls of one scope by the types they judge or look at, so that no resource meets any other."""

    def __init__(self, controls: Iterable[Control[Any]], *, stack_wide: bool) -> None:
        self._families: list[tuple[str, int]] = []
        self._exact: dict[str, set[int]] = {}
        self._beside: set[str] = set()
        self._known: dict[str, tuple[Control[Any], ...]] = {}
        self._controls = [control for control in controls if control.applies_to.stack_wide is stack_wide]
        for position, control in enumerate(self._controls):
            self._beside.update(control.applies_to.beside)
            for token in control.applies_to.tokens:
                if token.endswith("*"):
                    self._families.append((token[:-1], position))
                else:
                    self._exact.setdefault(token, set()).add(position)

    def judges(self, token: str) -> tuple[Control[Any], ...]:
        """Return the controls that judge resources of a type, in the order of the pack."""
        if token not in self._known:
            of_families = {position for start, position in self._families if token.startswith(start)}
            positions = sorted(self._exact.get(token, set()) | of_families)
            self._known[token] = tuple(self._controls[position] for position in positions)
        return self._known[token]

    def needs(self, token: str) -> bool:
        """Tell whether any control judges resources of a type or looks at them beside."""
        return token in self._beside or bool(self.judges(token))


def judged(control: Control[Any], resource: Resource, plan: Plan) -> Result:
    """Judge one resource of a control's subject. Whatever the check raises becomes an error that names the control."""
    try:
        outcomes = [
            outcome
            for member in resource.unfolded()
            if control.applies_to.holds(member.type)
            for outcome in control.judge(member, plan)
        ]
    except MalformedError as error:
        return Result(control, resource.urn, Verdict.ERROR, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a check raises must stop the plan, naming the control
        return Result(control, resource.urn, Verdict.ERROR, reason=_where(error))
    return _result(control, resource.urn, outcomes)


def evaluate(
    resources: Sequence[Resource],
    *,
    controls: Iterable[Control[Any]] | None = None,
    config: Mapping[str, str] | None = None,
    given: Mapping[type[Parameters], Parameters] | None = None,
    today: date = EXAMPLE_DAY,
) -> tuple[Result, ...]:
    """Judge a whole stack of plain resources, by all controls of the pack unless some are given."""
    evaluator = Evaluator(load() if controls is None else controls, given)
    settings = config or {}
    alone = tuple(result for resource in resources for result in evaluator.judge(resource, settings, today=today))
    return alone + evaluator.judge_stack(resources, settings, today=today)


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
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    code = frame.f_code
    return f"{type(error).__name__} in {code.co_name}, {PurePath(code.co_filename).name} line {line}"
