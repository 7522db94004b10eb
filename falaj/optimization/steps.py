"""What can be done to a model. Each step reads one file and writes another, and says what it touched."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

from falaj.errors import ConfigurationError
from falaj.optimization.model import ERRORS, Model, first_line
from falaj.optimization.samples import Array

DYNAMIC_OPERATORS: Final = ("MatMul", "Gemm", "LSTM", "Attention", "EmbedLayerNormalization", "Gather")
"""Convolutions are left out: ONNX Runtime computes them slower with scales that are only known when it runs."""
STATIC_OPERATORS: Final = ("Conv", "MatMul", "Gemm")
PRUNED_OPERATORS: Final = ("Conv", "ConvTranspose", "Gemm", "MatMul")
WEIGHTS: Final = 1
"""Where these operators take their weights, among their inputs."""
QUANTISED: Final = ("Integer", "Quantize", "QLinear", "QGemm", "QAttention", "QEmbed")


class Graph(StrEnum):
    """How far ONNX Runtime rewrites the graph before it is saved; further would bind the file to this processor."""

    NONE = "none"
    BASIC = "basic"
    EXTENDED = "extended"


class Quantization(StrEnum):
    """Whether weights become 8-bit integers, and when the scales of what flows between them are found."""

    NONE = "none"
    DYNAMIC = "dynamic"
    STATIC = "static"


@dataclass(frozen=True)
class Step:
    """One change of a model."""

    name: str
    apply: Callable[[Path, Path], str]
    """Reads the first file, writes the second, and says in words what was touched."""


def optimise_graph(level: Graph) -> Step:
    """Fold constants, drop what changes nothing and, if extended, fuse operators, as ONNX Runtime does at each load."""

    def apply(source: Path, target: Path) -> str:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS
        options.optimized_model_filepath = str(target)
        levels = onnxruntime.GraphOptimizationLevel
        wanted = {Graph.BASIC: levels.ORT_ENABLE_BASIC, Graph.EXTENDED: levels.ORT_ENABLE_EXTENDED}
        options.graph_optimization_level = wanted[level]
        onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        _forget_unused_domains(target)
        return f"{_nodes(source)} operators became {_nodes(target)}"

    return Step(f"graph {level}", apply)


def prune(fraction: float) -> Step:
    """Set the smallest weights of each tensor to zero. The tensors stay dense: the file gets no smaller by it."""

    def apply(source: Path, target: Path) -> str:
        model = onnx.load(source)
        zeroed = total = 0
        for weights in _weights(model.graph):
            values = onnx.numpy_helper.to_array(weights).copy()
            count = int(fraction * values.size)
            if count:
                values.reshape(-1)[np.argpartition(np.abs(values).reshape(-1), count - 1)[:count]] = 0
            weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
            zeroed, total = zeroed + count, total + values.size
        if not zeroed:
            raise _nothing("--prune", "It has no weights of Conv, Gemm or MatMul that could be pruned.")
        onnx.save(model, target)
        return f"{zeroed} of {total} weights are zero; they are stored and multiplied like any other"

    return Step(f"prune {fraction:g}", apply)


def narrow() -> Step:
    """Store 32-bit floating-point numbers in 16 bits. Inputs and outputs keep their types."""

    def apply(source: Path, target: Path) -> str:
        model = onnx.load(source)
        before = _elements(model.graph, onnx.TensorProto.FLOAT)
        narrowed = convert_float_to_float16(model, keep_io_types=True)
        if not (changed := _elements(narrowed.graph, onnx.TensorProto.FLOAT16)):
            raise _nothing("--fp16", "It has no weights of 32 bits that could be narrowed.")
        onnx.save(narrowed, target)
        return (
            f"{changed} of {before} weights have 16 bits; a processor without such arithmetic widens them at each run"
        )

    return Step("fp16", apply)


def quantise(kind: Quantization, rows: tuple[Mapping[str, Array], ...]) -> Step:
    """Make weights 8-bit integers of seven used bits, which give the same on processors with and without VNNI."""

    def apply(source: Path, target: Path) -> str:
        before = _quantised(source)
        with _quiet():
            convert(source, target)
        if not (made := _quantised(target) - before):
            raise _nothing(f"--quantize {kind}", "It has no operator that ONNX Runtime computes with integers.")
        return f"{made} operators of quantised values among {_nodes(target)}"

    def convert(source: Path, target: Path) -> None:
        if kind is Quantization.DYNAMIC:
            quantize_dynamic(
                source,
                target,
                op_types_to_quantize=list(DYNAMIC_OPERATORS),
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
            )
        else:
            quantize_static(
                source,
                target,
                _Rows(rows),
                op_types_to_quantize=list(STATIC_OPERATORS),
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                # It takes one scale for all of a bias where weights have one for each channel, and fails.
                extra_options={"QDQDisableWeightAdjustForInt32Bias": True},
            )

    return Step(f"int8 {kind}", apply)


def run(step: Step, source: Path, target: Path) -> str:
    """Apply a step; whatever the tools beneath say of a model that they can't change becomes one message."""
    try:
        said = step.apply(source, target)
        _ = Model(target).session
    except ConfigurationError as error:
        if error.code != "FAL-MOD-002":
            raise
        raise _failed(step, error.message) from None
    except Exception as error:  # noqa: BLE001 - these tools raise whatever they meet
        raise _failed(step, first_line(error)) from None
    return said


@contextmanager
def _quiet() -> Iterator[None]:
    """The tools advise, on the root logger, to do what was just done or was not asked for."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


class _Rows(CalibrationDataReader):  # type: ignore[misc] # onnxruntime ships no types
    def __init__(self, rows: tuple[Mapping[str, Array], ...]) -> None:
        self._rows = iter(rows)

    def get_next(self) -> dict[str, Array] | None:
        """The next rows to run with, None after the last."""
        fed = next(self._rows, None)
        return None if fed is None else dict(fed)


def _forget_unused_domains(file: Path) -> None:
    """ONNX Runtime names every domain that it knows, training too; a server that checks would refuse the file."""
    model = onnx.load(file)
    used = {"", *(function.domain for function in model.functions), *_domains(model.graph)}
    kept = [each for each in model.opset_import if each.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    onnx.save(model, file)


def _domains(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield node.domain
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _domains(inner)


def _weights(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    taken = {
        node.input[WEIGHTS] for node in graph.node if node.op_type in PRUNED_OPERATORS and len(node.input) > WEIGHTS
    }
    for tensor in graph.initializer:
        if tensor.name in taken and tensor.data_type == onnx.TensorProto.FLOAT:
            yield tensor


def _elements(graph: onnx.GraphProto, kind: int) -> int:
    return sum(int(np.prod(each.dims)) for each in graph.initializer if each.data_type == kind)


def _nodes(file: Path) -> int:
    return len(onnx.load(file, load_external_data=False).graph.node)


def _quantised(file: Path) -> int:
    nodes = onnx.load(file, load_external_data=False).graph.node
    return sum(any(word in node.op_type for word in QUANTISED) for node in nodes)


def _nothing(option: str, why: str) -> ConfigurationError:
    return ConfigurationError(why, code="FAL-MOD-006", where=option, hint="leave that option out; nothing was written")


def _failed(step: Step, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"It can't be done to this model: {why}",
        code="FAL-MOD-007",
        where=f"step {step.name}",
        hint="leave that step out; nothing was written",
    )
