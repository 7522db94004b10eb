"""What a result says, in plain English sentences, for the renderings that hold text alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.evaluator import Verdict
from policies.evidence.model import ResultRecord


def sentences(result: ResultRecord) -> Iterator[str]:
    """Yield what a result says, one sentence for each of its grounds; nothing for a pass."""
    if result.verdict is Verdict.ERROR:
        yield f"could not be checked: {result.reason}"
    elif result.reason:
        yield result.reason
    for finding in result.findings:
        yield f"{finding.at}: found {finding.found}, expected {finding.expected}" + _elsewhere(finding.urn)
    for unknown in result.unknown:
        yield f"{unknown.at}: not known{f', {unknown.missing}' if unknown.missing else ' yet'}" + _elsewhere(
            unknown.urn
        )


def sentence(result: ResultRecord) -> str:
    """Return all that a result says as one text."""
    waived = f" (waiver {result.waiver} lets it be)" if result.waiver else ""
    return "; ".join(sentences(result)) + waived


def _elsewhere(urn: str | None) -> str:
    return f" ({urn})" if urn else ""
