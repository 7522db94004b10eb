"""The evidence as OSCAL assessment results, the form in which assessors of several regulators exchange them.

Source: https://pages.nist.gov/OSCAL/resources/concepts/layer/assessment/assessment-results/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from falaj.catalog.controls import Level
from policies.evaluator import Verdict
from policies.evidence.document import digest, written
from policies.evidence.model import ControlRecord, Evidence, ResultRecord, Topic, WaiverRecord
from policies.evidence.sentences import sentence
from policies.visible import json_text, visible

OSCAL: Final = "1.1.3"
NAMESPACE: Final = "https://falaj.dev/oscal"
"""Of the properties that are ours."""
_ROOT: Final = UUID("0f6d1a3e-3d0c-5a57-9a53-6c6c1f0b7b11")
"""Under which the ids of our documents are made."""
_REASONS: Final = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.ERROR: "fail"}
_STATES: Final = {Verdict.PASS: "satisfied"}

Json = dict[str, Any]


def oscal(evidence: Evidence) -> bytes:
    """Return the evidence as one OSCAL document; its ids come from what it says, so the same says the same."""
    return json_text({"assessment-results": _Document(evidence).whole()}).encode()


class _Document:
    """Writes one document; an id is made from the digest of the evidence and what it is the id of."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._digest = digest(written(evidence))
        self._at = evidence.judged_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._said = {each.topic: each.en for each in evidence.statement}
        self._judged = [control for control in evidence.controls if control.worst is not None]

    def whole(self) -> Json:
        return {
            "uuid": self._id("document"),
            "metadata": {
                "title": f"Evidence of policy checks: {_line(self._evidence.judged.name)}",
                "last-modified": self._at,
                "version": self._digest[:12],
                "oscal-version": OSCAL,
                "remarks": self._said[Topic.LIMITS],
            },
            "import-ap": {
                "href": f"#{self._id('plan')}",
                "remarks": "No assessment plan was written: what the policy pack asks is what was assessed.",
            },
            "results": [self._result()],
            "back-matter": {"resources": self._resources()},
        }

    def _result(self) -> Json:
        judged = self._evidence.judged
        return _full(
            {
                "uuid": self._id("result"),
                "title": f"Policy checks of {_line(judged.name)}",
                "description": self._said[Topic.WHAT],
                "start": self._at,
                "end": self._at,
                "props": [
                    _property("digest", judged.digest),
                    _property("source-kind", judged.kind),
                    _property("stops-the-plan", "yes" if self._evidence.stops else "no"),
                    *(_property("profile", profile) for profile in self._evidence.profiles),
                ],
                "local-definitions": _full({"inventory-items": self._items()}),
                "reviewed-controls": self._reviewed(),
                "observations": [
                    self._observation(control, result) for control in self._judged for result in _judging(control)
                ],
                "risks": [self._risk(waiver) for waiver in self._evidence.waivers.in_force if waiver.findings],
                "findings": [self._finding(control) for control in self._judged],
                "remarks": self._said[Topic.HOW],
            }
        )

    def _resources(self) -> list[Json]:
        tool = self._evidence.tool
        return [
            {
                "uuid": self._id("plan"),
                "title": "What the policy pack asks",
                "description": self._said[Topic.ON_WHAT],
                "props": [_property("pack-version", tool.pack_version), _property("pack-digest", tool.pack_digest)],
            },
            {
                "uuid": self._id("evidence"),
                "title": "The evidence that this document was made from",
                "rlinks": [{"href": "evidence.json", "hashes": [{"algorithm": "SHA-256", "value": self._digest}]}],
            },
        ]

    def _reviewed(self) -> Json:
        controls = [{"control-id": control.id.lower()} for control in self._judged]
        selection = {"include-controls": controls} if controls else {"description": "No control met anything to judge."}
        idle = ", ".join(self._evidence.idle)
        return _full(
            {"control-selections": [selection], "remarks": f"Met nothing of their own: {idle}." if idle else ""}
        )

    def _items(self) -> list[Json]:
        urns = sorted({result.urn for control in self._judged for result in _judging(control)})
        return [
            {
                "uuid": self._id("item", urn),
                "description": visible(urn),
                "props": [{"name": "asset-id", "value": _line(urn)}],
            }
            for urn in urns
        ]

    def _observation(self, control: ControlRecord, result: ResultRecord) -> Json:
        return _full(
            {
                "uuid": self._observed(control, result),
                "title": f"{control.id}: {result.verdict}",
                "description": visible(sentence(result)) or f"{control.title}: all that it reads is known and allowed.",
                "props": [
                    _property("verdict", result.verdict.replace(" ", "-")),
                    *([_property("waiver", result.waiver)] if result.waiver else []),
                ],
                "methods": ["TEST"],
                "types": ["control-objective"],
                "subjects": [{"subject-uuid": self._id("item", result.urn), "type": "inventory-item"}],
                "relevant-evidence": [{"href": f"#{self._id('evidence')}", "description": "The result in full."}],
                "collected": self._at,
            }
        )

    def _finding(self, control: ControlRecord) -> Json:
        worst = control.worst or Verdict.NOT_APPLICABLE
        waivers = [
            each.id
            for each in self._evidence.waivers.in_force
            if each.findings and any(result.waiver == each.id for result in control.results)
        ]
        return _full(
            {
                "uuid": self._id("finding", control.id),
                "title": f"{control.id} {control.title}",
                "description": control.harm,
                "props": [
                    _property("severity", control.severity),
                    _property("level", control.level),
                    *(
                        _property("clause", each.clause, group=each.framework, kind=each.relation)
                        for each in control.references
                    ),
                ],
                "target": {
                    "type": "objective-id",
                    "target-id": control.id.lower(),
                    "title": control.title,
                    "status": {
                        "state": _STATES.get(worst, "not-satisfied"),
                        "reason": _REASONS.get(worst, "other"),
                        "remarks": f"Worst verdict on any resource: {worst}.",
                    },
                },
                "related-observations": [
                    {"observation-uuid": self._observed(control, result)} for result in _judging(control)
                ],
                "related-risks": [{"risk-uuid": self._id("risk", waiver)} for waiver in waivers],
            }
        )

    def _risk(self, waiver: WaiverRecord) -> Json:
        about = [control for control in self._judged if any(each.waiver == waiver.id for each in control.results)]
        return _full(
            {
                "uuid": self._id("risk", waiver.id),
                "title": f"Waiver {waiver.id}",
                "description": f"{waiver.control} is broken at {visible(waiver.resource)}, and let be.",
                "statement": visible(waiver.reason),
                "props": [
                    _property("owner", waiver.owner),
                    _property("approver", waiver.approver),
                    _property("ticket", waiver.ticket),
                    _property("category", waiver.category),
                ],
                "status": "deviation-approved",
                "mitigating-factors": [
                    {"uuid": self._id("factor", waiver.id, factor), "description": visible(factor)}
                    for factor in waiver.compensating_controls
                ],
                "deadline": f"{waiver.expires}T23:59:59Z",
                "related-observations": [
                    {"observation-uuid": self._observed(control, result)}
                    for control in about
                    for result in _judging(control)
                    if result.waiver == waiver.id
                ],
            }
        )

    def _observed(self, control: ControlRecord, result: ResultRecord) -> str:
        return self._id("observation", control.id, result.model_dump_json())

    def _id(self, *parts: str) -> str:
        # The digest covers everything, so that two documents share no id unless they say the same.
        return str(uuid5(_ROOT, "\0".join((self._digest, *parts)).encode("utf-8", "backslashreplace").decode()))


def _judging(control: ControlRecord) -> Iterator[ResultRecord]:
    if control.level is not Level.DISABLED:
        yield from (result for result in control.results if result.verdict is not Verdict.NOT_APPLICABLE)


def _property(name: str, value: str, *, group: str | None = None, kind: str | None = None) -> Json:
    found = {"name": name, "ns": NAMESPACE, "value": _line(value), "class": kind, "group": group}
    return {key: each for key, each in found.items() if each is not None}


def _line(text: str) -> str:
    """A text as OSCAL wants its strings: one line that neither begins nor ends with a space, and is not empty."""
    return visible(text).strip() or "-"


def _full(parts: Json) -> Json:
    """What is there: OSCAL has no empty lists and no empty texts."""
    return {key: value for key, value in parts.items() if not _is_empty(value)}


def _is_empty(value: object) -> bool:
    return isinstance(value, Sequence | dict) and not value
