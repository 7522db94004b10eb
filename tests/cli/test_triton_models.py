"""``falaj models triton``: written where everything is right, refused in one sentence where anything is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from falaj.cli.triton_models import triton
from falaj.errors import ConfigurationError

RISK = """
name: risk
backend: onnxruntime
max_batch_size: 32
dynamic_batching: {preferred_batch_size: [8]}
instance_group: [{kind: KIND_CPU, count: 1}]
"""
BOTH = """
name: both
platform: ensemble
input: [{name: x, data_type: TYPE_FP32, dims: [4]}]
output: [{name: y, data_type: TYPE_FP32, dims: [1]}]
ensemble_scheduling:
  step: [{model_name: risk, input_map: {x: x}, output_map: {score: y}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "risk.yaml").write_text(RISK)
    (tmp_path / "both.yaml").write_text(BOTH)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(triton, [str(each) for each in arguments])


def test_writes_each_model_where_triton_looks_for_it(folder: Path) -> None:
    done = run(folder / "risk.yaml", folder / "both.yaml", "-o", folder / "models")

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [f"wrote {folder}/models/{name}/config.pbtxt" for name in ("risk", "both")]
    assert (folder / "models" / "risk" / "config.pbtxt").read_text() == (
        'name: "risk"\nmax_batch_size: 32\ninstance_group {\n  count: 1\n  kind: KIND_CPU\n}\n'
        'dynamic_batching {\n  preferred_batch_size: 8\n}\nbackend: "onnxruntime"\n'
    )


def test_prints_without_a_folder(folder: Path) -> None:
    done = run(folder / "risk.yaml")

    assert done.stdout.startswith('# risk/config.pbtxt\nname: "risk"\n')


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RISK.replace("[8]", "[64]"), "preferred_batch_size 64 is above max_batch_size 32; lower it or raise that."),
        (RISK.replace("max_batch_size", "batch_size"), "batch_size: Extra inputs are not permitted."),
        ("name: [", "it is no YAML: while parsing"),
        ("- risk", "Input should be a valid dictionary or instance of Model."),
    ],
)
def test_what_is_wrong_is_said_with_its_file_and_nothing_is_written(folder: Path, text: str, sentence: str) -> None:
    (folder / "wrong.yaml").write_text(text)

    done = run(folder / "risk.yaml", folder / "wrong.yaml", "-o", folder / "models")

    assert isinstance(done.exception, ConfigurationError)
    assert (done.exception.code, done.exception.where) == ("FAL-MOD-013", str(folder / "wrong.yaml"))
    assert done.exception.message.startswith(sentence)
    assert not (folder / "models").exists()


def test_what_the_image_has_not_is_refused(folder: Path) -> None:
    (folder / "gpu.yaml").write_text(RISK.replace("KIND_CPU", "KIND_GPU"))

    assert run(folder / "gpu.yaml").exit_code == 0
    done = run("--image", "local-cpu", folder / "gpu.yaml")
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.message == (
        "the local variant on CPU has no GPU; make every instance_group KIND_CPU and the backend onnxruntime."
    )


def test_steps_are_held_to_the_other_files(folder: Path) -> None:
    done = run(folder / "both.yaml")
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.message == "ensemble: there is no model 'risk'; there are: both."


def test_two_files_of_one_model_are_refused(folder: Path) -> None:
    (folder / "again.yaml").write_text(RISK)
    done = run(folder / "risk.yaml", folder / "again.yaml")
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.message == f"name: {folder}/risk.yaml has the same, risk."


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    done = run(folder / "absent.yaml")
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.message == "it can't be read: No such file or directory."
