"""The evidence as SARIF 2.1.0, for code scanning: what is broken, not known or waived, at the stack's own file.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from falaj.catalog.controls import Level
from policies.control import Severity
from policies.evaluator import Verdict
from policies.evidence.model import ControlRecord, Evidence, ResultRecord, Topic, WaiverRecord
from policies.evidence.sentences import sentence
from policies.visible import json_text, visible

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SCORES: Final = {Severity.LOW: "2.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""Numbers by which code scanning sorts."""
LEVELS: Final = {Level.MANDATORY: "error", Level.ADVISORY: "warning", Level.DISABLED: "none"}
TOLD: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED)

Json = dict[str, Any]


def sarif(evidence: Evidence) -> bytes:
    """Return what is to be told as one SARIF log. A waived finding is in it, suppressed, with who approved that."""
    numbers = {control.id: number for number, control in enumerate(evidence.controls)}
    waivers = {waiver.id: waiver for waiver in evidence.waivers.in_force}
    results = [
        _result(evidence, control, result, numbers[control.id], waivers) for control, result in evidence.told(*TOLD)
    ]
    said = {each.topic: each.en for each in evidence.statement}
    run: Json = {
        "tool": {
            "driver": {
                "name": evidence.tool.name,
                "version": evidence.tool.version,
                "rules": [_rule(control) for control in evidence.controls],
                "properties": {"pack": evidence.tool.pack_version, "packDigest": evidence.tool.pack_digest},
            }
        },
        "automationDetails": {"id": f"falaj/{visible(evidence.judged.stack or evidence.judged.kind)}/"},
        "invocations": [{"executionSuccessful": True, "endTimeUtc": evidence.judged_at.strftime("%Y-%m-%dT%H:%M:%SZ")}],
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": {
            "source": visible(evidence.judged.name),
            "digest": evidence.judged.digest,
            "counts": {verdict.value: count for verdict, count in evidence.counts.items()},
            "limits": said[Topic.LIMITS],
        },
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).encode()


def _rule(control: ControlRecord) -> Json:
    clauses = ", ".join(f"{each.framework} {each.clause} ({each.relation})" for each in control.references)
    return {
        "id": control.id,
        "shortDescription": {"text": control.title},
        "fullDescription": {"text": f"{control.title}. {control.harm}"},
        "help": {"text": f"{control.remedy}\nAsked for by: {clauses or 'nobody'}."},
        "defaultConfiguration": {
            "level": LEVELS[control.level],
            "enabled": control.level is not Level.DISABLED,
        },
        "properties": {
            "security-severity": SCORES[control.severity],
            "tags": ["security", control.id.partition("-")[0]],
        },
    }


def _result(
    evidence: Evidence, control: ControlRecord, result: ResultRecord, number: int, waivers: Mapping[str, WaiverRecord]
) -> Json:
    found: Json = {
        "ruleId": control.id,
        "ruleIndex": number,
        # SARIF has no unknown: what is open asks for a look and is no failure yet, unless it stops the plan.
        "kind": "fail" if result.verdict is not Verdict.UNKNOWN or result.stops else "open",
        "level": LEVELS[control.level] if result.verdict is not Verdict.UNKNOWN or result.stops else "none",
        "message": {"text": f"{control.title}: {visible(sentence(result))}"},
        "locations": [_location(evidence, result)],
        "partialFingerprints": {"falaj/v1": _fingerprint(control, result)},
        "properties": {"verdict": result.verdict.value, "stops": result.stops},
    }
    if result.verdict is Verdict.WAIVED:
        found["suppressions"] = [_suppression(waivers[result.waiver])] if result.waiver in waivers else []
    return found


def _location(evidence: Evidence, result: ResultRecord) -> Json:
    logical = {
        "fullyQualifiedName": visible(result.urn),
        "name": visible(result.urn.split("::")[-1]),
        "kind": "resource",
    }
    place: Json = {"logicalLocations": [logical]}
    if evidence.judged.file:
        place["physicalLocation"] = {
            "artifactLocation": {"uri": quote(evidence.judged.file.encode("utf-8", "backslashreplace"))},
            "region": {"startLine": 1},
        }
    return place


def _fingerprint(control: ControlRecord, result: ResultRecord) -> str:
    """The same finding keeps its fingerprint whatever was found: code scanning tells old from new by it."""
    paths = sorted({each.at for each in result.findings} | {each.at for each in result.unknown})
    said = "\0".join((control.id, result.urn, *paths))
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def _suppression(waiver: WaiverRecord) -> Json:
    until = f"until {waiver.expires}, approved by {waiver.approver}, owned by {waiver.owner}, {waiver.ticket}"
    return {
        "kind": "external",
        "status": "accepted",
        "justification": visible(f"{waiver.id}: {waiver.reason} ({until})"),
    }
