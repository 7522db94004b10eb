"""A waiver lets one finding be, openly, for as long as it says and never longer; a broken one lets nothing be."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from falaj.catalog.controls import Asked, Level, Relation
from policies.control import Control, Severity, Subject, as_is
from policies.evaluator import Result, Verdict
from policies.message import messages
from policies.outcomes import Finding, Undecided
from policies.path import Path as PropertyPath
from policies.unreadable import UnreadableError
from policies.waiver_files import read_waivers
from policies.waivers import Applied, Category, Waiver, WaiverRefusedError, apply

TODAY = date(2026, 11, 22)
BUCKET = "urn:pulumi:prod::falaj::aws:s3/bucket:Bucket::logs.v1"
ANOTHER = "urn:pulumi:prod::falaj::aws:s3/bucket:Bucket::logsXv1"
REASON = "The bucket holds synthetic test data alone, see the ticket."
PUBLIC = Finding(PropertyPath() / "acl", "public-read", "private")
REGION = Finding(PropertyPath() / "region", "eu-west-1", "a region in the UAE")


def control(name: str = "TST-001", *, severity: Severity = Severity.LOW, waivable: bool = True) -> Control[Any]:
    return Control(
        id=name,
        title="A test",
        harm="None.",
        severity=severity,
        applies_to=Subject(tokens=("test:index:*",), view=as_is),
        asked=Asked(wave=1, level=Level.MANDATORY, references={"pdpl": {Relation.SUPPORTS: ("Art 20",)}}),
        reads=("a",),
        remedy="Do nothing.",
        waivable=waivable,
    )


PLAIN, RESIDENT = control(), control("RES-099")
CRITICAL = control("TST-002", severity=Severity.CRITICAL)
FIRM = control("TST-003", waivable=False)
CONTROLS = (PLAIN, RESIDENT, CRITICAL, FIRM)


def fields(**changes: object) -> dict[str, object]:
    return {
        "id": "W-1",
        "policy": "TST-001",
        "stacks": ["prod"],
        "resource": BUCKET,
        "reason": REASON,
        "category": "mitigated",
        "compensating_controls": ["no principal outside the account may read it"],
        "owner": "risk",
        "approver": "security",
        "ticket": "SEC-7",
        "created": "2026-11-01",
        "expires": "2027-01-15",
    } | changes


def waiver(**changes: object) -> Waiver:
    return Waiver.model_validate(fields(**changes))


def broken(
    *findings: Finding, urn: str = BUCKET, of: Control[Any] = PLAIN, undecided: tuple[Undecided, ...] = ()
) -> Result:
    return Result(of, urn, Verdict.FAIL, findings or (PUBLIC,), undecided)


def applied(
    results: list[Result],
    *waivers: Waiver,
    stack: str = "prod",
    profiles: tuple[str, ...] = (),
    today: date = TODAY,
) -> Applied:
    return apply(results, waivers, stack=stack, profiles=profiles, today=today, controls=CONTROLS)


def refusal(*waivers: Waiver, stack: str = "prod", profiles: tuple[str, ...] = ()) -> str:
    with pytest.raises(WaiverRefusedError) as caught:
        applied([], *waivers, stack=stack, profiles=profiles)
    return str(caught.value)


def test_a_covered_finding_is_waived_by_name_and_stays_in_sight() -> None:
    after = applied([broken()], waiver())

    assert after == Applied((Result(PLAIN, BUCKET, Verdict.WAIVED, (PUBLIC,), waiver="W-1"),), (), (), ())


def test_what_is_not_covered_stays_as_it_was() -> None:
    results = [
        broken(urn=ANOTHER),
        broken(of=CRITICAL),
        Result(PLAIN, BUCKET, Verdict.ERROR, reason="the check failed"),
        Result(PLAIN, BUCKET, Verdict.UNKNOWN, undecided=(Undecided(PropertyPath() / "acl"),)),
        Result(PLAIN, BUCKET, Verdict.PASS),
    ]
    let_be = waiver()

    after = applied(results, let_be)

    assert after.results == tuple(results)
    assert after.unused == (let_be,)


def test_a_waiver_for_one_path_parts_the_result() -> None:
    after = applied([broken(PUBLIC, REGION)], waiver(path="region"))

    assert after.results == (
        Result(PLAIN, BUCKET, Verdict.FAIL, (PUBLIC,)),
        Result(PLAIN, BUCKET, Verdict.WAIVED, (REGION,), waiver="W-1"),
    )


def test_two_waivers_for_two_paths_are_both_named() -> None:
    after = applied([broken(PUBLIC, REGION)], waiver(path="region"), waiver(id="W-2", path="acl"))

    assert [(result.verdict, result.findings, result.waiver) for result in after.results] == [
        (Verdict.WAIVED, (PUBLIC,), "W-2"),
        (Verdict.WAIVED, (REGION,), "W-1"),
    ]


def test_what_is_not_known_yet_is_never_waived_along() -> None:
    unknown = Undecided(PropertyPath() / "policy")

    after = applied([broken(undecided=(unknown,))], waiver())
    part = applied([broken(PUBLIC, REGION, undecided=(unknown,))], waiver(path="acl"))

    assert after.results == (
        Result(PLAIN, BUCKET, Verdict.UNKNOWN, (), (unknown,)),
        Result(PLAIN, BUCKET, Verdict.WAIVED, (PUBLIC,), waiver="W-1"),
    )
    assert part.results == (
        Result(PLAIN, BUCKET, Verdict.FAIL, (REGION,), (unknown,)),
        Result(PLAIN, BUCKET, Verdict.WAIVED, (PUBLIC,), waiver="W-1"),
    )


def test_the_resource_is_the_one_that_the_reader_is_told() -> None:
    elsewhere = Finding(PropertyPath() / "acl", "public-read", "private", urn=ANOTHER)

    assert applied([broken(elsewhere)], waiver()).results[0].verdict is Verdict.FAIL
    assert applied([broken(elsewhere)], waiver(resource=ANOTHER)).results[0].verdict is Verdict.WAIVED


def test_a_urn_means_itself_and_a_pattern_the_whole_of_a_urn() -> None:
    results = [broken(), broken(urn=ANOTHER), broken(urn=f"{BUCKET}-copy")]

    exact = applied(results, waiver())
    pattern = applied(results, waiver(resource=r"^urn:pulumi:prod::falaj::aws:s3/bucket:Bucket::logs.v1$"))

    assert [result.verdict for result in exact.results] == [Verdict.WAIVED, Verdict.FAIL, Verdict.FAIL]
    assert [result.verdict for result in pattern.results] == [Verdict.WAIVED, Verdict.WAIVED, Verdict.FAIL]


def test_an_expired_waiver_brings_the_finding_back_and_says_so() -> None:
    let_be = waiver(expires="2026-11-21")

    after = applied([broken()], let_be)
    (told,) = messages(after.results[0], level=Level.MANDATORY, preview=False)

    assert (after.results[0].verdict, after.results[0].waiver) == (Verdict.FAIL, "")
    assert (after.expired, after.unused) == ((let_be,), ())
    assert told.level is Level.MANDATORY
    assert told.text == (
        "TST-001 A test (low)\n"
        f"  Resource: {BUCKET}\n"
        "  acl: found public-read, expected private (waiver W-1 expired on 2026-11-21)\n"
        "  Remedy: Do nothing.\n"
        "  Reference: PDPL Art 20 (supports)"
    )


def test_a_waiver_of_a_day_to_come_lets_nothing_be_yet() -> None:
    after = applied([broken()], waiver(created="2026-11-23"))

    assert str(after.results[0].findings[0]) == (
        "acl: found public-read, expected private (waiver W-1 holds from 2026-11-23)"
    )
    assert (after.expired, after.expiring, after.unused) == ((), (), ())


def test_a_renewed_waiver_takes_over_and_the_old_one_is_to_be_removed() -> None:
    old, new = waiver(expires="2026-11-21"), waiver(id="W-2")

    after = applied([broken()], old, new)

    assert [(result.verdict, result.waiver) for result in after.results] == [(Verdict.WAIVED, "W-2")]
    assert (after.expired, after.unused) == ((), (old,))


def test_of_two_in_force_the_longer_one_is_named_and_both_are_used() -> None:
    short, long = waiver(expires="2026-12-20"), waiver(id="W-0")

    after = applied([broken()], short, long)

    assert [result.waiver for result in after.results] == ["W-0"]
    assert after.unused == ()


def test_a_waiver_of_another_stack_is_left_alone() -> None:
    elsewhere = waiver(stacks=["dev"], created="2026-08-01", expires="2026-09-01")

    after = applied([broken()], elsewhere)

    assert after == Applied((broken(),), (), (), ())


def test_a_waiver_that_lets_nothing_be_is_unused_expired_or_not() -> None:
    idle, gone = waiver(), waiver(id="W-2", expires="2026-11-21")

    assert applied([], idle, gone).unused == (idle, gone)
    assert applied([], idle, gone).expired == ()


@given(ago=st.integers(-120, 120), length=st.integers(0, 90))
def test_a_waiver_holds_from_the_day_it_was_created_to_its_last(ago: int, length: int) -> None:
    created = TODAY - timedelta(days=ago)
    expires = created + timedelta(days=length)
    let_be = waiver(created=str(created), expires=str(expires))

    after = applied([broken()], let_be)

    in_force = created <= TODAY <= expires
    assert after.results[0].verdict is (Verdict.WAIVED if in_force else Verdict.FAIL)
    assert after.expired == ((let_be,) if expires < TODAY else ())
    assert after.expiring == ((let_be,) if in_force and expires <= TODAY + timedelta(days=14) else ())
    assert after.unused == ()


@pytest.mark.parametrize(
    ("expires", "verdict", "warned"),
    [
        ("2026-11-21", Verdict.FAIL, False),
        ("2026-11-22", Verdict.WAIVED, True),
        ("2026-11-23", Verdict.WAIVED, True),
        ("2026-12-05", Verdict.WAIVED, True),
        ("2026-12-06", Verdict.WAIVED, True),
        ("2026-12-07", Verdict.WAIVED, False),
    ],
)
def test_the_last_day_still_counts_and_a_fortnight_is_warned_of(expires: str, verdict: Verdict, warned: bool) -> None:
    after = applied([broken()], waiver(expires=expires))

    assert after.results[0].verdict is verdict
    assert bool(after.expiring) is warned


@given(length=st.integers(-40, 200))
def test_a_waiver_lasts_ninety_days_at_most_and_never_ends_before_it_begins(length: int) -> None:
    written = fields(expires=str(date(2026, 11, 1) + timedelta(days=length)))

    if 0 <= length <= 90:
        assert Waiver.model_validate(written).expires == date(2026, 11, 1) + timedelta(days=length)
    else:
        with pytest.raises(ValidationError, match="expires"):
            Waiver.model_validate(written)


@given(length=st.integers(0, 90))
def test_a_waiver_of_a_critical_control_lasts_thirty_days_at_most(length: int) -> None:
    expires = date(2026, 11, 1) + timedelta(days=length)
    let_be = waiver(policy="TST-002", expires=str(expires))

    if length <= 30:
        assert applied([], let_be).unused == (let_be,)
    else:
        assert refusal(let_be) == (
            f"waiver W-1: expires is {expires}; "
            "expected 2026-12-01 at the latest: one for a critical control lasts 30 days at most"
        )


def test_what_may_not_be_waived_is_refused_all_of_it_at_once() -> None:
    firm, stranger = waiver(policy="TST-003"), waiver(id="W-2", policy="TST-999", stacks=["dev"])

    assert refusal(firm, stranger, waiver(id="W-2")) == (
        "waiver W-2: its id is there twice; expected one of its own\n"
        "waiver W-1: TST-003 can't be waived; expected no waiver, as nothing can make up for it\n"
        "waiver W-2: no control is named TST-999; expected the id of a control; `falaj policy list` names them"
    )


def test_residency_is_waived_only_where_every_profile_of_the_stack_allows_it() -> None:
    let_be = waiver(policy="RES-099")
    result = broken(REGION, of=RESIDENT)

    assert applied([result], let_be, profiles=("cbuae",)).results[0].verdict is Verdict.WAIVED
    assert applied([result], let_be, stack="dev", profiles=("health",)).results == (result,)
    assert refusal(let_be, profiles=("cbuae", "health")) == (
        "waiver W-1: RES-099 can't be waived in prod, whose profiles are cbuae, health; "
        "expected data that stays in the country"
    )
    assert applied([broken()], waiver(), profiles=("health",)).results[0].verdict is Verdict.WAIVED


@pytest.mark.parametrize(
    "resource",
    [
        "^.*$",
        "^.+$",
        "^urn:pulumi:.*$",
        "^urn:pulumi:prod::.*$",
        "^urn:pulumi:prod::falaj::.*$",
        "^urn:pulumi:[^:]+::[^:]+::.*$",
        "^nothing|.*$",
        "^(?s:.)*$",
        "^urn:pulumi:prod::falaj::aws:s3/bucket:Bucket::logs",
        "urn:pulumi:prod::falaj::.*$",
        "^[$",
        "logs.v1",
        "urn:pulumi:prod",
        "",
    ],
)
def test_a_resource_that_is_none_or_all_is_refused(resource: str) -> None:
    with pytest.raises(ValidationError, match="resource"):
        waiver(resource=resource)


def test_a_false_positive_needs_nothing_to_make_up_for_it() -> None:
    assert waiver(category="false_positive", compensating_controls=[]).category is Category.FALSE_POSITIVE
    for category in ("mitigated", "accepted"):
        with pytest.raises(ValidationError, match="compensating_controls"):
            waiver(category=category, compensating_controls=[])


def test_a_waiver_can_not_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        waiver().reason = "x" * 40  # type: ignore[misc]  # what is under test


WRITTEN = f"""\
# reviewed
id: W-1
policy: TST-001
stacks: [prod]
resource: {BUCKET}
reason: {REASON}
category: mitigated
compensating_controls:
- no principal outside the account may read it
owner: risk
approver: security
ticket: 7001
created: 2026-11-01
expires: 2027-01-15
"""


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(UnreadableError) as caught:
        read_waivers(folder, controls=CONTROLS)
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_every_file_of_the_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    folder = written(tmp_path, b=WRITTEN, a=WRITTEN.replace("W-1", "W-2") + "path: acl\n")
    (folder / "README.md").write_text("Reviewed exceptions.")

    first, second = read_waivers(folder, controls=CONTROLS)

    assert first == waiver(id="W-2", path="acl", ticket="7001")
    assert second == waiver(ticket="7001")


def test_without_a_folder_there_are_no_waivers(tmp_path: Path) -> None:
    assert read_waivers(tmp_path / "none", controls=CONTROLS) == ()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"a\.yaml: is no folder; expected a folder of waivers that end in"):
        read_waivers(written(tmp_path, a=WRITTEN) / "a.yaml", controls=CONTROLS)


FIELDS = (
    "id, policy, stacks, resource, path, reason, category, compensating_controls, owner, approver, ticket, "
    "created, expires"
)
MAPPING = f"expected one mapping with the fields {FIELDS}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("id: W-1", "id: W 1", "2: id is W 1; expected 2 to 60 letters, digits, dots, dashes or underscores"),
        ("TST-001", "tst-1", "3: policy is tst-1; expected the id of a control, such as RES-010"),
        (
            "TST-001",
            "TST-999",
            "3: no control is named TST-999; expected the id of a control; `falaj policy list` names them",
        ),
        (
            "TST-001",
            "TST-003",
            "3: TST-003 can't be waived; expected no waiver, as nothing can make up for it",
        ),
        (
            "TST-001",
            "TST-002",
            (
                "14: expires is 2027-01-15; "
                "expected 2026-12-01 at the latest: one for a critical control lasts 30 days at most"
            ),
        ),
        ("[prod]", "[]", "4: stacks is []; expected a list of the stacks it is for, one at least"),
        ("[prod]", "prod", "4: stacks is prod; expected a list of the stacks it is for, one at least"),
        (
            BUCKET,
            "^urn:.*$",
            (
                "5: resource is ^urn:.*$; "
                "expected the URN of one resource, or a pattern from ^ to $ that does not match every resource"
            ),
        ),
        (
            BUCKET,
            "",
            (
                "5: resource is nothing; "
                "expected the URN of one resource, or a pattern from ^ to $ that does not match every resource"
            ),
        ),
        (
            REASON,
            "x" * 39,
            f"6: reason is {'x' * 39}; expected why the finding may stand, in 40 characters or more",
        ),
        ("mitigated", "fine", "7: category is fine; expected mitigated, accepted, false_positive"),
        (
            "- no principal outside the account may read it",
            "  []",
            (
                "8: compensating_controls is []; "
                "expected a list of what makes up for it, one at least unless the finding is a false positive"
            ),
        ),
        (
            "- no principal outside the account may read it",
            "- no principal outside may read it\n- no",
            (
                "10: compensating_controls is no; "
                "expected a list of what makes up for it, one at least unless the finding is a false positive"
            ),
        ),
        ("owner: risk", "owner:", "10: owner is nothing; expected who answers for it"),
        (
            "approver: security",
            "approver: Risk",
            "11: approver is Risk; expected who approved it, another than its owner",
        ),
        ("2026-11-01", "yesterday", "13: created is yesterday; expected the day it was approved, as YYYY-MM-DD"),
        (
            "2027-01-15",
            "2027-01-31",
            (
                "14: expires is 2027-01-31; "
                "expected its last day, as YYYY-MM-DD, at most 90 days after the day it was created"
            ),
        ),
        (
            "2027-01-15",
            "2026-10-31",
            (
                "14: expires is 2026-10-31; "
                "expected its last day, as YYYY-MM-DD, at most 90 days after the day it was created"
            ),
        ),
        ("ticket: 7001\n", "", "2: ticket is missing; expected where the approval is recorded"),
        (
            "owner: risk",
            "owner: risk\nteam: risk",
            f"11: team is no field of a waiver; expected {FIELDS}",
        ),
        ("owner: risk", "owner: risk\nowner: ops", "11: owner is there twice; expected each field once"),
        ("owner: risk", "owner: {team: risk}", "10: owner holds a structure; expected text, or a list of texts"),
        ("owner: risk", "owner: [risk", f"11: is no YAML: did not find expected ',' or ']'; {MAPPING}"),
    ],
)
def test_a_broken_file_is_told_by_line_with_what_is_allowed(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in WRITTEN

    assert problems(written(tmp_path, a=WRITTEN.replace(old, new, 1))) == [f"a.yaml:{problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", f"1: is empty; {MAPPING}"),
        ("# nothing\n", f"1: is empty; {MAPPING}"),
        ("\n- id: W-1\n", f"2: holds no mapping; {MAPPING}"),
        ("a: \x01\n", f"1: is no YAML; {MAPPING}"),
        (WRITTEN + "---\nid: W-2\n", f"15: is no YAML: but found another document; {MAPPING}"),
        (WRITTEN + "[a, b]: c\n", f"15: a name is no field of a waiver; expected {FIELDS}"),
    ],
)
def test_what_is_no_waiver_at_all_is_told(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(written(tmp_path, a=text)) == [f"a.yaml:{problem}"]


def test_a_file_that_can_not_be_read_as_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.yaml").mkdir()

    assert problems(tmp_path) == [
        "a.yaml:1: is no text; expected text in UTF-8",
        "b.yaml:1: can't be opened: Is a directory; expected a file to read",
    ]


def test_all_files_are_told_at_once_one_problem_each_and_none_is_taken(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        a=WRITTEN,
        b=WRITTEN.replace("owner: risk", "owner: r").replace("mitigated", "fine"),
        c=WRITTEN,
        d=WRITTEN.replace("W-1", "W-4"),
    )
    (folder / "e.yml").write_text(WRITTEN.replace("W-1", "W-5"))

    assert problems(folder) == [
        (
            "b.yaml:7: category is fine; expected mitigated, accepted, false_positive; "
            "line 10: owner is r; expected who answers for it"
        ),
        f"c.yaml:2: id is W-1, as in {folder}/a.yaml; expected an id of its own",
        "e.yml:1: ends in .yml; expected a name that ends in .yaml",
    ]
