"""The evidence says everything of a judgement, sorted, and counts days from the day it was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from falaj.catalog.controls import Level
from policies.controls import named
from policies.controls.bdr_002 import Recovery
from policies.evaluator import Verdict
from policies.evidence.bundle import bundle
from policies.evidence.document import written
from policies.evidence.gathering import gather
from policies.evidence.model import ControlRecord, Evidence
from policies.readers.source import SourceKind
from policies.residency.place import Place
from policies.residency.proof import Proof
from tests.policies.evidence.samples import (
    AT,
    CONTROLS,
    MOVEMENTS,
    THINGS,
    TOOL,
    WAIVERS,
    evidence,
    flows,
    judged,
    nothing,
)

FOUND = evidence()


def of(found: Evidence, name: str) -> ControlRecord:
    (control,) = [each for each in found.controls if each.id == name]
    return control


def verdicts(name: str) -> dict[str, tuple[Verdict, bool]]:
    return {each.urn.rpartition("::")[2]: (each.verdict, each.stops) for each in of(FOUND, name).results}


def test_a_mandatory_control_stops_what_is_broken_not_checked_or_not_said() -> None:
    assert verdicts("TST-001") == {
        "kept": (Verdict.PASS, False),
        "broken": (Verdict.FAIL, True),
        "let-be": (Verdict.WAIVED, False),
        "lapsed": (Verdict.FAIL, True),
        "open": (Verdict.UNKNOWN, False),
        "silent": (Verdict.UNKNOWN, True),
        "raising": (Verdict.ERROR, True),
        "never": (Verdict.NOT_APPLICABLE, False),
    }
    assert FOUND.stops


def test_an_advisory_or_disabled_control_stops_nothing_and_a_disabled_one_is_not_counted() -> None:
    assert {stops for _, stops in verdicts("TST-002").values()} == {False}
    assert {stops for _, stops in verdicts("TST-003").values()} == {False}
    assert of(FOUND, "TST-003").level is Level.DISABLED
    assert of(FOUND, "TST-003").worst is None
    assert FOUND.counts == {
        Verdict.ERROR: 2,
        Verdict.FAIL: 6,
        Verdict.UNKNOWN: 4,
        Verdict.WAIVED: 1,
        Verdict.PASS: 2,
        Verdict.NOT_APPLICABLE: 2,
    }


def test_findings_unknowns_and_reasons_are_kept_word_for_word() -> None:
    said = {each.urn.rpartition("::")[2]: each for each in of(FOUND, "TST-001").results}

    (finding,) = said["broken"].findings
    assert (finding.at, finding.found, finding.expected, finding.urn) == ("says", "bad", "good", None)
    assert said["lapsed"].findings[0].expected == "good (waiver W-2 expired on 2026-11-10)"
    assert [each.missing for each in said["silent"].unknown] == ["the program has to say it"]
    assert said["raising"].reason.startswith("ValueError in says, ")
    assert said["never"].reason == "it never was a thing"
    assert said["let-be"].waiver == "W-1"


def test_what_was_judged_by_whom_and_when_is_said() -> None:
    assert FOUND.judged_at == datetime(2026, 11, 22, 10, 30, 59, tzinfo=UTC)
    assert (FOUND.tool, FOUND.profiles, FOUND.idle) == (TOOL, ("cbuae",), ("TST-004",))
    assert (FOUND.judged.kind, FOUND.judged.name, FOUND.judged.stack) == (SourceKind.PREVIEW, "stack prod", "prod")
    assert (FOUND.judged.resources, FOUND.judged.digest) == (9, judged().source.digest)
    assert FOUND.judged.digest in FOUND.statement[3].en
    assert FOUND.judged.digest in FOUND.statement[3].ar


def test_waivers_are_told_with_the_days_they_have_left() -> None:
    own = FOUND.waivers

    assert [(each.id, each.days_left, each.findings) for each in own.in_force] == [("W-1", 8, 1), ("W-3", 59, 0)]
    assert [(each.id, each.days_left) for each in own.expired] == [("W-2", -12)]
    assert (own.expiring, own.unused) == (("W-1",), ("W-3",))
    assert own.in_force[0].expires == date(2026, 11, 30)


def test_a_waiver_of_another_stack_is_not_told() -> None:
    strange = WAIVERS[2].model_copy(update={"stacks": ("dev",)})

    assert evidence(judged(waivers=()), waivers=[strange]).waivers.in_force == ()


def test_movements_say_where_their_receiver_lies() -> None:
    assert {each.sink: (each.place, each.proof) for each in FOUND.residency} == {
        "abroad": (Place.ABROAD, Proof.BROKEN),
        "gateway": (Place.INSIDE, Proof.ALLOWED),
        "aws/iam": (Place.GLOBAL, Proof.ALLOWED),
        "somewhere": (Place.UNKNOWN, Proof.UNKNOWN),
    }


def test_a_source_without_resources_has_evidence_too() -> None:
    found = nothing()

    assert (found.stops, found.controls, found.residency) == (False, (), ())
    assert set(found.counts.values()) == {0}
    assert {clause.status.value for each in found.coverage for clause in each.clauses} == {
        "needs a person",
        "not addressed",
    }


def test_the_time_is_told_in_utc_whatever_the_clock_says() -> None:
    gulf = AT.astimezone(timezone(timedelta(hours=4)))

    assert gather(judged(), waivers=WAIVERS, tool=TOOL, at=gulf) == FOUND


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_order_of_a_judgement_changes_no_byte_of_any_rendering(data: st.DataObject) -> None:
    judgement = judged()
    shuffled = judged(
        (*data.draw(st.permutations(THINGS)), flows(*MOVEMENTS)), controls=data.draw(st.permutations(CONTROLS))
    )
    reordered = replace(shuffled, results=tuple(data.draw(st.permutations(shuffled.results))))

    found = evidence(reordered, waivers=data.draw(st.permutations(WAIVERS)))

    assert written(found) == written(evidence(judgement))
    assert bundle(found) == bundle(FOUND)


def test_it_says_what_the_operator_set_and_what_was_left_as_it_was() -> None:
    (backups, *_) = named("BDR-002")
    assert backups.parameters is not None
    default = evidence(judged(controls=[backups], waivers=()))
    tightened = evidence(
        replace(judged(controls=[backups], waivers=()), given={backups.parameters: Recovery(least_days=30)})
    )

    assert of(default, "BDR-002").parameters == Recovery().model_dump(mode="json")
    assert of(tightened, "BDR-002").parameters == {**Recovery().model_dump(mode="json"), "least_days": 30}
    assert of(FOUND, "TST-001").parameters is None
