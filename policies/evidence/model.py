"""What the evidence says: everything of one judgement in one document, from which every rendering is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from falaj.catalog.controls import Level, Relation
from policies.control import Severity
from policies.evaluator import Verdict
from policies.readers.source import SourceKind
from policies.residency.place import Place
from policies.residency.proof import Proof
from policies.waivers import Category

FORMAT: Final = "falaj-evidence/1"


class Record(BaseModel):
    """A part of the evidence. Refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tool(Record):
    """Who judged."""

    name: str = Field(description="The tool.")
    version: str = Field(description="Its version.")
    pack_version: str = Field(description="The version of the policy pack.")
    pack_digest: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the pack's code and of the catalog it decides by."
    )


class Judged(Record):
    """What was judged."""

    kind: SourceKind = Field(description="How its resources were come by.")
    name: str = Field(description="What a reader knows it by.")
    stack: str = Field(description="The stack it belongs to; empty where there is none.")
    digest: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="SHA-256 of everything that was judged, secrets left out."
    )
    resources: int = Field(ge=0, description="How many resources it has.")
    file: str = Field(description="The file that says what it is, as seen from the project; empty where none does.")


class Topic(StrEnum):
    """What a sentence of the statement is about."""

    WHAT = "what"
    HOW = "how"
    WHEN = "when"
    ON_WHAT = "on_what"
    LIMITS = "limits"


class Sentence(Record):
    """One part of the statement, in both languages."""

    topic: Topic = Field(description="What it is about.")
    en: str = Field(description="In English.")
    ar: str = Field(description="In Arabic.")


class ClauseReference(Record):
    """A clause that asks for a control."""

    framework: str = Field(description="Key of the framework; `coverage` says more of it.")
    clause: str = Field(description="The clause.")
    relation: Relation = Field(description="How far the control covers it.")


class FindingRecord(Record):
    """A value that breaks a control."""

    at: str = Field(description="Path of the value inside its resource.")
    found: str = Field(description="The value, secrets redacted.")
    expected: str = Field(description="What is allowed there.")
    urn: str | None = Field(description="The resource that holds the value, where it is not the one judged.")


class UnknownRecord(Record):
    """A value that a verdict hangs on and that is not known yet."""

    at: str = Field(description="Path of the value.")
    missing: str | None = Field(description="What has to be said before it can be known; null: the update will tell.")
    urn: str | None = Field(description="The resource that holds the value, where it is not the one judged.")


class ResultRecord(Record):
    """What became of one control on one resource."""

    urn: str = Field(description="The resource.")
    verdict: Verdict = Field(description="The verdict.")
    stops: bool = Field(description="Whether it stops the plan.")
    findings: tuple[FindingRecord, ...] = Field(description="What breaks the control.")
    unknown: tuple[UnknownRecord, ...] = Field(description="What is not known yet.")
    reason: str = Field(description="Why the check failed, or why it does not apply.")
    waiver: str = Field(description="Id of the waiver that lets it be; empty where none does.")


class ControlRecord(Record):
    """One control and everything it said."""

    id: str = Field(description="Its id.")
    title: str = Field(description="What holds when it is kept.")
    harm: str = Field(description="What happens when it is not.")
    remedy: str = Field(description="What to edit or run.")
    severity: Severity = Field(description="How bad a breach is.")
    level: Level = Field(description="What a breach does here.")
    parameters: Mapping[str, JsonValue] | None = Field(
        description="What it went by where an operator may set something, defaults included; null where nobody may."
    )
    references: tuple[ClauseReference, ...] = Field(description="Who asks for it, the most telling first.")
    results: tuple[ResultRecord, ...] = Field(description="Its results by resource; none where none was of its types.")

    @property
    def worst(self) -> Verdict | None:
        """The worst verdict it gave; nothing where it is disabled or met nothing of its own."""
        if self.level is Level.DISABLED:
            return None
        order = [verdict for verdict in Verdict if verdict is not Verdict.NOT_APPLICABLE]
        given = {result.verdict for result in self.results}
        return next((verdict for verdict in order if verdict in given), None)


class WaiverRecord(Record):
    """A reviewed exception, and how long it still holds."""

    id: str = Field(description="Its id.")
    control: str = Field(description="The control it is about.")
    resource: str = Field(description="The URN, or the pattern of URNs, that it is about.")
    path: str | None = Field(description="The path that it is about; null for any.")
    category: Category = Field(description="What kind of exception it is.")
    reason: str = Field(description="The reason, in words.")
    compensating_controls: tuple[str, ...] = Field(description="What makes up for it.")
    owner: str = Field(description="Who answers for it.")
    approver: str = Field(description="Who approved it.")
    ticket: str = Field(description="Where that is recorded.")
    created: date = Field(description="Its first day.")
    expires: date = Field(description="Its last day.")
    days_left: int = Field(description="Days from the day of the judgement to its last; negative once it has expired.")
    findings: int = Field(ge=0, description="How many findings it lets be here.")


