"""`falaj place` on the stacks of the project: from the stack file and a measured profile to one row a model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from components.model_endpoint.routing import RoutingSpec, SideCost
from falaj.cli import stack_models
from falaj.cli.place import place
from falaj.errors import ConfigurationError
from falaj.placement import measure as module
from falaj.placement.profile import read_profile
from stacks.settings import StackFile, load
from tests.placement.examples import layered


def run(*arguments: str) -> Result:
    return CliRunner().invoke(place, arguments)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS_OF_A_POINT", 0.0)


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A model with a profile beside it, measured here."""
    model = layered(tmp_path)
    result = run("profile", str(model), "--threads", "1")
    assert result.exit_code == 0, (result.output, result.exception)
    assert f"wrote {tmp_path / 'cpu-profile.json'}" in result.output
    return model


def test_the_example_runs_where_the_file_says() -> None:
    result = run("-s", "azure-enterprise", "--rate", "20", "--json")

    assert result.exit_code == 0, (result.output, result.exception)
    found = json.loads(result.stdout)
    (model,) = found["models"]
    assert found["run_on_a_gpu"] is False
    assert (model["name"], model["chosen"], model["least"], model["most"]) == ("iris", "cpu", 2, 10)
    assert (model["cpu"]["size"], model["cpu"]["replicas"]) == ("Standard_D8s_v5", 2)
    assert model["cpu"]["per_million"] == pytest.approx(model["cpu"]["hourly"] / (20 * 3600) * 1_000_000)
    assert model["why"] == "LinearClassifier, Normalizer, Scaler run on CPUs alone"


def test_an_environment_is_all_of_its_tenants() -> None:
    found = json.loads(run("-s", "azure-uaenorth-prod", "--rate", "5", "--json").stdout)

    names = [model["name"] for model in found["models"]]
    assert names == ["azure-enterprise/iris", "azure-smb/iris", "azure-sovereign/iris"]


def test_the_cost_is_unknown_where_prices_are() -> None:
    result = run("-s", "aws-smb", "--rate", "5")

    assert result.exit_code == 0
    assert "unknown" in result.stdout
    assert "Prices of me-central-1 are unknown to the catalog; --prices takes your own." in result.stderr


def test_prices_of_ones_own_are_taken(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("m7i.2xlarge: 0.8\n")

    found = json.loads(run("-s", "aws-smb", "--rate", "5", "--prices", str(tmp_path / "prices.yaml"), "--json").stdout)

    assert found["models"][0]["cpu"]["hourly"] == pytest.approx(0.1)


def test_a_dense_model_is_compared_on_both_sides(measured: Path) -> None:
    found = json.loads(run("-s", "azure-smb", "--rate", "5", "--model", f"iris={measured}", "--json").stdout)

    (model,) = found["models"]
    assert model["chosen"] == "cpu"
    assert model["gpu"]["size"] == "Standard_NV6ads_A10_v5"
    assert model["cpu"]["hourly"] < model["gpu"]["hourly"]


def test_what_was_estimated_says_so(measured: Path) -> None:
    result = run("-s", "azure-smb", "--rate", "5", "--model", f"iris={measured}")

    assert "GPU: estimated, never run on one." in result.stderr
    assert "on other models and cards the error is unknown." in result.stderr
    assert "On another processor it differs by an unknown factor." in result.stderr


def test_a_tighter_target_is_said_by_the_reader() -> None:
    found = json.loads(run("-s", "azure-smb", "--rate", "5", "--target-ms", "0.0001", "--json").stdout)

    assert found["models"][0]["cpu"]["meets"] is False


def test_a_model_without_rate_is_refused_with_the_option() -> None:
    result = run("-s", "azure-smb")

    assert isinstance(result.exception, ConfigurationError)
    assert (result.exception.code, result.exception.exit_code) == ("FAL-PLC-008", 3)
    assert result.exception.message == (
        "iris: no rate; say --rate iris=N, predictions a second, or expected_rate in its file."
    )


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack file says itself what is expected of its endpoint."""

    def with_expectations(stack: str, *, images_built: bool) -> StackFile:
        file = load(stack, images_built=images_built)
        assert file.settings.tenant is not None
        side = SideCost(cost_per_hour=1)
        said = {"expected_rate": 40.0, "routing": RoutingSpec(cpu=side, gpu=side, target_ms=7)}
        endpoint = file.settings.tenant.endpoints["iris"].model_copy(update=said)
        tenant = file.settings.tenant.model_copy(update={"endpoints": {"iris": endpoint}})
        return replace(file, settings=file.settings.model_copy(update={"tenant": tenant}))

    monkeypatch.setattr(stack_models, "load", with_expectations)


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("options", "rate", "target"),
    [((), 40, 7), (("--rate", "5"), 5, 7), (("--rate", "iris=6", "--rate", "5", "--target-ms", "9"), 6, 9)],
)
def test_the_file_says_what_is_expected_unless_the_reader_does(
    options: tuple[str, ...], rate: float, target: float
) -> None:
    (model,) = json.loads(run("-s", "azure-smb", *options, "--json").stdout)["models"]

    assert (model["rate"], model["target_ms"]) == (rate, target)


def test_a_model_without_profile_is_refused_with_the_command(tmp_path: Path) -> None:
    model = layered(tmp_path)
    result = run("-s", "azure-smb", "--rate", "5", "--model", f"iris={model}")

    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.message == (f"iris: The model has no CPU profile. Measure it: falaj place profile {model}.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a stack with -s"),
        (("-s", "azure-smb", "--rate", "fast"), "allowed: a number above 0"),
        (("-s", "azure-smb", "--rate", "iris=-1"), "allowed: a number above 0"),
        (("-s", "azure-smb", "--rate", "5", "--model", "x"), "allowed: NAME=VALUE"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("text", ["[", "- 1", "g6.xlarge: free", "g6.xlarge: -1"])
def test_prices_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(text)

    result = run("-s", "aws-smb", "--rate", "5", "--prices", str(file))

    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.code == "FAL-PLC-006"


def test_a_dimension_that_is_no_number_is_wrong_usage(tmp_path: Path) -> None:
    assert run("profile", str(layered(tmp_path)), "--dimension", "sequence=long").exit_code == 2


def test_a_profile_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    result = run("profile", str(layered(tmp_path)), "--threads", "1", "-o", str(tmp_path / "no" / "file.json"))

    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.code == "FAL-PLC-007"


@pytest.mark.parametrize("model", ["iris/iris/1", "iris-next/iris/2"])
def test_the_examples_carry_profiles_of_their_own_files(model: str) -> None:
    root = Path(__file__).parents[2] / "examples" / "models"

    assert read_profile(root / model / "model.onnx").machine.cores >= 1
