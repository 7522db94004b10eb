"""`falaj recipe` on the stacks of the project and on versions that somebody names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from falaj.cli import recipe as command
from falaj.cli.recipe import recipe
from falaj.cli.stack_versions import findings_of
from falaj.errors import ConfigurationError
from falaj.recipes.upgrade import UpgradeRefusedError
from stacks.settings import load, stack_names


def run(*arguments: str) -> Result:
    return CliRunner().invoke(recipe, arguments)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "project_root", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("stack", stack_names())
def test_every_stack_of_the_project_is_locked(stack: str) -> None:
    result = run("check", "-s", stack)

    assert result.exit_code == 0, (result.output, result.exception)
    assert "default server  ONNX Runtime 1.31.1" in result.output


def test_what_is_off_is_named_with_the_nearest_recipe() -> None:
    result = run("check", "-s", "aws-me-central-1-prod", "--gpu", "l4", "--triton", "26.08")

    assert isinstance(result.exception, ConfigurationError)
    assert (result.exception.code, result.exception.exit_code) == ("FAL-REC-001", 3)
    assert result.exception.message == "\n".join(
        f"pool {name}: triton 26.08 where eks-1.36-al2023 has 26.07." for name in ("gpu", "gov")
    )


def test_versions_can_be_asked_about_without_a_stack() -> None:
    result = run("check", "--target", "aks", "--gpu", "a10", "--driver", "570.237", "--triton", "25.07", "--json")

    (finding,) = json.loads(result.output)["findings"]
    assert (finding["verdict"], finding["recipe"], finding["difference"]) == ("locked", "aks-1.36-ubuntu-a10", "")


def test_a_pool_with_gpus_is_found_by_its_size() -> None:
    file = load("aws-me-central-1-prod", images_built=False)
    said = {finding.what: finding for finding in findings_of(file, {"triton": "26.04"})}

    assert said["pool gpu"].found == (
        "kubernetes 1.36, node image eks-al2023-nvidia, gpu family l4, gpu operator 26.3.3, triton 26.04"
    )
    assert said["pool gpu"].difference == "triton 26.04 where eks-1.36-al2023 has 26.07"


def test_a_local_cluster_has_no_gpus_to_lock() -> None:
    result = run("check", "-s", "local", "--gpu", "l4")

    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.code == "FAL-REC-002"


def test_neither_stack_nor_target_is_wrong_usage() -> None:
    result = run("check", "--gpu", "l4")

    assert result.exit_code == 2
    assert "name a stack with -s, or a cluster with --target" in result.output


def test_a_plan_is_printed_with_the_name_of_its_stack(project: Path) -> None:
    result = run("plan", "eks-1.36-al2023", "eks-1.36-al2023-operator-26.7", "-s", "prod")

    assert result.exit_code == 0, result.exception
    assert result.output.startswith("1. definitions: 26.3.3 to 26.7.0  [next]\n")
    assert "pulumi up -s prod --target '**GpuDefinitions**'" in result.output
    assert "STACK" not in result.output
    assert not (project / ".falaj").exists()


@pytest.mark.usefixtures("project")
def test_marks_stay_for_the_next_run() -> None:
    way = ("plan", "eks-1.36-al2023", "eks-1.36-al2023-operator-26.7")
    assert run(*way, "--done", "definitions").exit_code == 0

    steps = json.loads(run(*way, "--json").output)["steps"]

    assert [step["done"] is not None for step in steps] == [True, False]
    assert run(*way, "--rolled-back", "definitions").output.startswith("1. definitions: 26.3.3 to 26.7.0  [next]")


@pytest.mark.usefixtures("project")
def test_a_plan_says_that_nothing_was_run_on_a_gpu() -> None:
    way = ("plan", "eks-1.36-al2023", "eks-1.36-al2023-operator-26.7")

    assert json.loads(run(*way, "--json").output)["run_on_a_gpu"] is False
    assert command.NOT_RUN in run(*way).output


@pytest.mark.usefixtures("project")
def test_both_marks_at_once_are_wrong_usage() -> None:
    way = ("plan", "eks-1.36-al2023", "eks-1.36-al2023-operator-26.7")

    assert run(*way, "--done", "operator", "--rolled-back", "operator").exit_code == 2


@pytest.mark.usefixtures("project")
def test_a_way_that_there_is_not_is_refused() -> None:
    result = run("plan", "eks-1.36-al2023", "aks-1.36-ubuntu")

    assert isinstance(result.exception, UpgradeRefusedError)
    assert result.exception.exit_code == 3
