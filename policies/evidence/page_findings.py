"""The parts of the page about what was found: summary, statement, findings, what is not known, waivers, movements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.control import Severity
from policies.evaluator import Verdict
from policies.evidence.model import ControlRecord, Evidence, FindingRecord, Movement, ResultRecord, WaiverRecord
from policies.evidence.phrase import Language
from policies.evidence.words import CATEGORIES, PLACES, PROOFS, SEVERITIES, TOPICS, VERDICTS
from policies.evidence.writing import Writing, kind_of
from policies.markup import Markup, element, joined
from policies.residency.arrows import Arrow, arrow
from policies.residency.captions import ARABIC, ENGLISH
from policies.residency.picture import pictures
from policies.residency.proof import Proof

_WORST_FIRST = tuple(reversed(Severity))


def summary(writing: Writing, evidence: Evidence) -> Markup:
    """Return what was checked, by whom, when, and how often each verdict was given."""
    judged, tool = evidence.judged, evidence.tool
    state = "stops" if evidence.stops else "stops_nothing"
    facts = [
        ("source", writing.english(judged.name)),
        ("stack", writing.english(judged.stack or "-")),
        ("judged_at", writing.english(f"{evidence.judged_at:%Y-%m-%d %H:%M}")),
        ("resources", str(judged.resources)),
        ("profiles", writing.english(", ".join(evidence.profiles)) if evidence.profiles else writing.say("baseline")),
        ("pack", writing.english(f"{tool.name} {tool.version}, {tool.pack_version}")),
        ("digest", writing.code(judged.digest)),
        ("pack_digest", writing.code(tool.pack_digest)),
    ]
    tiles = [
        element(
            "div",
            {"class": f"tile {kind_of(verdict)}"},
            element("b", {}, str(count)),
            element("span", {}, writing.phrase(VERDICTS[verdict])),
        )
        for verdict, count in evidence.counts.items()
    ]
    return element(
        "section",
        {},
        writing.heading(2, "summary"),
        element("p", {"class": f"state {state}"}, writing.say(state)),
        writing.listed(facts),
        element("h3", {}, writing.say("verdicts")),
        element("div", {"class": "tiles"}, *tiles),
    )


def statement(writing: Writing, evidence: Evidence) -> Markup:
    """Return what was checked, how, when and on what, and what that is not."""
    said = [
        element(
            "div",
            {},
            element("dt", {}, writing.phrase(TOPICS[each.topic])),
            element("dd", {}, writing.mixed(each.ar if writing.language is Language.ARABIC else each.en)),
        )
        for each in evidence.statement
    ]
    return element("section", {}, writing.heading(2, "statement"), element("dl", {"class": "statement"}, *said))


def findings(writing: Writing, evidence: Evidence) -> Markup:
    """Return everything that is broken or could not be checked: what stops the plan first, then the worst."""
    return _told(writing, evidence, "findings", "no_findings", Verdict.ERROR, Verdict.FAIL)


def unknowns(writing: Writing, evidence: Evidence) -> Markup:
    """Return everything that is not known yet."""
    return _told(writing, evidence, "unknowns", "no_unknowns", Verdict.UNKNOWN)


def _told(writing: Writing, evidence: Evidence, title: str, nothing: str, *verdicts: Verdict) -> Markup:
    groups: dict[str, tuple[ControlRecord, list[ResultRecord]]] = {}
    for control, result in evidence.told(*verdicts):
        groups.setdefault(control.id, (control, []))[1].append(result)
    ranked = sorted(groups.values(), key=lambda each: _WORST_FIRST.index(each[0].severity))
    ranked.sort(key=lambda each: not any(result.stops for result in each[1]))
    blocks = [_control(writing, evidence, control, results) for control, results in ranked]
    empty = element("p", {}, writing.say(nothing))
    return element("section", {}, writing.heading(2, title), *(blocks or [empty]))


def _control(writing: Writing, evidence: Evidence, control: ControlRecord, results: Sequence[ResultRecord]) -> Markup:
    shorts = {each.key: each.short for each in evidence.coverage}
    clauses = ", ".join(f"{shorts[each.framework]} {each.clause}" for each in control.references)
    stopping = any(result.stops for result in results)
    marks = [element("span", {"class": f"mark {control.severity}"}, writing.phrase(SEVERITIES[control.severity]))]
    if stopping:
        marks.append(element("span", {"class": "mark stopping"}, writing.say("stopping")))
    return element(
        "article",
        {"class": "finding"},
        element("h3", {}, writing.english(f"{control.id} {control.title}"), " ", joined(marks, " ")),
        element("p", {}, writing.english(control.harm)),
        element("ul", {}, *(_result(writing, result) for result in results)),
        element("p", {}, element("b", {}, writing.say("remedy")), ": ", writing.english(control.remedy)),
        element("p", {"class": "small"}, element("b", {}, writing.say("asked_by")), ": ", writing.english(clauses)),
    )


def _result(writing: Writing, result: ResultRecord) -> Markup:
    grounds = [element("li", {}, each) for each in _grounds(writing, result)]
    return element("li", {}, writing.code(result.urn), element("ul", {}, *grounds))


def _grounds(writing: Writing, result: ResultRecord) -> Iterator[Markup]:
    if result.verdict is Verdict.ERROR:
        yield joined([writing.say("check_failed"), ": ", writing.code(result.reason)])
    for finding in result.findings:
        yield _finding(writing, finding)
    for unknown in result.unknown:
        said = [writing.code(unknown.at), ": ", writing.say("not_known")]
        if unknown.missing:
            said += [" (", writing.english(unknown.missing), ")"]
        yield joined([*said, *_elsewhere(writing, unknown.urn)])


def _finding(writing: Writing, finding: FindingRecord) -> Markup:
    said = (
        f"{writing.say('found')} ",
        writing.code(finding.found),
        "، " if writing.language is Language.ARABIC else ", ",
        f"{writing.say('expected')} ",
        writing.english(finding.expected),
    )
    return joined([writing.code(finding.at), ": ", *said, *_elsewhere(writing, finding.urn)])


def _elsewhere(writing: Writing, urn: str | None) -> list[str]:
    return [" (", writing.code(urn), ")"] if urn else []


def waivers(writing: Writing, evidence: Evidence) -> Markup:
    """Return what is let be, until when and by whom; what has expired; what lets nothing be."""
    own = evidence.waivers
    parts = [writing.heading(2, "waivers"), element("h3", {}, writing.say("in_force"))]
    if own.in_force:
        parts += [_waiver(writing, evidence, each) for each in own.in_force]
    else:
        parts.append(element("p", {}, writing.say("no_waivers")))
    parts.append(element("h3", {}, writing.say("expired")))
    if own.expired:
        parts += [_waiver(writing, evidence, each) for each in own.expired]
    else:
        parts.append(element("p", {}, writing.say("no_expired")))
    return element("section", {}, *parts)


def _waiver(writing: Writing, evidence: Evidence, waiver: WaiverRecord) -> Markup:
    marks = [
        element("span", {"class": "mark high"}, writing.say(key))
        for key, ids in (("expiring", evidence.waivers.expiring), ("unused", evidence.waivers.unused))
        if waiver.id in ids
    ]
    facts = [
        ("control", writing.english(waiver.control)),
        ("resource", writing.code(waiver.resource + (f" {waiver.path}" if waiver.path else ""))),
        ("days_left", element("b", {"class": "days"}, str(waiver.days_left))),
        ("expires", writing.english(waiver.expires.isoformat())),
        ("lets_be", str(waiver.findings)),
        ("category", writing.phrase(CATEGORIES[waiver.category])),
        ("reason", writing.english(waiver.reason)),
        ("compensating", writing.english("; ".join(waiver.compensating_controls) or "-")),
        ("owner", writing.english(waiver.owner)),
        ("approver", writing.english(waiver.approver)),
        ("ticket", writing.english(waiver.ticket)),
    ]
    title = element("h4", {}, writing.say("waiver"), " ", writing.english(waiver.id), " ", joined(marks, " "))
    waived = [result for _, result in evidence.told(Verdict.WAIVED) if result.waiver == waiver.id]
    found = [element("ul", {}, *(_result(writing, result) for result in waived))] if waived else []
    return element("article", {"class": "finding"}, title, writing.listed(facts), *found)


def residency(writing: Writing, evidence: Evidence) -> Markup:
    """Return the picture of movements, and in words whatever of it is not allowed."""
    parts = [writing.heading(2, "residency")]
    if not evidence.residency:
        return element("section", {}, *parts, element("p", {}, writing.say("no_movements")))
    captions = ARABIC if writing.language is Language.ARABIC else ENGLISH
    drawn = pictures(map(arrow_of, evidence.residency), captions)
    parts += [element("figure", {"dir": "ltr"}, part) for part in drawn]
    order = list(Proof)
    told = sorted(
        (each for each in evidence.residency if each.proof is not Proof.ALLOWED),
        key=lambda each: order.index(each.proof),
    )
    if told:
        rows = [_movement(writing, each) for each in told]
        parts.append(writing.table(("outcome", "movement", "place", "grounds", "forbidden"), rows))
    else:
        parts.append(element("p", {}, writing.say("all_allowed")))
    return element("section", {"class": "residency"}, *parts)


def _movement(writing: Writing, movement: Movement) -> tuple[Markup, ...]:
    return (
        element("b", {"class": f"proof {movement.proof}"}, writing.phrase(PROOFS[movement.proof])),
        writing.code(f"{movement.source} → {movement.sink}"),
        joined([writing.phrase(PLACES[movement.place])]),
        writing.english("; ".join(movement.grounds)),
        writing.english(", ".join(movement.articles) or "-"),
    )


def arrow_of(movement: Movement) -> Arrow:
    """Return a movement as the picture shows it."""
    return arrow(
        source=movement.source,
        sink=movement.sink,
        place=movement.place,
        proof=movement.proof,
        said=(movement.channel, movement.data_class, movement.encryption),
        region=movement.region,
        global_service=movement.global_service,
        grounds=movement.grounds,
        articles=movement.articles,
    )
