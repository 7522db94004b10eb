"""The evidence of one judgement, gathered: sorted throughout, so that the same judgement makes the same document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from falaj.catalog.controls import Level, frameworks
from policies.control import Control
from policies.evaluator import Result, Verdict
from policies.evidence.coverage import coverage
from policies.evidence.model import (
    FORMAT,
    ClauseReference,
    ControlRecord,
    Evidence,
    FindingRecord,
    Judged,
    Movement,
    ResultRecord,
    Tool,
    UnknownRecord,
    WaiverRecord,
    Waivers,
)
from policies.evidence.statement import statement
from policies.judgement import Judgement
from policies.message import messages
from policies.readers.source import SourceKind
from policies.residency.edges import order_of
from policies.residency.place import place_of
from policies.residency.proof import Proven, walk
from policies.residency.report import as_json
from policies.stack import described
from policies.waivers import Waiver


def gather(
    judgement: Judgement, *, waivers: Iterable[Waiver] = (), tool: Tool, at: datetime, file: str = ""
) -> Evidence:
    """Return the evidence of a judgement made at a time with these waivers; ``file`` is where a reader may mend it."""
    moment = at.astimezone(UTC).replace(microsecond=0)
    stack = described(judgement.source.config)
    controls = _controls(judgement)
    judged = _judged(judgement, file)
    idle = tuple(sorted(control.id for control in judgement.idle))
    return Evidence(
        format=FORMAT,
        tool=tool,
        judged_at=moment,
        judged=judged,
        profiles=stack.profiles,
        statement=statement(
            tool, moment, judged, stack.profiles, controls=len(controls), met=len(controls) - len(idle)
        ),
        stops=judgement.stops,
        counts={verdict: judgement.count(verdict) for verdict in Verdict},
        controls=controls,
        idle=idle,
        waivers=_waivers(judgement, tuple(waivers), moment.date()),
        residency=_residency(judgement),
        coverage=coverage(controls),
    )


def _judged(judgement: Judgement, file: str) -> Judged:
    source = judgement.source
    return Judged(
        kind=source.kind,
        name=source.name,
        stack=source.stack,
        digest=source.digest,
        resources=len(source.resources),
        file=file,
    )


def _controls(judgement: Judgement) -> tuple[ControlRecord, ...]:
    preview = judgement.source.kind is SourceKind.PREVIEW
    given: dict[str, list[ResultRecord]] = {}
    for result in judgement.results:
        record = _result(result, judgement.levels[result.control.id], preview=preview)
        given.setdefault(result.control.id, []).append(record)
    keys = {framework.short: key for key, framework in frameworks().items()}
    return tuple(
        _control(control, judgement, given.get(control.id, ()), keys)
        for control in sorted(judgement.controls, key=lambda control: control.id)
    )


def _control(
    control: Control[Any], judgement: Judgement, results: Sequence[ResultRecord], keys: Mapping[str, str]
) -> ControlRecord:
    kind = control.parameters
    return ControlRecord(
        id=control.id,
        title=control.title,
        harm=control.harm,
        remedy=control.remedy,
        severity=control.severity,
        level=judgement.levels[control.id],
        parameters=None if kind is None else judgement.given.get(kind, kind()).model_dump(mode="json"),
        references=tuple(
            ClauseReference(framework=keys[each.framework], clause=each.clause, relation=each.relation)
            for each in control.references
        ),
        results=tuple(sorted(results, key=ResultRecord.model_dump_json)),
    )


def _result(result: Result, level: Level, *, preview: bool) -> ResultRecord:
    told = () if level is Level.DISABLED else messages(result, level=level, preview=preview)
    findings = [
        FindingRecord(at=str(each.at), found=each.found, expected=each.expected, urn=each.urn)
        for each in result.findings
    ]
    unknown = [UnknownRecord(at=str(each.at), missing=each.missing, urn=each.urn) for each in result.undecided]
    return ResultRecord(
        urn=result.urn,
        verdict=result.verdict,
        stops=any(message.level is Level.MANDATORY for message in told),
        findings=tuple(sorted(findings, key=FindingRecord.model_dump_json)),
        unknown=tuple(sorted(unknown, key=UnknownRecord.model_dump_json)),
        reason=result.reason,
        waiver=result.waiver,
    )


def _waivers(judgement: Judgement, waivers: Sequence[Waiver], today: date) -> Waivers:
    stack = judgement.source.stack
    let_be: Counter[str] = Counter()
    for result in judgement.results:
        if result.verdict is Verdict.WAIVED:
            let_be[result.waiver] += len(result.findings)
    own = sorted((waiver for waiver in waivers if stack in waiver.stacks), key=lambda waiver: waiver.id)
    return Waivers(
        in_force=tuple(_waiver(each, today, let_be[each.id]) for each in own if each.holds_on(today)),
        expired=tuple(_waiver(each, today, 0) for each in own if each.expires < today),
        expiring=tuple(sorted(waiver.id for waiver in judgement.applied.expiring)),
        unused=tuple(sorted(waiver.id for waiver in judgement.applied.unused)),
    )


def _waiver(waiver: Waiver, today: date, findings: int) -> WaiverRecord:
    return WaiverRecord(
        id=waiver.id,
        control=waiver.policy,
        resource=waiver.resource,
        path=waiver.path,
        category=waiver.category,
        reason=waiver.reason,
        compensating_controls=waiver.compensating_controls,
        owner=waiver.owner,
        approver=waiver.approver,
        ticket=waiver.ticket,
        created=waiver.created,
        expires=waiver.expires,
        days_left=(waiver.expires - today).days,
        findings=findings,
    )


def _residency(judgement: Judgement) -> tuple[Movement, ...]:
    stack = described(judgement.source.config)

    def movement(proven: Proven) -> Movement:
        (row,) = as_json([proven])
        return Movement.model_validate({**row, "place": place_of(proven.edge, stack)})

    found = [movement(proven) for proven in walk(judgement)]
    return tuple(sorted(found, key=lambda each: (order_of(each.channel), each.model_dump_json())))
