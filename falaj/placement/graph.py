"""What one prediction takes, counted from an ONNX graph: operations, bytes, and operators without a GPU kernel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import onnx

from falaj.placement.work import Work

CPU_DOMAINS: Final = ("ai.onnx.ml",)
"""Operators of trees, linear models and encoders, for which ONNX Runtime's CUDA provider has no kernel.

Source: https://github.com/microsoft/onnxruntime/blob/main/docs/OperatorKernels.md
"""
CPU_OPERATORS: Final = ("StringNormalizer", "TfIdfVectorizer", "StringConcat", "StringSplit", "RegexFullMatch")
FREE: Final = ("Constant", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Shape", "Cast", "Dropout")
"""Operators that compute nothing worth counting."""
GATES: Final = {"LSTM": 4, "GRU": 3, "RNN": 1}
BITS: Final = 8
Shape = tuple[int, ...]


@dataclass
class _Graph:
    """Shapes and sizes of every tensor, as far as the graph says them."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)

    def bytes_of(self, name: str) -> int:
        """Size of a tensor that is no weight; nothing where its shape is unknown."""
        if name in self.weights or name not in self.shapes:
            return 0
        return math.prod(self.shapes[name]) * self.widths.get(name, 4)


def count(model: Path, dimensions: Mapping[str, int], launches: int) -> Work:
    """Return the work of one prediction: one row, open dimensions as given, nodes as ONNX Runtime has them."""
    loaded = _with_dimensions(onnx.load(str(model)), dimensions)
    graph, nodes = _read(loaded), list(loaded.graph.node)
    counted = [_operations(node, graph) for node in nodes]
    weights = sum(graph.weights.values())
    moved = sum(graph.bytes_of(name) for node in nodes for name in (*node.input, *node.output))
    ends = [*(each.name for each in loaded.graph.input), *(each.name for each in loaded.graph.output)]
    return Work(
        operations=float(sum(each or 0 for each in counted)),
        weight_bytes=float(weights),
        activation_bytes=float(moved),
        transfer_bytes=float(sum(graph.bytes_of(name) for name in ends)),
        launches=max(1, launches),
        precision="fp16" if _half(loaded) else "fp32",
        cpu_only=tuple(sorted({node.op_type for node in nodes if _cpu_only(node)})),
        uncounted=sum(each is None for each in counted),
    )


def open_dimensions(model: Path) -> tuple[str, ...]:
    """Return the names of the dimensions that a model's inputs leave open, besides the first, which is the batch."""
    loaded = onnx.load(str(model), load_external_data=False)
    weights = {each.name for each in loaded.graph.initializer}
    found = [
        dimension.dim_param or f"{each.name}[{place}]"
        for each in loaded.graph.input
        if each.name not in weights
        for place, dimension in enumerate(each.type.tensor_type.shape.dim)
        if place > 0 and not dimension.dim_value
    ]
    return tuple(dict.fromkeys(found))


def _with_dimensions(model: onnx.ModelProto, dimensions: Mapping[str, int]) -> onnx.ModelProto:
    """Return the model with every input dimension fixed, and the shapes that follow."""
    for each in model.graph.input:
        for place, dimension in enumerate(each.type.tensor_type.shape.dim):
            if not dimension.dim_value:
                name = dimension.dim_param or f"{each.name}[{place}]"
                dimension.dim_value = 1 if place == 0 else dimensions.get(name, 1)
    for each in model.graph.output:
        for dimension in each.type.tensor_type.shape.dim:
            dimension.Clear()
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def _read(model: onnx.ModelProto) -> _Graph:
    found = _Graph()
    for each in model.graph.initializer:
        width = _width(each.data_type)
        found.shapes[each.name], found.widths[each.name] = tuple(each.dims), width
        found.weights[each.name] = math.prod(each.dims) * width
    for value in (*model.graph.input, *model.graph.value_info, *model.graph.output):
        tensor = value.type.tensor_type
        shape = tuple(dimension.dim_value for dimension in tensor.shape.dim)
        if tensor.HasField("shape") and all(shape):
            found.shapes.setdefault(value.name, shape)
            found.widths.setdefault(value.name, _width(tensor.elem_type))
    return found


def _operations(node: onnx.NodeProto, graph: _Graph) -> int | None:
    """Return the floating-point operations of a node; None where a shape is missing."""
    if node.op_type in FREE:
        return 0
    out = graph.shapes.get(node.output[0])
    counter = COUNTERS.get(node.op_type)
    if counter is None:
        return None if out is None else math.prod(out)
    inputs = [graph.shapes.get(name) for name in node.input[:2]]
    if out is None or len(inputs) < len(("data", "weights")) or any(shape is None for shape in inputs):
        return None
    return counter(node, [shape for shape in inputs if shape is not None], out)


def _matmul(node: onnx.NodeProto, inputs: list[Shape], out: Shape) -> int:
    del node
    return 2 * math.prod(out) * inputs[0][-1]


def _gemm(node: onnx.NodeProto, inputs: list[Shape], out: Shape) -> int:
    inner = inputs[0][0] if _attribute(node, "transA") else inputs[0][-1]
    return 2 * math.prod(out) * inner


def _convolution(node: onnx.NodeProto, inputs: list[Shape], out: Shape) -> int:
    del node
    return 2 * math.prod(out) * math.prod(inputs[1][1:])


def _recurrent(node: onnx.NodeProto, inputs: list[Shape], out: Shape) -> int:
    del out
    sequence, batch, width = inputs[0]
    directions, gates_by_hidden = inputs[1][0], inputs[1][1]
    hidden = gates_by_hidden // GATES[node.op_type]
    return 2 * sequence * batch * directions * gates_by_hidden * (width + hidden)


COUNTERS: Final[Mapping[str, Callable[[onnx.NodeProto, list[Shape], Shape], int]]] = {
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "QLinearMatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _convolution,
    "ConvInteger": _convolution,
    **dict.fromkeys(GATES, _recurrent),
}
"""Operators that are more than one operation for each element of their output."""


def _attribute(node: onnx.NodeProto, name: str) -> Any:  # noqa: ANN401 - any attribute of ONNX
    return next((onnx.helper.get_attribute_value(each) for each in node.attribute if each.name == name), None)


def _cpu_only(node: onnx.NodeProto) -> bool:
    return node.domain in CPU_DOMAINS or node.op_type in CPU_OPERATORS


def _half(model: onnx.ModelProto) -> bool:
    """Whether most weights are of 16 bits."""
    sizes = {True: 0, False: 0}
    for each in model.graph.initializer:
        sizes[each.data_type in (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)] += math.prod(each.dims)
    return sizes[True] > sizes[False]


def _width(kind: int) -> int:
    """Bytes of one element; strings and what has no size count as one."""
    try:
        return int(onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize) or 1
    except (KeyError, TypeError, ValueError):
        return 1
