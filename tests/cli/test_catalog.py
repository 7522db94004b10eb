"""`falaj catalog show | check`: what people and programs read of the facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner, Result

from falaj.cli import catalog as command
from falaj.cli.catalog import catalog
from falaj.cli.catalog_topics import TOPICS, topic
from falaj.errors import FalajError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(catalog, arguments)


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> Sequence[str]:
    catalog.main(list(arguments), standalone_mode=False)
    return capsys.readouterr().out.splitlines()


@pytest.fixture
def on_the_day_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the command stands on the day the catalog was read."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # one zone is used
            assert tz is UTC
            return datetime(2026, 11, 22, 12, tzinfo=UTC)

    monkeypatch.setattr(command, "datetime", Clock)


@pytest.mark.parametrize("name", list(TOPICS))
def test_every_topic_has_rows_for_people_and_facts_for_programs(name: str) -> None:
    found = topic(name, None)

    assert found.rows
    assert {len(row) for row in found.rows} == {len(found.columns)}
    assert {type(cell) for row in found.rows for cell in row} >= {str}
    assert found.facts


@pytest.mark.parametrize("name", list(TOPICS))
def test_json_holds_every_fact_with_its_source_and_date(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads("\n".join(lines(capsys, "show", name, "--json")))

    assert found
    assert all(row["source"] and date.fromisoformat(row["reviewed"]) for row in found.values())


def test_graphics_are_listed_with_their_zones(capsys: pytest.CaptureFixture[str]) -> None:
    heading, first, *rest = lines(capsys, "show", "gpu", "--region", "me-central-1")

    assert heading.split() == ["region", "size", "GPU", "vCPUs", "GiB", "architecture", "zones", "reviewed"]
    assert first.split()[:2] == ["me-central-1", "g5.xlarge"]
    assert "yes: mec1-az1, mec1-az2; no: mec1-az3" in first
    (training,) = [line for line in rest if "p5en.48xlarge" in line]
    assert "yes: mec1-az1, mec1-az3; no: mec1-az2" in training


def test_what_is_not_sold_is_listed_too(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = [each for each in lines(capsys, "show", "gpu", "--region", "me-central-1") if " g4dn " in each]

    assert line.split() == ["me-central-1", "g4dn", "T4", "not", "sold", "2026-10-27"]


def test_families_of_cpus_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    found = [line for line in lines(capsys, "show", "cpu", "--region", "uaenorth") if " Ds_v5 " in line]

    (line,) = found
    assert "2 to 96" in line
    assert "Standard_D2s_v5 to Standard_D96s_v5" in line
    assert "unknown: 1, 2, 3" in line


def test_a_region_without_zones_says_none(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = [each for each in lines(capsys, "show", "regions") if each.startswith("uaecentral")]

    assert " none " in line
    assert " restricted " in line


def test_a_region_without_offers_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "show", "gpu", "--region", "local") == ["The catalog has no gpu of local."]


@pytest.mark.parametrize("arguments", [("show", "colours"), ("show", "gpu", "--region", "eu-west-1"), ("show",)])
def test_what_there_is_not_is_a_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_the_wrong_usage_names_what_there_is() -> None:
    assert "'global-services'" in run("show", "colours").output
    assert "'uaenorth'" in run("show", "gpu", "--region", "eu-west-1").output


@pytest.mark.usefixtures("on_the_day_it_was_read")
def test_a_whole_and_young_catalog_passes(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = lines(capsys, "check", "--strict")

    assert line.endswith("facts, each with source and date; 0 remarks.")


@pytest.mark.usefixtures("on_the_day_it_was_read")
def test_old_facts_are_said_and_pass(capsys: pytest.CaptureFixture[str]) -> None:
    first, *_ = lines(capsys, "check", "--older-than", "30")

    assert first == "old    offers/uaecentral: 121 rows were last read on 2026-06-18, 157 days ago"


@pytest.mark.usefixtures("on_the_day_it_was_read")
def test_old_facts_fail_where_that_is_asked_for() -> None:
    result = run("check", "--older-than", "30", "--strict")

    assert isinstance(result.exception, FalajError)
    assert (result.exception.code, result.exception.exit_code) == ("FAL-CAT-001", 1)


@pytest.mark.usefixtures("on_the_day_it_was_read")
def test_the_check_is_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads("\n".join(lines(capsys, "check", "--json")))

    assert found["facts"] > 700
    assert found["remarks"] == []