class Waivers(Record):
    """The waivers of the stack."""

    in_force: tuple[WaiverRecord, ...] = Field(description="Those that hold on the day of the judgement.")
    expired: tuple[WaiverRecord, ...] = Field(description="Past their last day: what they let be is broken again.")
    expiring: tuple[str, ...] = Field(description="Ids of those in force that end within a fortnight.")
    unused: tuple[str, ...] = Field(description="Ids of those that let nothing be here.")


class Movement(Record):
    """One movement of data, proven to be allowed or not."""

    proof: Proof = Field(description="What became of it.")
    source: str = Field(description="Who sends.")
    sink: str = Field(description="Who receives.")
    place: Place = Field(description="Where the receiver lies.")
    channel: str | None = Field(description="How the data travels.")
    data_class: str | None = Field(description="What kind of data moves.")
    region: str | None = Field(description="The region where the receiver lies.")
    global_service: str | None = Field(description="The global service that the receiver is.")
    encryption: str | None = Field(description="What protects it on the way.")
    key: str | None = Field(description="Which key protects it.")
    purpose: str = Field(description="Why it moves.")
    control: str = Field(description="Id of the control that judges it.")
    urn: str = Field(description="The resource that declares it, or whose setting makes it.")
    at: str = Field(description="Where in that resource.")
    grounds: tuple[str, ...] = Field(description="What is wrong or not known; for what is allowed, why it is.")
    articles: tuple[str, ...] = Field(description="What forbids it.")


class Status(StrEnum):
    """Who looked at a clause."""

    CHECKED = "checked by machine"
    """A control that refers to it judged something."""
    PERSON = "needs a person"
    """No control judged anything of it, and a person can."""
    NOT_ADDRESSED = "not addressed"
    """Nobody did: no control refers to it, or none met anything of its own here."""


class ClauseControl(Record):
    """A control that refers to a clause."""

    id: str = Field(description="The control.")
    clause: str = Field(description="The clause as the control names it; it may be a part of the listed one.")
    relation: Relation = Field(description="How far it covers it.")
    verdict: Verdict | None = Field(description="Its worst verdict; null where it met nothing of its own.")


class ClauseCoverage(Record):
    """One clause, and who looked at it."""

    clause: str = Field(description="The clause.")
    subject: str = Field(description="What it is about.")
    status: Status = Field(description="Who looked at it.")
    relation: Relation | None = Field(description="How far it is covered at best by what judged something here.")
    controls: tuple[ClauseControl, ...] = Field(description="The controls that refer to it.")
    person: str = Field(description="What a person has to show besides; empty where nothing is known to be asked.")


class FrameworkCoverage(Record):
    """One law, standard or benchmark, clause by clause."""

    key: str = Field(description="Its key.")
    title: str = Field(description="Its full name.")
    short: str = Field(description="Its short name.")
    confidence: str = Field(description="How sure its text and its numbers are.")
    source: str = Field(description="Where it was read.")
    reviewed: date = Field(description="When.")
    clauses: tuple[ClauseCoverage, ...] = Field(description="Those that infrastructure can answer to.")

    def count(self, status: Status, relation: Relation | None = None) -> int:
        """How many clauses have a status, and a relation where one is asked for."""
        return sum(each.status is status and (relation is None or each.relation is relation) for each in self.clauses)


class Evidence(Record):
    """Everything that was said of one source. It claims nothing of any law or standard as a whole."""

    format: Literal["falaj-evidence/1"] = Field(description="The format of this document.")
    tool: Tool = Field(description="Who judged.")
    judged_at: AwareDatetime = Field(description="When, in UTC.")
    judged: Judged = Field(description="What was judged.")
    profiles: tuple[str, ...] = Field(description="The profiles it was judged by; none means the baseline.")
    statement: tuple[Sentence, ...] = Field(description="What was checked, how, when, on what, and what that is not.")
    stops: bool = Field(description="Whether anything stops the plan.")
    counts: Mapping[Verdict, int] = Field(description="How often each verdict was given by controls not disabled.")
    controls: tuple[ControlRecord, ...] = Field(description="Every control of the pack, by id.")
    idle: tuple[str, ...] = Field(description="Ids of controls that met nothing of their own.")
    waivers: Waivers = Field(description="What was let be, and for how long.")
    residency: tuple[Movement, ...] = Field(description="Every movement of data, in the order that data takes.")
    coverage: tuple[FrameworkCoverage, ...] = Field(description="Who looked at which clause.")

    def told(self, *verdicts: Verdict) -> Iterator[tuple[ControlRecord, ResultRecord]]:
        """Yield the results with one of the verdicts, of controls that are not disabled; what stops comes first."""
        found = [
            (control, result)
            for control in self.controls
            for result in control.results
            if control.level is not Level.DISABLED and result.verdict in verdicts
        ]
        yield from sorted(found, key=lambda each: not each[1].stops)
