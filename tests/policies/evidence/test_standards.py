"""OSCAL, SARIF and JUnit as their standards ask for them, and as their readers take them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from trestle.oscal.assessment_results import Model

from policies.evaluator import Verdict
from policies.evidence.document import digest, written
from policies.evidence.junit import junit
from policies.evidence.model import Evidence
from policies.evidence.oscal import oscal
from policies.evidence.sarif import sarif
from tests.policies.evidence.samples import NASTY, evidence, many, nasty, nothing

SARIF_SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
FOUND = evidence(file="stacks/config/Pulumi.prod.yaml")
ALL = pytest.mark.parametrize("found", [FOUND, nothing(), nasty()], ids=["all", "nothing", "nasty"])


def results(found: Evidence = FOUND) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(oscal(found))["assessment-results"]
    return document


def run(found: Evidence = FOUND) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(sarif(found))["runs"][0]
    return log


@ALL
def test_oscal_keeps_to_the_models_of_its_version(found: Evidence) -> None:
    document = json.loads(oscal(found))

    Model.parse_obj(document)
    assert document["assessment-results"]["metadata"]["oscal-version"] == "1.1.3"


def test_oscal_has_a_finding_for_each_control_that_judged_something() -> None:
    (result,) = results()["results"]

    states = {each["target"]["target-id"]: each["target"]["status"] for each in result["findings"]}
    assert set(states) == {"tst-001", "tst-002", "res-021"}
    assert (states["tst-001"]["state"], states["tst-001"]["reason"]) == ("not-satisfied", "fail")
    (selection,) = result["reviewed-controls"]["control-selections"]
    assert [each["control-id"] for each in selection["include-controls"]] == ["res-021", "tst-001", "tst-002"]
    assert result["reviewed-controls"]["remarks"] == "Met nothing of their own: TST-004."


def test_oscal_calls_satisfied_only_what_is_kept_everywhere() -> None:
    thirds = json.loads(oscal(many(6)))["assessment-results"]["results"][0]["findings"]
    assert {each["target"]["status"]["state"] for each in thirds} == {"not-satisfied"}
    kept = json.loads(oscal(many(2)))["assessment-results"]["results"][0]["findings"]
    assert {each["target"]["status"]["state"] for each in kept} == {"satisfied"}


def test_oscal_tells_a_waiver_as_an_approved_deviation_with_its_deadline() -> None:
    (result,) = results()["results"]

    (risk,) = result["risks"]
    assert (risk["status"], risk["deadline"]) == ("deviation-approved", "2026-11-30T23:59:59Z")
    (related,) = risk["related-observations"]
    (observation,) = [each for each in result["observations"] if each["uuid"] == related["observation-uuid"]]
    assert observation["title"] == "TST-001: waived"
    (finding,) = [each for each in result["findings"] if each["target"]["target-id"] == "tst-001"]
    assert finding["related-risks"] == [{"risk-uuid": risk["uuid"]}]


def test_oscal_names_the_evidence_it_was_made_from_by_its_digest() -> None:
    _, resource = results()["back-matter"]["resources"]

    assert resource["rlinks"] == [
        {"href": "evidence.json", "hashes": [{"algorithm": "SHA-256", "value": digest(written(FOUND))}]}
    ]


def test_oscal_names_every_thing_once_and_refers_to_nothing_else() -> None:
    document = results()
    text = json.dumps(document)
    ids = _values(document, "uuid")

    assert len(ids) == len(set(ids))
    referred = {each for key in ("observation-uuid", "risk-uuid", "subject-uuid") for each in _values(document, key)}
    assert referred <= set(ids)
    assert document["import-ap"]["href"].removeprefix("#") in ids
    assert text.count(ids[0]) == 1


def _values(value: object, key: str) -> list[str]:
    if isinstance(value, dict):
        own = [value[key]] if key in value else []
        return own + [each for member in value.values() for each in _values(member, key)]
    if isinstance(value, list):
        return [each for member in value for each in _values(member, key)]
    return []


@ALL
def test_sarif_keeps_to_the_standards_schema(found: Evidence) -> None:
    jsonschema_rs.validator_for(SARIF_SCHEMA).validate(json.loads(sarif(found)))


def test_sarif_tells_what_is_broken_open_or_waived_and_no_more() -> None:
    told = [(each["properties"]["verdict"], each["kind"], each["level"]) for each in run()["results"]]

    assert {verdict for verdict, _, _ in told} == {"error", "fail", "unknown", "waived"}
    assert set(told) == {
        ("error", "fail", "error"),
        ("error", "fail", "warning"),
        ("fail", "fail", "error"),
        ("fail", "fail", "warning"),
        ("unknown", "fail", "error"),
        ("unknown", "open", "none"),
        ("waived", "fail", "error"),
    }


def test_sarif_points_at_the_stack_file_and_names_the_resource() -> None:
    first = run()["results"][0]["locations"][0]

    assert first["physicalLocation"]["artifactLocation"] == {"uri": "stacks/config/Pulumi.prod.yaml"}
    assert first["logicalLocations"][0]["fullyQualifiedName"].startswith("urn:pulumi:prod::falaj::")
    assert "physicalLocation" not in run(evidence())["results"][0]["locations"][0]


def test_sarif_suppresses_what_is_waived_with_who_approved_it() -> None:
    (waived,) = [each for each in run()["results"] if each["properties"]["verdict"] == "waived"]

    (suppression,) = waived["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "until 2026-11-30, approved by security, owned by risk, SEC-7" in suppression["justification"]
    assert [each for each in run()["results"] if "suppressions" in each] == [waived]


def test_sarif_names_each_rule_once_and_each_result_by_a_fingerprint_of_its_own() -> None:
    log = run()
    rules = log["tool"]["driver"]["rules"]
    prints = [each["partialFingerprints"]["falaj/v1"] for each in log["results"]]

    assert [rules[each["ruleIndex"]]["id"] for each in log["results"]] == [each["ruleId"] for each in log["results"]]
    assert len(prints) == len(set(prints))
    assert {rule["id"]: rule["properties"]["security-severity"] for rule in rules}["TST-001"] == "8.0"


def test_a_fingerprint_does_not_change_with_what_was_found() -> None:
    other = FOUND.model_copy(update={"judged_at": FOUND.judged_at.replace(year=2027)})

    assert [each["partialFingerprints"] for each in run(other)["results"]] == [
        each["partialFingerprints"] for each in run()["results"]
    ]


@ALL
def test_junit_is_whole_and_its_numbers_add_up(found: Evidence) -> None:
    root = ET.fromstring(junit(found))  # noqa: S314 - our own

    for suite in (root, *root.iter("testsuite")):
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
        assert int(suite.attrib["failures"]) == len(list(suite.iter("failure")))
        assert int(suite.attrib["errors"]) == len(list(suite.iter("error")))
        assert int(suite.attrib["skipped"]) == len(list(suite.iter("skipped")))


def test_junit_fails_for_what_stops_and_skips_what_does_not() -> None:
    root = ET.fromstring(junit(FOUND))  # noqa: S314 - our own
    cases = {
        (case.attrib["classname"], case.attrib["name"].rpartition("::")[2]): [child.tag for child in case]
        for case in root.iter("testcase")
    }

    assert {name: cases["TST-001", name] for name in ("kept", "broken", "let-be", "open", "silent", "raising")} == {
        "kept": [],
        "broken": ["failure"],
        "let-be": ["skipped"],
        "open": ["skipped"],
        "silent": ["failure"],
        "raising": ["error"],
    }
    assert cases["TST-002", "broken"] == ["skipped"]
    assert not any(name == "TST-003" for name, _ in cases)


def test_names_stay_names_in_every_standard() -> None:
    found = nasty()
    failing = [each for each in found.told(Verdict.FAIL) if NASTY in each[1].urn]

    assert failing
    for document in (oscal(found), sarif(found), junit(found)):
        text = document.decode()
        assert "\u202e" not in text
        assert "\u2066" not in text
        assert "\x00" not in text
    assert b"<script" not in junit(found)
