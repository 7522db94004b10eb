"""``falaj models optimize`` on a real classifier: what passes is written and told truly, the rest is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper
from onnxruntime_server.repository.inspection import SUPPORTED_OPSETS, inspect

from falaj.cli.command import falaj
from falaj.errors import AccuracyError, FalajError
from tests.optimization.conftest import Digits

CHEAP = ("--rounds", "20")


def optimized(model: Path, samples: Path, folder: Path, *options: str) -> Result:
    paths = [str(model), "--samples", str(samples), "--output", str(folder)]
    return CliRunner().invoke(falaj, ["models", "optimize", *paths, *CHEAP, *options])


def refusal(model: Path, samples: Path, folder: Path, *options: str) -> FalajError:
    before = sorted(folder.parent.rglob("*"))
    error = optimized(model, samples, folder, *options).exception
    assert isinstance(error, FalajError), error
    assert sorted(folder.parent.rglob("*")) == before, "something was written"
    return error


def predictions(model: Path, samples: Path) -> Any:  # noqa: ANN401 - an array
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    pixels = np.load(samples)["X"]
    return np.array([session.run(None, {"X": row[None]})[0][0] for row in pixels])


@pytest.mark.parametrize(
    "options",
    [
        ("--quantize", "dynamic"),
        ("--quantize", "static", "--prune", "0.2"),
        ("--fp16", "--graph", "none"),
        ("--graph", "extended"),
        ("--prune", "0.3", "--graph", "none"),
    ],
    ids=" ".join,
)
def test_the_report_is_what_the_files_say(digits: Digits, tmp_path: Path, options: Sequence[str]) -> None:
    done = optimized(
        digits.model, digits.labelled, tmp_path / "digits" / "2", "--metric", "accuracy", "--max-drop", "0.05", *options
    )
    assert done.exit_code == 0, done.exception
    assert [path.name for path in sorted((tmp_path / "digits" / "2").iterdir())] == ["model.onnx", "optimization.json"]
    report = json.loads((tmp_path / "digits/2/optimization.json").read_text())
    labels = np.load(digits.labelled)["labels"]
    right = {}
    for stage, file in ((report["stages"][0], digits.model), (report["stages"][-1], tmp_path / "digits/2/model.onnx")):
        content = file.read_bytes()
        assert stage["size"] == {
            "bytes": len(content),
            "compressed_bytes": len(gzip.compress(content, 6, mtime=0)),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        right[stage["step"]] = int((predictions(file, digits.labelled) == labels).sum())
        assert stage["value"] == right[stage["step"]] / len(labels)
        assert stage["drop"] == right["original"] / len(labels) - stage["value"]
        latency = stage["latency"]
        assert 0 < latency["median_ms"] <= latency["p99_ms"]
        assert latency["ratio_low"] <= latency["ratio"] <= latency["ratio_high"]
    assert report["samples_sha256"] == hashlib.sha256(digits.labelled.read_bytes()).hexdigest()
    assert (report["samples"], report["labelled"], report["rounds"]) == (len(labels), True, 20)


def test_int8_makes_the_file_a_third_and_keeps_the_answers(digits: Digits, tmp_path: Path) -> None:
    done = optimized(
        digits.model,
        digits.unlabelled,
        tmp_path / "2",
        "--metric",
        "agreement",
        "--max-drop",
        "0.02",
        "--quantize",
        "dynamic",
    )
    assert done.exit_code == 0, done.exception
    written = tmp_path / "2" / "model.onnx"
    assert written.stat().st_size < digits.model.stat().st_size / 2.5
    agreement = (predictions(written, digits.unlabelled) == predictions(digits.model, digits.unlabelled)).mean()
    assert agreement >= 0.98
    last = json.loads((tmp_path / "2/optimization.json").read_text())["stages"][-1]
    assert last["value"] == agreement
    heading = "step bytes gzip bytes median ms p99 ms time against original agreement drop"
    assert " ".join(done.output.split("\n", maxsplit=1)[0].split()) == heading


@pytest.mark.parametrize("options", [("--quantize", "dynamic"), ("--quantize", "static"), ("--graph", "extended")])
def test_the_result_is_served_by_the_image(digits: Digits, tmp_path: Path, options: Sequence[str]) -> None:
    optimized(digits.model, digits.labelled, tmp_path / "2", "--metric", "accuracy", "--max-drop", "1", *options)
    asked = inspect((tmp_path / "2" / "model.onnx").read_bytes())
    assert {domain: version for domain, version in asked.opsets.items() if version > SUPPORTED_OPSETS[domain]} == {}


def test_pruning_zeroes_the_smallest_weights_and_says_that_the_file_stays(digits: Digits, tmp_path: Path) -> None:
    done = optimized(
        digits.model,
        digits.labelled,
        tmp_path / "2",
        "--metric",
        "accuracy",
        "--max-drop",
        "1",
        "--prune",
        "0.5",
        "--graph",
        "none",
    )
    model = onnx.load(tmp_path / "2" / "model.onnx")
    originals = {each.name: numpy_helper.to_array(each) for each in onnx.load(digits.model).graph.initializer}
    pruned = 0
    for tensor in model.graph.initializer:
        values, original = numpy_helper.to_array(tensor), originals[tensor.name]
        if values.ndim == 2 and values.dtype == np.float32 and (values != original).any():
            gone = values == 0
            assert gone.sum() == values.size // 2
            assert np.abs(original[gone]).max() <= np.abs(original[~gone]).min()
            assert (values[~gone] == original[~gone]).all()
            pruned += 1
    assert pruned == 3
    assert "weights are zero; they are stored and multiplied like any other" in done.output
    first, last = json.loads((tmp_path / "2/optimization.json").read_text())["stages"]
    assert first["size"]["bytes"] == last["size"]["bytes"]
    assert last["size"]["compressed_bytes"] < 0.7 * first["size"]["compressed_bytes"]


def fragile(folder: Path) -> tuple[Path, Path]:
    """A model in which one weight of a column is ten thousand times the others: eight bits have no room for both."""
    random = np.random.default_rng(7)
    weights = random.normal(size=(16, 4)).astype(np.float32)
    weights[0] = 10_000.0
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "fragile",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    (folder / "fragile.onnx").write_bytes(model.SerializeToString())
    samples = random.normal(size=(50, 16)).astype(np.float32)
    samples[:, 0] = 0
    np.savez(folder / "fragile.npz", x=samples)
    return folder / "fragile.onnx", folder / "fragile.npz"


@pytest.mark.parametrize(
    ("metric", "kind"), [("agreement", "dynamic"), ("relative-error", "dynamic"), ("agreement", "static")]
)
def test_the_gate_refuses_what_costs_too_much_and_nothing_is_written(tmp_path: Path, metric: str, kind: str) -> None:
    model, samples = fragile(tmp_path)
    error = refusal(model, samples, tmp_path / "m" / "2", "--metric", metric, "--max-drop", "0.05", "--quantize", kind)
    assert isinstance(error, AccuracyError)
    assert error.exit_code == 12
    assert (error.code, error.where) == ("FAL-MOD-009", f"step int8 {kind}")
    assert error.message.startswith(f"After it, {metric} is ")
    assert error.message.endswith("where 0.05 is allowed.")


def test_the_gate_is_held_at_each_step_not_at_the_end(digits: Digits, tmp_path: Path) -> None:
    error = refusal(
        digits.model,
        digits.labelled,
        tmp_path / "2",
        "--metric",
        "accuracy",
        "--max-drop",
        "0.02",
        "--prune",
        "0.95",
        "--quantize",
        "dynamic",
    )
    assert error.where == "step prune 0.95"
