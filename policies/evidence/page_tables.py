"""The tables of the page: how much of each framework was looked at, clause by clause, and every control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from falaj.catalog.controls import Level, Relation
from policies.evaluator import Verdict
from policies.evidence.model import ClauseControl, ClauseCoverage, ControlRecord, Evidence, FrameworkCoverage, Status
from policies.evidence.words import LEVELS, RELATIONS, SEVERITIES, STATUSES
from policies.evidence.writing import Writing
from policies.markup import Markup, element, joined


def coverage(writing: Writing, evidence: Evidence) -> Markup:
    """Return one row for each framework: how many of its clauses a machine checked, and how far."""
    head = [writing.say("framework"), writing.say("clauses")]
    head += [
        f"{writing.phrase(STATUSES[Status.CHECKED])}: {writing.phrase(RELATIONS[relation])}" for relation in Relation
    ]
    head += [writing.phrase(STATUSES[status]) for status in (Status.PERSON, Status.NOT_ADDRESSED)]
    rows = [_counted(writing, each) for each in evidence.coverage]
    table = element(
        "table",
        {"class": "numbers"},
        element("thead", {}, element("tr", {}, *(element("th", {"scope": "col"}, each) for each in head))),
        element("tbody", {}, joined(rows, "\n")),
    )
    note = element("p", {}, writing.say("coverage_note"))
    return element("section", {}, writing.heading(2, "coverage"), note, table)


def _counted(writing: Writing, framework: FrameworkCoverage) -> Markup:
    numbers = [
        len(framework.clauses),
        *(framework.count(Status.CHECKED, relation) for relation in Relation),
        framework.count(Status.PERSON),
        framework.count(Status.NOT_ADDRESSED),
    ]
    name = element("a", {"href": f"#{writing.id(framework.key)}"}, writing.english(framework.short))
    title = joined([name, " ", element("span", {"class": "small", "lang": "en", "dir": "ltr"}, framework.title)])
    return element("tr", {}, element("td", {}, title), *(element("td", {}, str(number)) for number in numbers))


def matrix(writing: Writing, evidence: Evidence) -> Markup:
    """Return each framework clause by clause: what it is about, who looked at it, which controls said what."""
    return element(
        "section",
        {},
        writing.heading(2, "matrix"),
        *(_framework(writing, framework) for framework in evidence.coverage),
    )


def _framework(writing: Writing, framework: FrameworkCoverage) -> Markup:
    facts = [
        ("read", writing.english(f"{framework.source}, {framework.reviewed}")),
        ("confidence", writing.english(framework.confidence)),
    ]
    if framework.clauses:
        columns = ("clause", "status", "controls")
        body = writing.table(columns, [_clause(writing, each) for each in framework.clauses], "matrix")
    else:
        body = element("p", {}, writing.say("no_clauses"))
    title = element("h3", {"id": writing.id(framework.key)}, writing.english(framework.title))
    return element("section", {"class": "framework"}, title, writing.listed(facts), body)


def _clause(writing: Writing, clause: ClauseCoverage) -> tuple[Markup, ...]:
    relation = [] if clause.relation is None else [f" ({writing.phrase(RELATIONS[clause.relation])})"]
    person = [element("br", {}), writing.say("person"), ": ", writing.english(clause.person)] if clause.person else []
    status = element("b", {"class": f"status {clause.status.name.lower()}"}, writing.phrase(STATUSES[clause.status]))
    return (
        joined([element("b", {}, writing.english(clause.clause)), element("br", {}), writing.english(clause.subject)]),
        joined([status, *relation, *person]),
        joined(_said(writing, clause.controls), element("br", {})),
    )


def _said(writing: Writing, controls: tuple[ClauseControl, ...]) -> Iterator[Markup]:
    """The controls of a clause, those together that cover it as far and said the same."""
    groups: dict[tuple[Relation, Verdict], dict[str, None]] = {}
    idle: dict[str, None] = {}
    for each in controls:
        if each.verdict is None:
            idle[each.id] = None
        else:
            groups.setdefault((each.relation, each.verdict), {})[each.id] = None
    for (relation, verdict), ids in groups.items():
        yield joined([writing.phrase(RELATIONS[relation]), " ", writing.verdict(verdict), " ", _links(writing, ids)])
    if idle:
        yield element("span", {"class": "idle"}, writing.say("met_nothing"), ": ", _links(writing, idle))


def _links(writing: Writing, ids: dict[str, None]) -> Markup:
    links = [element("a", {"href": f"#{writing.id(each)}"}, each) for each in ids]
    return element("span", {"class": "ids", "dir": "ltr"}, joined(links, ", "))


def controls(writing: Writing, evidence: Evidence) -> Markup:
    """Return every control: what holds, how bad a breach is, what it does here, and what was said."""
    columns = ("control", "holds", "severity", "level", "results")
    head = element("tr", {}, *(element("th", {"scope": "col"}, writing.say(column)) for column in columns))
    rows = [_control(writing, each) for each in evidence.controls]
    table = element(
        "table", {"class": "controls"}, element("thead", {}, head), element("tbody", {}, joined(rows, "\n"))
    )
    return element("section", {}, writing.heading(2, "all_controls"), table)


def _control(writing: Writing, control: ControlRecord) -> Markup:
    counts = Counter(result.verdict for result in control.results)
    said = [joined([writing.verdict(verdict), f" {counts[verdict]}"]) for verdict in Verdict if counts[verdict]]
    if control.level is Level.DISABLED:
        said = []
    results = joined(said, " ") if said else element("span", {"class": "idle"}, writing.say("idle"))
    cells = (
        element("b", {}, writing.english(control.id)),
        writing.english(control.title),
        writing.phrase(SEVERITIES[control.severity]),
        writing.phrase(LEVELS[control.level]),
        results,
    )
    return element("tr", {"id": writing.id(control.id)}, *(element("td", {}, cell) for cell in cells))
