"""`falaj preflight` on the stacks of the project: one table, one exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from falaj.cli import preflight as command
from falaj.cli.preflight import preflight
from falaj.cli.stack_needs import TENANTS_OWN, wanted_of
from falaj.errors import PreflightError
from falaj.preflight import State, Wanted
from falaj.preflight.allowances import QuotaNeed
from falaj.preflight.live import Allowance
from stacks.settings import load

BUCKET = "s3://falaj-state?region=me-central-1&awssdk=v2"
PRODUCTION = "aws-me-central-1-prod"
CLOUDS = [
    PRODUCTION,
    "aws-me-central-1-dev",
    "azure-uaenorth-prod",
    "azure-uaenorth-dev",
    "azure-uaecentral-dr",
    "aws-smb",
    "aws-enterprise",
    "aws-sovereign",
    "azure-smb",
    "azure-enterprise",
    "azure-sovereign",
]


@pytest.fixture(autouse=True)
def _logged_in_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(preflight, ["-s", *arguments])


def test_a_cluster_of_ones_own_needs_nothing() -> None:
    result = run("local")

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("stack", CLOUDS)
def test_every_cloud_stack_passes_once_its_state_has_a_home(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", BUCKET)

    result = run(stack)

    assert result.exit_code == 0, (result.output, result.exception)


@pytest.mark.parametrize("backend", ["https://api.pulumi.com", "file://~", "s3://state?region=eu-west-1"])
def test_state_outside_the_country_stops_production(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", backend)

    result = run(PRODUCTION)

    assert isinstance(result.exception, PreflightError)
    assert (result.exception.code, result.exception.exit_code) == ("FAL-PFL-001", 11)
    assert result.exception.where == f"stack {PRODUCTION}, 1 missing"


def test_the_last_login_is_what_counts_without_a_variable(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text(json.dumps({"current": "https://api.pulumi.com"}))

    result = run(PRODUCTION)

    assert isinstance(result.exception, PreflightError)
    assert result.exception.message == ("state: Pulumi Cloud, which lies outside the country (the last pulumi login).")


def test_pulumi_cloud_will_do_for_development(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text(json.dumps({"current": "https://api.pulumi.com"}))

    assert run("aws-me-central-1-dev").exit_code == 0


def test_json_holds_every_column(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", BUCKET)

    preflight.main(["-s", PRODUCTION, "--json"], standalone_mode=False)

    found = json.loads(capsys.readouterr().out)
    assert found["stack"] == PRODUCTION
    assert found["findings"][0] == {
        "what": "state",
        "needed": "a bucket or storage account in the country",
        "found": "bucket falaj-state in me-central-1 (PULUMI_BACKEND_URL)",
        "verdict": "ok",
        "source": "falaj/catalog/data/global_services.yaml",
        "as_of": "2026-11-22",
        "next_step": None,
    }


def test_calls_abroad_of_pulumis_own_command_are_one_row_that_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", BUCKET)
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.delenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", raising=False)
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "pul-sesame")

    preflight.main(["-s", PRODUCTION, "--json"], standalone_mode=False)

    told = capsys.readouterr().out
    (row,) = [each for each in json.loads(told)["findings"] if each["what"] == "pulumi command"]
    assert (row["verdict"], row["needed"], row["found"], row["next_step"]) == (
        "ask",
        "calls nobody outside the country",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is not set, PULUMI_ACCESS_TOKEN is set",
        "export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true; unset PULUMI_ACCESS_TOKEN",
    )
    assert "sesame" not in told


def test_the_table_has_a_row_a_finding_and_the_next_step_below(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", BUCKET)

    preflight.main(["-s", PRODUCTION], standalone_mode=False)

    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["what", "needed", "found", "source"]
    assert rows[0].split()[:2] == ["ok", "state"]
    assert "    Next: aws account enable-region --region-name me-central-1" in rows
    assert rows[-1].endswith(" to ask for, 0 missing.")


class Empty:
    """An account that may use nothing."""

    name = "AWS account in me-central-1"

    def may_use_region(self) -> bool:
        return False

    def zones_selling(self, sizes: Iterable[str]) -> Mapping[str, frozenset[str]]:
        return dict.fromkeys(sizes, frozenset())

    def allowance(self, need: QuotaNeed) -> Allowance:
        return Allowance(limit=need.amount - 1, used=0)

    def kubernetes_minors(self) -> frozenset[str]:
        return frozenset()

    def add_ons(self, minor: str, names: Iterable[str]) -> Mapping[str, frozenset[str]]:
        return dict.fromkeys(names, frozenset({f"v{minor}.0"}))

    def home_of_state(self, backend: str) -> str | None:
        return "eu-west-1" if backend == BUCKET else None


def test_live_asks_the_account_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", BUCKET)
    asked: list[Wanted] = []

    def account_of(wanted: Wanted) -> Empty:
        asked.append(wanted)
        return Empty()

    monkeypatch.setattr(command, "account_of", account_of)

    result = run(PRODUCTION, "--live")

    assert [wanted.account for wanted in asked] == ["111122223333"]
    assert isinstance(result.exception, PreflightError)
    assert "state: lies in eu-west-1." in result.exception.message
    assert "Kubernetes 1.36: offered: none." in result.exception.message


def test_an_environment_asks_for_all_and_a_tenant_for_its_own() -> None:
    whole, own = (
        wanted_of(load(PRODUCTION, images_built=False), State()),
        wanted_of(load("aws-sovereign", images_built=False), State()),
    )

    assert {pool.name for pool in whole.pools} == {"system", "cpu", "gpu", "gov"}
    asked = {pool.name: (whole.zones_of(pool), pool.capacity, pool.surge_percent) for pool in whole.pools}
    assert asked["gpu"] == (("mec1-az1", "mec1-az2"), "on_demand", 0)
    assert asked["cpu"] == (("mec1-az1", "mec1-az2", "mec1-az3"), "on_demand", 33)
    assert whole.sites
    assert (own.features, own.sites, own.kubernetes) == (TENANTS_OWN, (), None)
    assert [pool.name for pool in own.pools] == ["tenant"]


def test_a_tenant_on_shared_machines_asks_for_none() -> None:
    assert wanted_of(load("azure-smb", images_built=False), State()).pools == ()


def test_a_stack_without_a_file_is_refused_by_the_settings() -> None:
    result: Any = run("nowhere")

    assert result.exception.code == "FAL-CFG-104"
