"""What a graph takes, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from falaj.placement.graph import count, open_dimensions
from tests.placement.examples import layered, onnx_file

ROOT = Path(__file__).parents[2]


def test_dense_layers(tmp_path: Path) -> None:
    work = count(layered(tmp_path), {}, launches=3)

    assert work.operations == 2 * 64 * 64 + 64 + 2 * 64 * 64
    assert work.weight_bytes == 2 * 64 * 64 * 4
    assert work.activation_bytes == (64 + 64 + 64 + 64 + 64 + 64) * 4
    assert work.transfer_bytes == (64 + 64) * 4
    assert (work.launches, work.precision, work.cpu_only, work.uncounted) == (3, "fp32", (), 0)


@pytest.mark.parametrize(
    ("node", "shape", "weights", "operations"),
    [
        (helper.make_node("Gemm", ["x", "w"], ["y"], transB=1), ["n", 8], {"w": (5, 8)}, 2 * 1 * 5 * 8),
        (helper.make_node("Gemm", ["x", "w"], ["y"]), ["n", 8], {"w": (8, 5)}, 2 * 1 * 5 * 8),
        (
            helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1]),
            ["n", 3, 10, 10],
            {"w": (16, 3, 3, 3)},
            2 * 16 * 10 * 10 * 3 * 3 * 3,
        ),
        (helper.make_node("Sigmoid", ["x"], ["y"]), ["n", 7], {}, 7),
        (helper.make_node("Flatten", ["x"], ["y"]), ["n", 7, 3], {}, 0),
        (
            helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=6),
            [5, "n", 4],
            {"w": (1, 24, 4), "r": (1, 24, 6)},
            2 * 5 * 1 * 1 * 24 * (4 + 6),
        ),
    ],
)
def test_operators(
    tmp_path: Path, node: onnx.NodeProto, shape: list[int | str], weights: dict[str, tuple[int, ...]], operations: int
) -> None:
    file = onnx_file(tmp_path, [node], shape, **weights)

    assert count(file, {"n": 1}, 1).operations == operations


def test_open_dimensions_are_named_and_taken_as_given(tmp_path: Path) -> None:
    file = onnx_file(tmp_path, [helper.make_node("Relu", ["x"], ["y"])], ["batch", "sequence", 8])

    assert open_dimensions(file) == ("sequence",)
    assert count(file, {"sequence": 16}, 1).operations == 16 * 8
    assert count(file, {"sequence": 32}, 1).operations == 32 * 8


def test_half_precision_is_seen(tmp_path: Path) -> None:
    file = layered(tmp_path)
    model = onnx.load(str(file))
    for index, each in enumerate(model.graph.initializer):
        model.graph.initializer[index].CopyFrom(
            numpy_helper.from_array(numpy_helper.to_array(each).astype(np.float16), each.name)
        )
    onnx.save(model, str(file))

    assert count(file, {}, 1).precision == "fp16"
    assert count(file, {}, 1).weight_bytes == 2 * 64 * 64 * 2


def test_what_has_no_gpu_kernel_is_named() -> None:
    work = count(ROOT / "examples/models/iris/iris/1/model.onnx", {}, 3)

    assert work.cpu_only == ("LinearClassifier", "Normalizer", "Scaler")
