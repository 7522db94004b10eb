"""The evidence as JUnit XML, for pipelines that show tests: a suite for each control, a case for each resource."""

from __future__ import annotations

from falaj.catalog.controls import Level
from policies.evaluator import Verdict
from policies.evidence.model import ControlRecord, Evidence, ResultRecord
from policies.evidence.sentences import sentence
from policies.markup import Attributes, Markup, element, joined, raw


def junit(evidence: Evidence) -> bytes:
    """Return every result. What stops the plan fails; what is told, not known, waived or not applicable is skipped."""
    controls = [control for control in evidence.controls if control.results and control.level is not Level.DISABLED]
    results = [result for control in controls for result in control.results]
    at = evidence.judged_at.strftime("%Y-%m-%dT%H:%M:%S")
    suites = element(
        "testsuites",
        {"name": f"falaj {evidence.judged.name}", **_counts(results), "time": "0"},
        raw("\n"),
        joined((_suite(control, at) for control in controls), "\n"),
        raw("\n"),
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{suites}\n'.encode()


def _suite(control: ControlRecord, at: str) -> Markup:
    cases = joined((_case(control, result) for result in control.results), "\n")
    counts = _counts(control.results)
    attributes: Attributes = {"name": f"{control.id} {control.title}", **counts, "time": "0", "timestamp": at}
    return element("testsuite", attributes, raw("\n"), cases, raw("\n"))


def _case(control: ControlRecord, result: ResultRecord) -> Markup:
    said = sentence(result)
    attributes = {"classname": control.id, "name": result.urn, "time": "0"}
    if _is_error(result):
        outcome = [element("error", {"message": said, "type": result.verdict.value}, _details(control, said))]
    elif _is_failure(result):
        outcome = [element("failure", {"message": said, "type": control.level.value}, _details(control, said))]
    elif _is_skipped(result):
        outcome = [element("skipped", {"message": f"{result.verdict}: {said}"})]
    else:
        outcome = []
    return element("testcase", attributes, *outcome)


def _details(control: ControlRecord, said: str) -> Markup:
    lines = (f"{control.id} {control.title} ({control.severity})", said, f"Remedy: {control.remedy}")
    return joined(lines, "\n")


def _is_error(result: ResultRecord) -> bool:
    return result.stops and result.verdict is Verdict.ERROR


def _is_failure(result: ResultRecord) -> bool:
    return result.stops and result.verdict is not Verdict.ERROR


def _is_skipped(result: ResultRecord) -> bool:
    return not result.stops and result.verdict is not Verdict.PASS


def _counts(results: tuple[ResultRecord, ...] | list[ResultRecord]) -> dict[str, int]:
    return {
        "tests": len(results),
        "failures": sum(map(_is_failure, results)),
        "errors": sum(map(_is_error, results)),
        "skipped": sum(map(_is_skipped, results)),
    }
