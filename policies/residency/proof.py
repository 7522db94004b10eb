"""Each movement of data, proven to be allowed, or named with the article that forbids it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from falaj.catalog.controls import frameworks
from falaj.catalog.data_flows import DataClass
from falaj.catalog.regions import regions
from policies.control import shown_references
from policies.evaluator import Result, Verdict
from policies.judgement import Judgement
from policies.residency.edges import FLOWS, Edge, declared, made_by_settings, order_of
from policies.stack import Stack, described

ARTICLES: Final = {
    DataClass.PERSONAL: (("pdpl", "Art 22"), ("pdpl", "Art 23")),
    DataClass.HEALTH: (("health", "FL2/2019 Art 13"),),
    DataClass.FINANCIAL: (("cbuae", "CPS 6.1.6.3"), ("cbuae", "OutsourcingReg 6.3")),
    DataClass.GOVERNMENT: (("uae_ia", "T6.3"),),
}
"""What forbids that data of a class leave the country."""
PROTECTION: Final = {
    DataClass.HEALTH: (("health", "CabDec 32/2020"), ("pdpl", "Art 20")),
    DataClass.GOVERNMENT: (("uae_ia", "T4.2"),),
}
"""What asks for protection on the way; for any other class, `ON_THE_WAY`."""
ON_THE_WAY: Final = (("pdpl", "Art 20"), ("uae_ia", "T4.2"))
ANYWHERE: Final = (("uae_ia", "T6.3"), ("iso27001", "A.5.23"))
"""What asks where any data lies."""
ZONES: Final = {"difc_adgm": (("difc", "Art 26"), ("adgm", "s.40")), "gdpr": (("gdpr", "Art 44"), ("gdpr", "Art 46"))}
"""What a profile's own law says of transfers."""


class Proof(StrEnum):
    """What became of one movement, worst first."""

    BROKEN = "broken"
    """It may not be, and an article says so."""
    UNKNOWN = "unknown"
    """Something it hangs on is not known yet. Never allowed."""
    WAIVED = "waived"
    """It may not be, and a reviewed waiver lets it."""
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Proven:
    """One movement and the grounds of its verdict."""

    edge: Edge
    proof: Proof
    grounds: tuple[str, ...]
    """What is wrong or not known; for what is allowed, why it is."""
    articles: tuple[str, ...] = ()
    """What forbids it."""


def walk(judgement: Judgement) -> tuple[Proven, ...]:
    """Prove every movement of a source, in the order that data takes: requests, stores, copies, logs, people."""
    stack = described(judgement.source.config)
    said = _said(judgement.results)
    edges = sorted(declared(judgement.source.whole), key=lambda edge: (order_of(edge.channel), edge.source, edge.sink))
    proven = [_of_a_flow(edge, said.get(edge.urn, ()), stack) for edge in edges]
    references = {control.id: shown_references(control) for control in judgement.controls}
    for edge in made_by_settings(judgement.results):
        articles = tuple(f"{each.framework} {each.clause}" for each in references[edge.control])
        proof = Proof.WAIVED if edge.waived else Proof.BROKEN
        proven.append(Proven(edge, proof, (str(edge.finding),), articles))
    return tuple(proven)


def _said(results: Sequence[Result]) -> dict[str, list[Result]]:
    """What the controls of flows say, by component."""
    said: dict[str, list[Result]] = {}
    for result in results:
        if result.control.id in FLOWS:
            said.setdefault(result.urn, []).append(result)
    return said


def _of_a_flow(edge: Edge, results: Sequence[Result], stack: Stack) -> Proven:
    findings = [
        (result, finding)
        for result in results
        for finding in result.findings
        if str(finding.at).startswith(f"{edge.at}.")
    ]
    if findings:
        waived = all(result.verdict is Verdict.WAIVED for result, _ in findings)
        parts = {str(finding.at).rpartition(".")[2] for _, finding in findings}
        grounds = tuple(str(finding).partition(": ")[2] for _, finding in findings)
        articles = tuple(dict.fromkeys(each for part in sorted(parts) for each in _articles(edge, part, stack)))
        return Proven(edge, Proof.WAIVED if waived else Proof.BROKEN, grounds, articles)
    unknown = [
        str(undecided) for result in results for undecided in result.undecided if str(undecided.at).startswith(edge.at)
    ]
    errors = [result.reason for result in results if result.verdict is Verdict.ERROR]
    if unknown or errors or not edge.known:
        return Proven(edge, Proof.UNKNOWN, tuple(unknown or errors or ["not everything about it is known yet"]))
    return Proven(edge, Proof.ALLOWED, tuple(_reasons(edge, stack)))


def _articles(edge: Edge, part: str, stack: Stack) -> Iterator[str]:
    """What forbids a flow whose ``part`` is wrong: its region, its encryption, its class."""
    kind = DataClass(edge.data_class) if edge.data_class in list(DataClass) else None
    if part in {"encryption", "channel"}:
        clauses = PROTECTION.get(kind, ON_THE_WAY) if kind else ON_THE_WAY
    elif part == "region" and _in_the_country(edge, stack):
        clauses = tuple(each for profile in stack.profiles for each in ZONES.get(profile, ()))
    else:
        clauses = (ARTICLES.get(kind, ()) if kind else ()) + ANYWHERE
    for key, clause in clauses:
        yield f"{frameworks()[key].short} {clause}"


def _in_the_country(edge: Edge, stack: Stack) -> bool:
    region = regions().get(edge.region or "")
    return region is not None and (region.jurisdiction.country == "AE" or stack.local_country == "AE")


def _reasons(edge: Edge, stack: Stack) -> Iterator[str]:
    if edge.global_service is not None:
        yield f"{edge.global_service}: a global service that the catalog allows, told nothing of a request"
    else:
        region = regions()[edge.region or ""]
        yield f"{edge.region}: {region.jurisdiction.free_zone or 'onshore'}, {region.display_name}"
    yield f"{edge.data_class} data, protected by {edge.encryption}{f', key {edge.key}' if edge.key else ''}"
    for document in stack.rules.requires if edge.global_service is None else ():
        if document in stack.documents:
            yield f"{document} {stack.documents[document]}"
