"""Who looked at which clause of which law or standard: a machine, a person, or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from falaj.catalog.attestations import attestations
from falaj.catalog.controls import Framework, Relation, frameworks
from policies.evidence.model import ClauseControl, ClauseCoverage, ControlRecord, FrameworkCoverage, Status

STRONGEST = (Relation.FULL, Relation.PARTIAL, Relation.SUPPORTS)


def coverage(controls: Sequence[ControlRecord]) -> tuple[FrameworkCoverage, ...]:
    """Return every framework of the catalog with its clauses, and which controls looked at each in this judgement."""
    return tuple(_framework(key, framework, controls) for key, framework in frameworks().items())


def home_of(clause: str, clauses: Iterable[str]) -> str:
    """Return the listed clause that a clause is, or is a part of: the narrowest; itself where none is listed."""
    parts = [
        known for known in clauses if clause == known or clause.startswith((f"{known}.", f"{known}(", f"{known} "))
    ]
    return max(parts, key=len, default=clause)


def _framework(key: str, framework: Framework, controls: Sequence[ControlRecord]) -> FrameworkCoverage:
    looking: dict[str, list[ClauseControl]] = {clause: [] for clause in framework.clauses}
    for control in controls:
        for reference in control.references:
            if reference.framework == key:
                home = home_of(reference.clause, framework.clauses)
                looking.setdefault(home, []).append(
                    ClauseControl(
                        id=control.id, clause=reference.clause, relation=reference.relation, verdict=control.worst
                    )
                )
    shown = attestations()[key].clauses if key in attestations() else {}
    return FrameworkCoverage(
        key=key,
        title=framework.title,
        short=framework.short,
        confidence=framework.confidence,
        source=framework.source,
        reviewed=framework.reviewed,
        clauses=tuple(_clause(clause, framework.clauses, found, shown) for clause, found in looking.items()),
    )


def _clause(
    clause: str, subjects: Mapping[str, str], controls: Sequence[ClauseControl], shown: Mapping[str, str]
) -> ClauseCoverage:
    judged = {control.relation for control in controls if control.verdict is not None}
    person = shown.get(clause, "")
    unchecked = Status.PERSON if person else Status.NOT_ADDRESSED
    return ClauseCoverage(
        clause=clause,
        subject=subjects.get(clause, ""),
        status=Status.CHECKED if judged else unchecked,
        relation=next((relation for relation in STRONGEST if relation in judged), None),
        controls=tuple(sorted(controls, key=lambda each: (STRONGEST.index(each.relation), each.id, each.clause))),
        person=person,
    )
