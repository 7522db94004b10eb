"""Waivers: each lets one finding be, for a reason that somebody else approved, until its day, and never hides it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from falaj.catalog.profiles import combined
from policies.control import Control, Severity
from policies.controls import load
from policies.days import day_of
from policies.evaluator import Result, Verdict
from policies.outcomes import Finding

LONGEST_DAYS: Final = 90
LONGEST_CRITICAL_DAYS: Final = 30
SOON_DAYS: Final = 14
"""How many days before its last one a waiver is warned of."""
SHORTEST_REASON: Final = 40
RESIDENCY: Final = "RES-"
_URN: Final = re.compile(r"urn:pulumi:[^:]+::[^:]+::.+::.+")


class Category(StrEnum):
    """Why a finding may stand."""

    MITIGATED = "mitigated"
    """Something else makes up for it."""
    ACCEPTED = "accepted"
    """The risk is borne, and kept small by something else."""
    FALSE_POSITIVE = "false_positive"
    """The control is mistaken here."""


def _a_day(value: object) -> object:
    if isinstance(value, date):
        return value
    found = day_of(value)
    if found is None:
        raise ValueError("no day")
    return found


def _strangers(stacks: Iterable[str]) -> Iterator[str]:
    """Yield URNs of resources that no waiver is about: a pattern that matches one of them matches all of a stack."""
    for stack in stacks:
        yield f"urn:pulumi:{stack}::falaj::a:b/c:D::z9"
        yield f"urn:pulumi:{stack}::strange-project::strange:module/type:Type::Strange_NAME.0"


Text = Annotated[str, Field(min_length=2)]
Day = Annotated[date, BeforeValidator(_a_day)]


class Waiver(BaseModel):
    """One reviewed exception. Refuses one that is nobody's, that its owner approved, or that lasts too long.

    The description of each field says what is allowed in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,59}$", description="2 to 60 letters, digits, dots, dashes or underscores"
    )
    policy: str = Field(pattern=r"^[A-Z]{2,5}-[0-9]{3}$", description="the id of a control, such as RES-010")
    stacks: tuple[Text, ...] = Field(min_length=1, description="a list of the stacks it is for, one at least")
    resource: str = Field(
        description="the URN of one resource, or a pattern from ^ to $ that does not match every resource"
    )
    path: Text | None = Field(default=None, description="a path that a finding names, such as spec.rules[0].weight")
    reason: str = Field(
        min_length=SHORTEST_REASON, description=f"why the finding may stand, in {SHORTEST_REASON} characters or more"
    )
    category: Category = Field(description=", ".join(Category))
    compensating_controls: tuple[Annotated[str, Field(min_length=3)], ...] = Field(
        default=(),
        validate_default=True,
        description="a list of what makes up for it, one at least unless the finding is a false positive",
    )
    owner: Text = Field(description="who answers for it")
    approver: Text = Field(description="who approved it, another than its owner")
    ticket: Text = Field(description="where the approval is recorded")
    created: Day = Field(description="the day it was approved, as YYYY-MM-DD")
    expires: Day = Field(
        description=f"its last day, as YYYY-MM-DD, at most {LONGEST_DAYS} days after the day it was created"
    )

    @field_validator("resource")
    @classmethod
    def _is_about_something(cls, resource: str, info: ValidationInfo) -> str:
        if not resource.startswith("^"):
            if _URN.fullmatch(resource) is None:
                raise ValueError("no URN")
            return resource
        try:
            pattern = re.compile(resource)
        except re.error:
            raise ValueError("no pattern") from None
        stacks = (*info.data.get("stacks", ()), "strange-stack")
        if not resource.endswith("$") or any(pattern.fullmatch(stranger) for stranger in _strangers(stacks)):
            raise ValueError("no bound")
        return resource

    @field_validator("compensating_controls")
    @classmethod
    def _is_made_up_for(cls, controls: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not controls and info.data.get("category", Category.FALSE_POSITIVE) is not Category.FALSE_POSITIVE:
            raise ValueError("nothing")
        return controls

    @field_validator("approver")
    @classmethod
    def _is_somebody_else(cls, approver: str, info: ValidationInfo) -> str:
        if approver.casefold() == str(info.data.get("owner", "")).casefold():
            raise ValueError("the owner")
        return approver

    @field_validator("expires")
    @classmethod
    def _ends_in_time(cls, expires: date, info: ValidationInfo) -> date:
        created = info.data.get("created", expires)
        if not created <= expires <= created + timedelta(days=LONGEST_DAYS):
            raise ValueError("too late")
        return expires

    def holds_on(self, day: date) -> bool:
        """Tell whether it is in force: from the day it was created to its last, both included."""
        return self.created <= day <= self.expires

    def covers(self, result: Result, finding: Finding) -> bool:
        """Tell whether it is about a finding, by the resource and the path that the reader is told."""
        return (
            self.policy == result.control.id
            and self._matches(finding.urn or result.urn)
            and self.path in (None, str(finding.at))
        )

    def _matches(self, urn: str) -> bool:
        if self.resource.startswith("^"):
            return re.fullmatch(self.resource, urn) is not None
        return self.resource == urn


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with a waiver that is well written: it may not be here, or not for so long."""

    field: str
    wrong: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.wrong}; expected {self.allowed}"


class WaiverRefusedError(Exception):
    """One or more waivers may not be. Says which and why, one line for each reason."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Applied:
    """The results with what waivers say of them, and the waivers somebody has to look at."""

    results: tuple[Result, ...]
    expired: tuple[Waiver, ...]
    """Past their last day: what they let be is broken again."""
    expiring: tuple[Waiver, ...]
    """In force for a fortnight at most."""
    unused: tuple[Waiver, ...]
    """They let nothing be in this stack, and are to be removed."""


def objections(waiver: Waiver, controls: Mapping[str, Control[Any]]) -> Iterator[Objection]:
    """Find what the control that a waiver names does not allow."""
    control = controls.get(waiver.policy)
    if control is None:
        allowed = "the id of a control; `falaj policy list` names them"
        yield Objection("policy", f"no control is named {waiver.policy}", allowed)
        return
    if not control.waivable:
        yield Objection("policy", f"{control.id} can't be waived", "no waiver, as nothing can make up for it")
    last = waiver.created + timedelta(days=LONGEST_CRITICAL_DAYS)
    if control.severity is Severity.CRITICAL and waiver.expires > last:
        allowed = f"{last} at the latest: one for a critical control lasts {LONGEST_CRITICAL_DAYS} days at most"
        yield Objection("expires", f"expires is {waiver.expires}", allowed)


def apply(
    results: Iterable[Result],
    waivers: Iterable[Waiver],
    *,
    stack: str,
    profiles: tuple[str, ...],
    today: date,
    controls: Iterable[Control[Any]] | None = None,
) -> Applied:
    """Let the waivers of a stack bear on its results; ``controls`` are those of the pack unless given.

    A finding that a waiver in force covers goes into a result of its own, with verdict ``WAIVED`` and the waiver's id.
    What is not known yet, and what could not be checked, no waiver covers. A finding whose waiver has expired is as
    broken as any, and says so. Raises ``WaiverRefusedError`` for waivers that may not be.
    """
    given = tuple(waivers)
    if not given:
        return Applied(tuple(results), (), (), ())
    _refuse(given, stack, profiles, load() if controls is None else controls)
    own = tuple(waiver for waiver in given if stack in waiver.stacks)
    used: set[str] = set()
    lapsed: set[str] = set()
    judged = tuple(part for result in results for part in _parts(result, own, today, used, lapsed))
    in_force = [waiver for waiver in own if waiver.holds_on(today)]
    return Applied(
        results=judged,
        expired=tuple(waiver for waiver in own if waiver.id in lapsed),
        expiring=tuple(waiver for waiver in in_force if (waiver.expires - today).days <= SOON_DAYS),
        unused=tuple(waiver for waiver in own if waiver.created <= today and waiver.id not in used | lapsed),
    )


def _refuse(waivers: Sequence[Waiver], stack: str, profiles: tuple[str, ...], controls: Iterable[Control[Any]]) -> None:
    known = {control.id: control for control in controls}
    ids = [waiver.id for waiver in waivers]
    reasons = [f"waiver {name}: its id is there twice; expected one of its own" for name in _repeated(ids)]
    residency_is_waivable = combined(profiles).residency_waivable
    for waiver in waivers:
        reasons += [f"waiver {waiver.id}: {objection}" for objection in objections(waiver, known)]
        if stack in waiver.stacks and waiver.policy.startswith(RESIDENCY) and not residency_is_waivable:
            wrong = f"{waiver.policy} can't be waived in {stack}, whose profiles are {', '.join(profiles)}"
            reasons.append(f"waiver {waiver.id}: {wrong}; expected data that stays in the country")
    if reasons:
        raise WaiverRefusedError(reasons)


def _repeated(ids: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(ids) if ids.count(name) > 1]


def _parts(
    result: Result, waivers: Sequence[Waiver], today: date, used: set[str], lapsed: set[str]
) -> Iterator[Result]:
    """Part a broken result into what stands and what each waiver lets be; note the waivers that bear on it."""
    if result.verdict is not Verdict.FAIL:
        yield result
        return
    broken: list[Finding] = []
    let_be: dict[str, list[Finding]] = {}
    for finding in result.findings:
        about = [waiver for waiver in waivers if waiver.covers(result, finding)]
        in_force = [waiver for waiver in about if waiver.holds_on(today)]
        if in_force:
            used |= {waiver.id for waiver in in_force}
            longest = max(in_force, key=lambda waiver: (waiver.expires, waiver.id))
            let_be.setdefault(longest.id, []).append(finding)
        else:
            lapsed |= {waiver.id for waiver in about if waiver.expires < today}
            broken.append(_told(finding, about, today))
    if broken:
        yield replace(result, findings=tuple(broken))
    elif result.undecided:
        yield replace(result, verdict=Verdict.UNKNOWN, findings=())
    for name, findings in let_be.items():
        yield replace(result, verdict=Verdict.WAIVED, findings=tuple(findings), undecided=(), waiver=name)


def _told(finding: Finding, about: Sequence[Waiver], today: date) -> Finding:
    """Say in a finding which waivers are not in force any more, or not yet."""
    notes = [
        f"waiver {waiver.id} expired on {waiver.expires}"
        if waiver.expires < today
        else f"waiver {waiver.id} holds from {waiver.created}"
        for waiver in about
    ]
    return replace(finding, expected=f"{finding.expected} ({', '.join(notes)})") if notes else finding
