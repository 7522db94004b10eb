"""A clause is checked where a control judged something of it, and nobody is said to have looked who did not."""

from __future__ import annotations

import pytest

from falaj.catalog.attestations import attestations
from falaj.catalog.controls import Relation, frameworks
from policies.evaluator import Verdict
from policies.evidence.coverage import home_of
from policies.evidence.model import ClauseCoverage, FrameworkCoverage, Status
from tests.policies.evidence.samples import control, evidence, judged, thing

FOUND = evidence()


def framework(key: str) -> FrameworkCoverage:
    (found,) = [each for each in FOUND.coverage if each.key == key]
    return found


def clause(name: str) -> ClauseCoverage:
    (found,) = [each for each in framework("pdpl").clauses if each.clause == name]
    return found


def test_every_framework_and_every_clause_of_the_catalog_is_listed() -> None:
    listed = {each.key: [clause.clause for clause in each.clauses] for each in FOUND.coverage}

    assert listed == {key: list(found.clauses) for key, found in frameworks().items()}


def test_a_clause_is_checked_by_what_judged_something_with_its_strongest_relation_and_worst_verdict() -> None:
    found = clause("Art 20")

    assert (found.status, found.relation) == (Status.CHECKED, Relation.PARTIAL)
    said = {(each.id, each.relation, each.verdict) for each in found.controls if each.id.startswith("TST")}
    assert said == {
        ("TST-001", Relation.PARTIAL, Verdict.ERROR),
        ("TST-002", Relation.SUPPORTS, Verdict.ERROR),
    }


@pytest.mark.parametrize(
    ("name", "status", "person"),
    [
        ("Art 21", Status.PERSON, "the impact assessment"),
        ("Art 9", Status.PERSON, "the procedure for reporting a breach, and when it was last exercised"),
    ],
)
def test_a_clause_whose_controls_met_nothing_needs_a_person_where_one_can_answer(
    name: str, status: Status, person: str
) -> None:
    found = clause(name)

    assert (found.status, found.relation, found.person) == (status, None, person)


def test_a_clause_that_nobody_looked_at_is_not_addressed() -> None:
    assert {each.status for each in framework("slsa").clauses} == {Status.NOT_ADDRESSED}


def test_a_disabled_control_checks_no_clause() -> None:
    disabled = [each for each in clause("Art 22").controls if each.id == "TST-003"]

    assert [each.verdict for each in disabled] == [None]


def test_a_framework_whose_text_was_not_found_has_no_clause() -> None:
    assert framework("desc_isr").clauses == ()


def test_a_part_of_a_clause_belongs_to_the_narrowest_that_is_listed() -> None:
    clauses = frameworks()["cbuae"].clauses

    assert home_of("CPS 6.1.1.6", clauses) == "CPS 6.1.1.6"
    assert home_of("CPS 6.1.9", clauses) == "CPS 6.1"
    assert home_of("Art 32(1)(b)", frameworks()["gdpr"].clauses) == "Art 32"
    assert home_of("Art 320", frameworks()["gdpr"].clauses) == "Art 320"


def test_a_clause_that_no_framework_lists_is_shown_without_a_subject() -> None:
    own = control("TST-009", clauses=("Art 999",))
    found = evidence(judged([thing("kept", "good")], controls=[own], waivers=()), waivers=())

    last = next(each for each in found.coverage if each.key == "pdpl").clauses[-1]
    assert (last.clause, last.subject, last.status) == ("Art 999", "", Status.CHECKED)


def test_counts_of_a_framework_add_up_to_its_clauses() -> None:
    for each in FOUND.coverage:
        checked = sum(each.count(Status.CHECKED, relation) for relation in Relation)
        assert checked == each.count(Status.CHECKED)
        assert checked + each.count(Status.PERSON) + each.count(Status.NOT_ADDRESSED) == len(each.clauses)


def test_people_are_asked_only_for_clauses_that_are_listed() -> None:
    for key, found in attestations().items():
        assert set(found.clauses) <= set(frameworks()[key].clauses), key
