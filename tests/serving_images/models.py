"""Small ONNX models with one property each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper


def value(name: str, kind: int, shape: Sequence[int | str | None] | None) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def build(
    nodes: list[NodeProto],
    inputs: list[ValueInfoProto],
    outputs: list[ValueInfoProto],
    constants: Sequence[TensorProto] = (),
) -> ModelProto:
    graph = helper.make_graph(nodes, "model", inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model


def identity(kind: int, shape: Sequence[int | str | None]) -> ModelProto:
    return build([helper.make_node("Identity", ["x"], ["y"])], [value("x", kind, shape)], [value("y", kind, shape)])


def addition() -> ModelProto:
    """Two inputs whose open dimension has one name."""
    shape: list[int | str | None] = ["rows", 2]
    return build(
        [helper.make_node("Add", ["a", "b"], ["sum"])],
        [value("a", TensorProto.FLOAT, shape), value("b", TensorProto.FLOAT, shape)],
        [value("sum", TensorProto.FLOAT, shape)],
    )


def reciprocal() -> ModelProto:
    """Infinity for zero."""
    return build(
        [helper.make_node("Reciprocal", ["x"], ["y"])],
        [value("x", TensorProto.FLOAT, ["n"])],
        [value("y", TensorProto.FLOAT, ["n"])],
    )


def lookup() -> ModelProto:
    """A row of a table of four: fails for other row numbers."""
    table = numpy_helper.from_array(np.arange(4, dtype=np.float32), "table")
    return build(
        [helper.make_node("Gather", ["table", "row"], ["y"])],
        [value("row", TensorProto.INT64, ["n"])],
        [value("y", TensorProto.FLOAT, ["n"])],
        [table],
    )


def reshape() -> ModelProto:
    """Folds any number of elements into pairs: fails for odd numbers."""
    pairs = numpy_helper.from_array(np.array([-1, 2], dtype=np.int64), "pairs")
    return build(
        [helper.make_node("Reshape", ["x", "pairs"], ["y"])],
        [value("x", TensorProto.FLOAT, ["n"])],
        [value("y", TensorProto.FLOAT, [None, 2])],
        [pairs],
    )


def allocation() -> ModelProto:
    """As many zeros as it is told to give."""
    return build(
        [helper.make_node("ConstantOfShape", ["size"], ["y"])],
        [value("size", TensorProto.INT64, [1])],
        [value("y", TensorProto.FLOAT, ["n"])],
    )


def counting() -> ModelProto:
    """Counts to ``steps`` one by one: takes as long as it is told to."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still_going"]),
            helper.make_node("Add", ["count", "one"], ["next"]),
        ],
        "body",
        [
            value("step", TensorProto.INT64, []),
            value("going", TensorProto.BOOL, []),
            value("count", TensorProto.INT64, []),
        ],
        [value("still_going", TensorProto.BOOL, []), value("next", TensorProto.INT64, [])],
        [numpy_helper.from_array(np.array(1, dtype=np.int64), "one")],
    )
    constants = [
        numpy_helper.from_array(np.array(True), "always"),
        numpy_helper.from_array(np.array(0, dtype=np.int64), "zero"),
    ]
    return build(
        [helper.make_node("Loop", ["steps", "always", "zero"], ["count"], body=body)],
        [value("steps", TensorProto.INT64, [])],
        [value("count", TensorProto.INT64, [])],
        constants,
    )


def count_to(steps: int) -> dict[str, Any]:
    """A request to count."""
    return {"inputs": [{"name": "steps", "shape": [], "datatype": "INT64", "data": [steps]}]}


def sequence() -> ModelProto:
    """An output that is no tensor."""
    return build(
        [helper.make_node("SequenceConstruct", ["x"], ["y"])],
        [value("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, [1])],
    )


def save(model: ModelProto, repository: Path, name: str, version: str = "1") -> Path:
    folder = repository / name / version
    folder.mkdir(parents=True)
    file = folder / "model.onnx"
    file.write_bytes(model.SerializeToString())
    return file


def mean_over_the_batch() -> ModelProto:
    """Its open first dimension looks like a batch, but rows depend on each other."""
    return build(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
            helper.make_node("Sub", ["x", "mean"], ["y"]),
        ],
        [value("x", TensorProto.FLOAT, ["rows", 2])],
        [value("y", TensorProto.FLOAT, ["rows", 2])],
    )


def large_product() -> ModelProto:
    """A product that is never short, with memory that grows with its rows."""
    weights = numpy_helper.from_array(np.ones((1024, 1024), dtype=np.float32), "weights")
    return build(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        [value("x", TensorProto.FLOAT, ["rows", 1024])],
        [value("y", TensorProto.FLOAT, ["rows", 1024])],
        [weights],
    )
