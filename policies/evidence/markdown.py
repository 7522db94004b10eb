"""The evidence in short, as Markdown for a pull request: what stops, what is waived, where the rest is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

from policies.evaluator import Verdict
from policies.evidence.model import ControlRecord, Evidence, ResultRecord, Status
from policies.evidence.sentences import sentences
from policies.residency.proof import Proof
from policies.visible import visible

LINKS: Final = {
    "evidence.html": "page",
    "residency.svg": "picture of movements",
    "evidence.json": "evidence",
    "evidence.oscal.json": "OSCAL",
}
"""What a reader may want to open, and how it is called."""
MOST: Final = 20
"""Findings and movements that are written out; the page holds them all."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&@])")
_TICKS: Final = re.compile(r"`+")


def markdown(evidence: Evidence, beside: Collection[str] = ()) -> bytes:
    """Return the summary, with links to the files that lie beside it.

    Whatever comes from the plan stands in code, where it can link to nothing and call nobody.
    """
    parts = [
        f"### Evidence of policy checks: {code(evidence.judged.name)}",
        _verdict(evidence),
        _counts(evidence),
        *_stopping(evidence),
        *_waivers(evidence),
        *_residency(evidence),
        _coverage(evidence),
        _links(evidence, beside),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def code(text: str) -> str:
    """Return a text as code, whatever it holds."""
    line = visible(text)
    fence = "`" * (max((len(run) for run in _TICKS.findall(line)), default=0) + 1)
    padding = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def plain(text: str) -> str:
    """Return a text as a text, with nothing in it that Markdown would take for more."""
    return _SPECIAL.sub(r"\\\1", visible(text))


def _verdict(evidence: Evidence) -> str:
    stopping = sum(result.stops for control in evidence.controls for result in control.results)
    if not stopping:
        return "Nothing stops this plan."
    return f"**{stopping} {'result stops' if stopping == 1 else 'results stop'} this plan.**"


def _counts(evidence: Evidence) -> str:
    rows = [f"| {verdict} | {count} |" for verdict, count in evidence.counts.items() if count]
    return "\n".join(["| verdict | results |", "|---|---|", *(rows or ["| nothing to judge | 0 |"])])


def _stopping(evidence: Evidence) -> Iterator[str]:
    told = evidence.told(Verdict.ERROR, Verdict.FAIL, Verdict.UNKNOWN)
    stopping = [(control, result) for control, result in told if result.stops]
    if stopping:
        lines = [line for control, result in stopping[:MOST] for line in _finding(control, result)]
        left = len(stopping) - MOST
        more = [f"- and {left} more"] if left > 0 else []
        yield "\n".join(["#### What stops it", "", *lines, *more])


def _finding(control: ControlRecord, result: ResultRecord) -> Iterator[str]:
    yield f"- **{control.id}** {plain(control.title)} ({control.severity}): {code(result.urn)}"
    for each in sentences(result):
        yield f"  - {code(each)}"


def _waivers(evidence: Evidence) -> Iterator[str]:
    rows = [
        f"| {code(each.id)} | {each.control} | {each.expires} | {each.days_left} | {plain(each.owner)} "
        f"| {plain(each.approver)} | {each.findings} |"
        for each in evidence.waivers.in_force
    ]
    if rows:
        head = [
            "| waiver | control | last day | days left | owner | approved by | findings |",
            "|---|---|---|---|---|---|---|",
        ]
        yield "\n".join(["#### Waivers in force", "", *head, *rows])
    if evidence.waivers.expired:
        yield "Expired: " + ", ".join(f"{code(each.id)} on {each.expires}" for each in evidence.waivers.expired)
    if evidence.waivers.unused:
        yield "To be removed, as they let nothing be: " + ", ".join(map(code, evidence.waivers.unused))


def _residency(evidence: Evidence) -> Iterator[str]:
    if not evidence.residency:
        return
    counts = Counter(each.proof for each in evidence.residency)
    told = ", ".join(f"{counts[proof]} {proof}" for proof in Proof if counts[proof])
    broken = [each for each in evidence.residency if each.proof is Proof.BROKEN]
    lines = [
        f"- {code(each.source)} to {code(each.sink)}, {each.place}: {code('; '.join((*each.grounds, *each.articles)))}"
        for each in broken[:MOST]
    ]
    left = len(broken) - MOST
    more = [f"- and {left} more"] if left > 0 else []
    count = len(evidence.residency)
    yield "\n".join([f"{count} {'movement' if count == 1 else 'movements'} of data: {told}.", *lines, *more])


def _coverage(evidence: Evidence) -> str:
    counts = {status: sum(each.count(status) for each in evidence.coverage) for status in Status}
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    frameworks = len(evidence.coverage)
    return f"Clauses of {frameworks} laws, standards and benchmarks: {said}. A record of checks, no certificate."


def _links(evidence: Evidence, beside: Collection[str]) -> str:
    links = [f"[{name}]({file})" for file, name in LINKS.items() if file in beside]
    more = f"More: {', '.join(links)}. " if links else ""
    return f"{more}SHA-256 of what was checked: `{evidence.judged.digest}`."
