"""What a user can get wrong, and what they are told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

from falaj.cli.command import falaj
from falaj.errors import FalajError
from tests.optimization.conftest import Digits

NEXT = "write them with numpy.savez: one array for each input, rows first, and `labels` if they are known"
X = np.zeros((4, 64), np.float32)


def message(digits: Digits, samples: Path, folder: Path, *options: str, model: Path | None = None) -> str:
    arguments = [str(model or digits.model), "--samples", str(samples), "--output", str(folder), "--rounds", "20"]
    asked = {"--metric": "agreement", "--max-drop": "0.1"}
    for name, value in asked.items():
        arguments += [] if name in options else [name, value]
    error = CliRunner().invoke(falaj, ["models", "optimize", *arguments, *options]).exception
    assert isinstance(error, FalajError), error
    assert not folder.exists() or not (folder / "model.onnx").exists()
    return str(error)


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"labels": np.zeros(3)}, "It holds no inputs."),
        (
            {"X": X, "labels": np.zeros(3)},
            "Each array needs the same number of rows, and at least one; there are: X 4, labels 3.",
        ),
        ({"X": X[:0]}, "Each array needs the same number of rows, and at least one; there are: X 0."),
        ({"Y": X}, "Its arrays are Y; the model's inputs are X."),
        ({"X": X.astype(np.float64)}, "X: the model takes float32, and the samples are float64."),
        ({"X": X[:, :9]}, "X: the model takes the shape ['any', 64], and the samples have [4, 9]."),
        ({"X": X[0]}, "X: the model takes the shape ['any', 64], and the samples have [64]."),
        ({"X": X.astype(object)}, "It is no .npz file, or one with Python objects in it, which are not read."),
    ],
    ids=["no inputs", "unequal", "empty", "name", "type", "width", "rank", "objects"],
)
def test_samples_that_do_not_fit(digits: Digits, tmp_path: Path, arrays: dict[str, Any], why: str) -> None:
    samples = tmp_path / "samples.npz"
    np.savez(samples, **arrays)
    said = message(digits, samples, tmp_path / "2")
    assert said == f"FAL-MOD-003  --samples {samples}\n  {why}\n  Next: {NEXT}"


@pytest.mark.parametrize("content", [b"", b"words", b"PK\x03\x04 and no more"])
def test_samples_that_are_no_npz(digits: Digits, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "samples.npz").write_bytes(content)
    assert "It is no .npz file, or one with Python objects in it" in message(
        digits, tmp_path / "samples.npz", tmp_path / "2"
    )


def test_samples_that_are_not_there(digits: Digits, tmp_path: Path) -> None:
    assert "  It can't be read: No such file or directory.\n" in message(digits, tmp_path / "none.npz", tmp_path / "2")


@pytest.mark.parametrize(
    ("content", "why"), [(b"words", "It is no ONNX file."), (None, "It can't be read: No such file or directory.")]
)
def test_a_model_that_is_none(digits: Digits, tmp_path: Path, content: bytes | None, why: str) -> None:
    model = tmp_path / "model.onnx"
    if content is not None:
        model.write_bytes(content)
    assert message(digits, digits.unlabelled, tmp_path / "2", model=model) == (
        f"FAL-MOD-002  MODEL {model}\n  {why}\n  Next: name an ONNX file that holds its own weights"
    )


def test_a_model_that_this_runtime_does_not_load(digits: Digits, tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 64])
    graph = helper.make_graph([helper.make_node("NoSuchOperator", ["X"], ["Y"])], "odd", [value], [])
    graph.output.append(helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n", 64]))
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), tmp_path / "odd.onnx"
    )
    lines = message(digits, digits.unlabelled, tmp_path / "2", model=tmp_path / "odd.onnx").splitlines()
    assert lines[0] == f"FAL-MOD-002  MODEL {tmp_path}/odd.onnx"
    assert "can't load it: " in lines[1]
    assert "NoSuchOperator" in lines[1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            ("--metric", "accuracy"),
            (
                "FAL-MOD-005  --metric accuracy\n  The samples have no array `labels`.\n"
                "  Next: add it, or choose agreement or relative-error"
            ),
        ),
        (
            ("--tensor", "logits"),
            (
                "FAL-MOD-004  --tensor logits\n  The model has no such output; there are: label, probabilities.\n"
                "  Next: choose one of these"
            ),
        ),
        (
            ("--graph", "none"),
            (
                "FAL-MOD-008  --graph none\n  Nothing is to be done.\n"
                "  Next: choose at least one of --graph, --quantize, --fp16, --prune"
            ),
        ),
        (
            ("--fp16", "--quantize", "static"),
            (
                "FAL-MOD-008  --fp16 with --quantize static\n  Weights have 16 bits or 8, not both.\n"
                "  Next: choose one; the report of each says what it brings"
            ),
        ),
    ],
)
def test_options_that_do_not_fit(digits: Digits, tmp_path: Path, options: tuple[str, ...], expected: str) -> None:
    assert message(digits, digits.unlabelled, tmp_path / "2", *options) == expected


def test_labels_of_another_kind_than_the_answers(digits: Digits, tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", X=X, labels=np.array(["zero"] * 4))
    assert message(digits, tmp_path / "samples.npz", tmp_path / "2", "--metric", "accuracy").splitlines()[1] == (
        "  The labels are of type str, and output label answers with int."
    )


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--fp16", "It has no weights of 32 bits that could be narrowed."),
        ("--prune=0.5", "It has no weights of Conv, Gemm or MatMul that could be pruned."),
        ("--quantize=dynamic", "It has no operator that ONNX Runtime computes with integers."),
    ],
)
def test_a_step_that_finds_nothing_to_do(digits: Digits, tmp_path: Path, option: str, why: str) -> None:
    value = helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 64])
    result = helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n", 64])
    graph = helper.make_graph([helper.make_node("Abs", ["X"], ["Y"])], "plain", [value], [result])
    model = tmp_path / "plain.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), model)
    said = message(digits, digits.unlabelled, tmp_path / "2", option, model=model)
    assert said == (
        f"FAL-MOD-006  {option.replace('=0.5', '').replace('=', ' ')}\n  {why}\n"
        "  Next: leave that option out; nothing was written"
    )


def test_a_version_that_is_there_stays(digits: Digits, tmp_path: Path) -> None:
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "other").touch()
    assert message(digits, digits.unlabelled, tmp_path / "2") == (
        f"FAL-MOD-010  --output {tmp_path}/2\n  It is there already, and not an empty folder.\n"
        "  Next: name a new version's folder, like models/churn/2"
    )


def test_without_the_extra_the_command_says_what_to_install(
    digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("falaj.optimization")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert message(digits, digits.unlabelled, tmp_path / "2") == (
        "FAL-MOD-011  falaj models optimize\n  The Python package onnx is not installed.\n"
        "  Next: install the extra `optimize`: uv sync --extra optimize"
    )
