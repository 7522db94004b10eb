"""The register of all facts: each sourced and dated, each reference met, and what grows old is said."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from falaj.catalog import global_services as catalog_of_services
from falaj.catalog import register
from falaj.catalog.attestations import attestations
from falaj.catalog.blueprints import blueprints
from falaj.catalog.global_services import global_services, residency_breakers
from falaj.catalog.register import entries, remarks
from falaj.catalog.services import service, services

READ = date(2026, 11, 22)


def test_every_fact_has_a_source_and_a_date_that_has_come() -> None:
    for entry in entries():
        assert entry.fact.source.strip(), entry
        assert date(2026, 1, 1) <= entry.fact.reviewed <= READ, entry


def test_facts_are_listed_once() -> None:
    keys = [(entry.topic, entry.key) for entry in entries()]

    assert len(keys) == len(set(keys)) > 700


def test_the_catalog_does_not_contradict_itself() -> None:
    assert [remark for remark in remarks(READ) if remark.broken] == []


def test_nothing_was_old_when_it_was_read() -> None:
    assert remarks(READ) == []


def test_facts_grow_old_and_each_file_says_so_once() -> None:
    found = {remark.place: remark.message for remark in remarks(READ + timedelta(days=181), old_after_days=180)}

    assert found["profiles"] == "7 rows were last read on 2026-11-22, 181 days ago"
    assert not any(remark.broken for remark in remarks(READ + timedelta(days=181)))


def test_the_end_of_a_minors_support_is_said_before_and_after() -> None:
    def said(day: date) -> str | None:
        return {remark.place: remark.message for remark in remarks(day)}.get("kubernetes, eks-1.35")

    assert said(date(2027, 1, 1)) is None
    assert said(date(2027, 2, 1)) == "standard support ends on 2027-03-27, in 54 days"
    assert said(date(2027, 4, 1)) == "standard support ended on 2027-03-27"


def test_a_date_to_come_is_a_contradiction() -> None:
    broken = [remark.message for remark in remarks(date(2026, 11, 21)) if remark.broken]

    assert set(broken) == {"reviewed on 2026-11-22, which is to come"}


def test_a_blueprint_of_an_unsold_size_is_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = blueprints()["aws"].model_copy(deep=True)
    object.__setattr__(wrong.dev.cpu, "sizes", ("g4dn.xlarge",))
    monkeypatch.setattr(register, "blueprints", lambda: {"aws": wrong})

    broken = [remark for remark in remarks(READ) if remark.broken]

    assert [(remark.place, remark.message) for remark in broken] == [
        ("blueprints, aws", "g4dn.xlarge is not sold in me-central-1")
    ]


def test_services_are_there_absent_or_unknown() -> None:
    found = {key: str(row.available) for key, row in services("me-central-1").items()}

    assert (found["eks"], found["grafana"], found["bedrock"]) == ("yes", "no", "unknown")
    assert dict(services("local")) == {}
    assert service("me-central-1", "quantum") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"controls": ()}, "no control and no row of preflight watches for it"),
        ({"controls": ("RES-999",)}, "names RES-999, which is no control"),
        ({"breaker": 51}, "breaker 51 stands where 50 should"),
    ],
)
def test_a_global_service_that_nothing_watches_or_counted_wrong_is_a_contradiction(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], said: str
) -> None:
    rows = dict(global_services())
    rows["saas-observability"] = rows["saas-observability"].model_copy(update=changes)
    monkeypatch.setattr(register, "global_services", lambda: rows)
    monkeypatch.setattr(catalog_of_services, "global_services", lambda: rows)

    assert [(remark.place, remark.message) for remark in remarks(READ) if remark.broken] == [
        ("global_services, saas-observability", said)
    ]


def test_the_residency_breakers_are_fifty_and_numbered() -> None:
    assert [row.breaker for row in residency_breakers().values()] == list(range(1, 51))


@pytest.mark.parametrize(
    ("key", "clause", "said"),
    [
        ("gdpr", "Art 999", "Art 999 is no clause of it in frameworks.yaml"),
        ("sharia", "Art 1", "is no framework of frameworks.yaml"),
    ],
)
def test_an_attestation_for_what_nobody_asks_is_a_contradiction(
    monkeypatch: pytest.MonkeyPatch, key: str, clause: str, said: str
) -> None:
    wrong = attestations()["pdpl"].model_copy(update={"clauses": {clause: "a paper"}})
    monkeypatch.setattr(register, "attestations", lambda: {key: wrong})

    assert [(remark.place, remark.message) for remark in remarks(READ) if remark.broken] == [
        (f"attestations, {key}", said)
    ]


def test_attestations_grow_old_like_every_other_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    old = attestations()["pdpl"].model_copy(update={"reviewed": READ - timedelta(days=181)})
    monkeypatch.setattr(register, "attestations", lambda: {"pdpl": old})

    assert [remark.message for remark in remarks(READ)] == ["1 row was last read on 2026-05-25, 181 days ago"]


def test_the_tools_own_state_is_among_the_global_services() -> None:
    assert global_services()["pulumi-cloud"].advice == "forbid"
    assert global_services()["pulumi-cloud"].controls == ("RES-018",)
