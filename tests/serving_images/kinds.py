"""Models of several kinds with random weights, each with requests that show what is peculiar to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tests.serving_images.models import build, value

Inputs = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class Kind:
    """A model and how to make the inputs of one request from a source of chance."""

    name: str
    model: ModelProto
    request: Callable[[np.random.Generator], Inputs]
    rounded: bool = True
    """Whether its results may differ in their last digits when computed in a batch."""


def _weights(name: str, *shape: int) -> TensorProto:
    chance = np.random.default_rng(len(name) + sum(shape))
    return numpy_helper.from_array(chance.normal(0, 0.3, shape).astype(np.float32), name)


def _floats(chance: np.random.Generator, *shape: int) -> npt.NDArray[np.float32]:
    return chance.normal(size=shape).astype(np.float32)


def tabular() -> Kind:
    """Two layers on rows of numbers; requests bring one to five rows."""
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["s"]),
        helper.make_node("Softmax", ["s"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["s"], ["label"], axis=1, keepdims=0),
    ]
    outputs = [value("label", TensorProto.INT64, ["rows"]), value("probabilities", TensorProto.FLOAT, ["rows", 3])]
    weights = [_weights("w1", 13, 32), _weights("b1", 32), _weights("w2", 32, 3), _weights("b2", 3)]
    model = build(nodes, [value("x", TensorProto.FLOAT, ["rows", 13])], outputs, weights)
    return Kind("tabular", model, lambda chance: {"x": _floats(chance, int(chance.integers(1, 6)), 13)})


def text() -> Kind:
    """An embedding with attention over the tokens that are there; requests differ in length."""
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["e"]),
        helper.make_node("Cast", ["mask"], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["m", "last"], ["m3"]),
        helper.make_node("Mul", ["e", "m3"], ["em"]),
        helper.make_node("ReduceSum", ["em", "length"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["m3", "length"], ["count"], keepdims=0),
        helper.make_node("Div", ["sum", "count"], ["mean"]),
        helper.make_node("MatMul", ["mean", "w"], ["embedding"]),
    ]
    shape: list[int | str | None] = ["rows", "length"]
    inputs = [value("ids", TensorProto.INT64, shape), value("mask", TensorProto.INT64, shape)]
    constants = [
        _weights("table", 100, 16),
        _weights("w", 16, 8),
        numpy_helper.from_array(np.array([2], dtype=np.int64), "last"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "length"),
    ]
    model = build(nodes, inputs, [value("embedding", TensorProto.FLOAT, ["rows", 8])], constants)

    def request(chance: np.random.Generator) -> Inputs:
        shape = (int(chance.integers(1, 4)), int(chance.integers(1, 12)))
        return {"ids": chance.integers(0, 100, shape), "mask": np.ones(shape, dtype=np.int64)}

    return Kind("text", model, request)


def image() -> Kind:
    """Two convolutions and a mean over the picture."""
    nodes = [
        helper.make_node("Conv", ["pixels", "k1"], ["c1"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "k2"], ["c2"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["c2"], ["p"]),
        helper.make_node("Flatten", ["p"], ["scores"]),
    ]
    inputs = [value("pixels", TensorProto.FLOAT, ["rows", 3, 32, 32])]
    outputs = [value("scores", TensorProto.FLOAT, ["rows", 10])]
    model = build(nodes, inputs, outputs, [_weights("k1", 8, 3, 3, 3), _weights("k2", 10, 8, 3, 3)])
    return Kind("image", model, lambda chance: {"pixels": _floats(chance, int(chance.integers(1, 3)), 3, 32, 32)})


def audio() -> Kind:
    """A convolution along time; sound of any length comes out as frames."""
    nodes = [
        helper.make_node("Conv", ["samples", "k"], ["c"], strides=[4], pads=[4, 4]),
        helper.make_node("Tanh", ["c"], ["frames"]),
    ]
    inputs = [value("samples", TensorProto.FLOAT, ["rows", 1, "time"])]
    outputs = [value("frames", TensorProto.FLOAT, ["rows", 6, "frames"])]
    model = build(nodes, inputs, outputs, [_weights("k", 6, 1, 9)])
    return Kind("audio", model, lambda chance: {"samples": _floats(chance, 1, 1, int(chance.integers(16, 64)))})


def texts() -> Kind:
    """Words in lower case, and whether each is the one that is looked for."""
    nodes = [
        helper.make_node("StringNormalizer", ["words"], ["lower"], case_change_action="LOWER", locale="C"),
        helper.make_node("Identity", ["words"], ["same"]),
    ]
    shape: list[int | str | None] = [None]
    outputs = [value("lower", TensorProto.STRING, shape), value("same", TensorProto.STRING, shape)]
    model = build(nodes, [value("words", TensorProto.STRING, shape)], outputs)
    known = ["Falaj", "WATER", "فلج", "", 'a "quoted" one', "two\nlines"]

    def request(chance: np.random.Generator) -> Inputs:
        return {"words": np.array(chance.choice(known, int(chance.integers(1, 5))).tolist(), dtype=np.object_)}

    return Kind("texts", model, request, rounded=False)


def several() -> Kind:
    """Three inputs and three outputs of different types and shapes."""
    nodes = [
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("Where", ["choose", "a", "b"], ["chosen"]),
        helper.make_node("Not", ["choose"], ["other"]),
    ]
    shape: list[int | str | None] = ["rows", 4]
    inputs = [value(name, TensorProto.INT32, shape) for name in "ab"] + [value("choose", TensorProto.BOOL, shape)]
    outputs = [value(name, TensorProto.INT32, shape) for name in ("sum", "chosen")]
    model = build(nodes, inputs, [*outputs, value("other", TensorProto.BOOL, shape)])

    def request(chance: np.random.Generator) -> Inputs:
        size = (int(chance.integers(1, 4)), 4)
        numbers = {name: chance.integers(-1000, 1000, size).astype(np.int32) for name in "ab"}
        return {**numbers, "choose": chance.integers(0, 2, size).astype(np.bool_)}

    return Kind("several", model, request, rounded=False)


def scalar() -> Kind:
    """A tensor without dimensions in and out."""
    model = build(
        [helper.make_node("Sqrt", ["x"], ["y"])],
        [value("x", TensorProto.DOUBLE, [])],
        [value("y", TensorProto.DOUBLE, [])],
    )
    return Kind("scalar", model, lambda chance: {"x": np.array(abs(chance.normal()))}, rounded=False)


def empty() -> Kind:
    """Requests that may have no rows at all."""
    model = build(
        [helper.make_node("Neg", ["x"], ["y"])],
        [value("x", TensorProto.FLOAT16, ["rows", 2])],
        [value("y", TensorProto.FLOAT16, ["rows", 2])],
    )

    def request(chance: np.random.Generator) -> Inputs:
        return {"x": chance.normal(size=(int(chance.integers(0, 3)), 2)).astype(np.float16)}

    return Kind("empty", model, request, rounded=False)


KINDS = (tabular(), text(), image(), audio(), texts(), several(), scalar(), empty())
