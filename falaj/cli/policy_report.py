"""How a judgement is shown: findings for people, everything for machines."""

from __future__ import annotations

from typing import Any

from falaj.catalog.controls import Level
from falaj.cli.console import output
from policies.evaluator import Verdict
from policies.judgement import Judgement


def print_judgement(judgement: Judgement) -> None:
    """Print every finding, what stops first, then how many verdicts of each kind there were."""
    told = sorted(judgement.messages, key=lambda each: each[1].level is not Level.MANDATORY)
    for _, message in told:
        output.print(f"{message.level}: {message.text}\n", markup=False)
    for waiver in judgement.applied.expiring:
        output.print(f"waiver {waiver.id} for {waiver.policy} ends on {waiver.expires}", markup=False)
    counts = ", ".join(f"{judgement.count(verdict)} {verdict}" for verdict in Verdict if judgement.count(verdict))
    output.print(
        f"{judgement.source.name}: {len(judgement.source.resources)} resources, {len(judgement.controls)} controls: "
        f"{counts or 'nothing to judge'}; {len(judgement.idle)} controls met nothing of theirs.",
        markup=False,
    )


def as_json(judgement: Judgement) -> dict[str, Any]:
    """Return the judgement as JSON: every result with its grounds, passes too."""
    return {
        "source": {
            "kind": judgement.source.kind,
            "name": judgement.source.name,
            "stack": judgement.source.stack,
            "digest": judgement.source.digest,
            "resources": len(judgement.source.resources),
        },
        "stops": judgement.stops,
        "levels": dict(judgement.levels),
        "results": [
            {
                "control": result.control.id,
                "urn": result.urn,
                "verdict": result.verdict,
                "findings": [str(finding) for finding in result.findings],
                "unknown": [str(undecided) for undecided in result.undecided],
                "reason": result.reason,
                "waiver": result.waiver,
            }
            for result in judgement.results
        ],
        "waivers": {
            name: [waiver.id for waiver in getattr(judgement.applied, name)]
            for name in ("expired", "expiring", "unused")
        },
        "idle": [control.id for control in judgement.idle],
    }
