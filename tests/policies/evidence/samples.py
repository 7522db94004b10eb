"""A judgement with everything in it: every verdict, every kind of waiver, every outcome of a movement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from falaj.catalog.controls import Asked, Level, Relation
from policies.control import Control, Severity, Subject, as_is
from policies.controls import named
from policies.evaluator import evaluate
from policies.evidence.gathering import gather
from policies.evidence.model import Evidence, Tool
from policies.examples.kubernetes import data_flow
from policies.judgement import Judgement
from policies.outcomes import NotApplicable, Outcome, Undecided
from policies.readers.source import Source, SourceKind
from policies.resources import Resource, resource
from policies.values import UNKNOWN
from policies.waivers import Waiver, apply

AT: Final = datetime(2026, 11, 22, 10, 30, 59, tzinfo=UTC)
TOOL: Final = Tool(name="falaj", version="0.1.0", pack_version="0.1.0", pack_digest="a" * 64)
NASTY: Final = "<script>alert(1)</script>\"'`|](http://evil) @team #1 \u202egpj.exe\u2066\x00\x07\n]]> </style>"
"""Everything that a name must not do to whoever looks at it."""
THING: Final = "test:index:Thing"
REASON: Final = f"It holds synthetic data alone: {NASTY}"
BLOCK: Final = {"falaj:environment": '{"profiles": ["cbuae"]}'}


def control(
    name: str,
    *,
    level: Level = Level.MANDATORY,
    severity: Severity = Severity.HIGH,
    clauses: tuple[str, ...] = ("Art 20",),
    relation: Relation = Relation.PARTIAL,
    token: str = THING,
) -> Control[Any]:
    """A control whose verdict is what the property `says` asks for."""
    made: Control[Any] = Control(
        id=name,
        title=f"Things keep {name}",
        harm="A thing is lost.",
        severity=severity,
        applies_to=Subject(tokens=(token,), view=as_is),
        reads=("says",),
        remedy="Keep it.",
        asked=Asked(wave=1, level=level, references={"pdpl": {relation: clauses}}),
    )

    @made.check
    def says(found: Resource) -> Iterator[Outcome]:
        node = found["says"]
        if node.value == "raise":
            raise ValueError(node.value)
        if node.value == "never":
            yield NotApplicable("it never was a thing")
        elif node.value == "silent":
            yield Undecided(node.path, missing="the program has to say it")
        else:
            yield from node.must(lambda value: value == "good", "good")

    return made


MANDATORY: Final = control("TST-001")
ADVISORY: Final = control("TST-002", level=Level.ADVISORY, severity=Severity.LOW, relation=Relation.SUPPORTS)
DISABLED: Final = control("TST-003", level=Level.DISABLED, clauses=("Art 22",))
IDLE: Final = control("TST-004", token="test:index:Other", clauses=("Art 21", "Art 23"))
CONTROLS: Final = (MANDATORY, ADVISORY, DISABLED, IDLE, *named("RES-021"))


def thing(name: str, says: object) -> Resource:
    """A resource about which the controls say what is asked for."""
    return resource("test:index:Thing", {"says": says}, urn=f"urn:pulumi:prod::falaj::test:index:Thing::{name}")


def flows(*declared: dict[str, object]) -> Resource:
    """A component that declares movements of data."""
    token = "falaj:index:OnnxRuntimeServer"
    return resource(token, {"dataFlows": list(declared)}, urn=f"urn:pulumi:prod::falaj::{token}::server")


def waiver(name: str, about: str, **changes: object) -> Waiver:
    """A waiver for a thing."""
    return Waiver.model_validate(
        {
            "id": name,
            "policy": "TST-001",
            "stacks": ["prod"],
            "resource": f"urn:pulumi:prod::falaj::test:index:Thing::{about}",
            "reason": "It holds synthetic data alone, as the ticket shows in full.",
            "category": "mitigated",
            "compensating_controls": ["nobody outside the account may read it"],
            "owner": "risk",
            "approver": "security",
            "ticket": "SEC-7",
            "created": "2026-11-01",
            "expires": "2026-11-30",
        }
        | changes
    )


THINGS: Final = (
    thing("kept", "good"),
    thing("broken", "bad"),
    thing("let-be", "worse"),
    thing("lapsed", "worst"),
    thing("open", UNKNOWN),
    thing("silent", "silent"),
    thing("raising", "raise"),
    thing("never", "never"),
)
MOVEMENTS: Final = (
    data_flow(sink="gateway"),
    data_flow(source="gateway", sink="abroad", region="me-south-1"),
    data_flow(source="gateway", sink="somewhere", region=UNKNOWN),
    data_flow(source="gateway", sink="aws/iam", data_class="operational", region="us-east-1", global_service="aws-iam"),
)
WAIVERS: Final = (
    waiver("W-1", "let-be"),
    waiver("W-2", "lapsed", expires="2026-11-10"),
    waiver("W-3", "gone", expires="2027-01-20"),
)


def judged(
    resources: Sequence[Resource] = (*THINGS, flows(*MOVEMENTS)),
    *,
    controls: Iterable[Control[Any]] = CONTROLS,
    waivers: Iterable[Waiver] = WAIVERS,
    kind: SourceKind = SourceKind.PREVIEW,
    name: str = "stack prod",
    stack: str = "prod",
) -> Judgement:
    """Judge by controls of our own, so that no change of the pack changes the test."""
    source = Source(kind, name, tuple(resources), config=BLOCK, stack=stack)
    own = tuple(controls)
    results = evaluate(source.resources, controls=own, config=BLOCK)
    applied = apply(results, waivers, stack=stack, profiles=("cbuae",), today=AT.date(), controls=own)
    levels = {each.id: each.level_for(("cbuae",)) for each in own}
    return Judgement(source, own, applied.results, levels, applied)


def evidence(judgement: Judgement | None = None, *, waivers: Iterable[Waiver] = WAIVERS, file: str = "") -> Evidence:
    """The evidence of a judgement at a fixed time."""
    return gather(judgement or judged(), waivers=waivers, tool=TOOL, at=AT, file=file)


def nothing() -> Evidence:
    """The evidence of a source without resources, by no control."""
    return evidence(judged((), controls=(), waivers=()), waivers=())


def nasty() -> Evidence:
    """The evidence of a source that tries to break out wherever a name can stand."""
    urn = f"urn:pulumi:prod::falaj::test:index:Thing::{NASTY}"
    resources = (
        Resource("test:index:Thing", urn, thing("x", NASTY).root),
        thing("let-be", NASTY),
        flows(data_flow(source=NASTY, sink=f"sink {NASTY}", region=NASTY, purpose=NASTY, key=NASTY)),
    )
    waivers = (waiver("W-1", "let-be", reason=REASON, owner=NASTY, ticket=NASTY, path="says"),)
    return evidence(judged(resources, waivers=waivers, name=f"stack {NASTY}"), waivers=waivers, file=f"a/{NASTY}.yaml")


def many(count: int) -> Evidence:
    """The evidence of that many results."""
    says = ("good", "bad", UNKNOWN)
    things = [thing(f"thing-{number}", says[number % 3]) for number in range(count // 2)]
    return evidence(judged((*things,), controls=(MANDATORY, ADVISORY), waivers=()), waivers=())
