"""Writes all-MiniLM-L6-v2 as an ONNX file: token ids in, one unit vector per sentence out.

``python -m examples.models.minilm.export WEIGHTS DESTINATION`` reads the published ``model.safetensors`` and writes
the graph operator by operator, with the shapes that ONNX Runtime's fusions look for. No machine learning framework is
needed, and the same weights give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

LAYERS: Final = 6
HIDDEN: Final = 384
HEADS: Final = 12
EPSILON: Final = 1e-12
_OPSET: Final = 17
_IR_VERSION: Final = 8

Weights = dict[str, npt.NDArray[Any]]
"""The published parameters by name."""


def read_weights(file: Path) -> Weights:
    """The arrays of a safetensors file.

    Format: https://huggingface.co/docs/safetensors/index#format
    """
    content = file.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8:start])
    header.pop("__metadata__", None)
    types: dict[str, npt.DTypeLike] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
    weights: Weights = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat: npt.NDArray[Any] = np.frombuffer(content[start + begin : start + end], dtype=types[entry["dtype"]])
        weights[name] = flat.reshape(entry["shape"])
    return weights


class Graph:
    """An ONNX graph that grows operator by operator; each call gives the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def apply(self, operator: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX attributes
        """Add an operator."""
        result = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [result], name=result, **attributes))
        return result

    def constant(self, name: str, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a constant, once per name."""
        if name not in self.constants:
            array = np.ascontiguousarray(np.asarray(values, dtype=dtype))
            self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def name_last(self, name: str) -> None:
        """Give the result of the last operator another name."""
        self.nodes[-1].output[0] = name


class Encoder:
    """Writes BERT's parts into a graph."""

    def __init__(self, graph: Graph, weights: Weights) -> None:
        self._graph = graph
        self._weights = weights

    def embed(self, ids: str) -> str:
        """Words, positions and the one kind of segment, added up and normalised."""
        graph = self._graph
        words = graph.apply("Gather", self._weight("embeddings.word_embeddings.weight"), ids)
        length = graph.apply("Shape", ids, start=1, end=2)
        start, axis = graph.constant("start", [0], np.int64), graph.constant("first_axis", [0], np.int64)
        places = self._weight("embeddings.position_embeddings.weight")
        positions = graph.apply("Slice", places, start, length, axis)
        segment = graph.constant("segment", self._weights["embeddings.token_type_embeddings.weight"][0])
        total = graph.apply("Add", graph.apply("Add", words, positions), segment)
        return self._normalise(total, "embeddings.LayerNorm")

    def layer(self, number: int, hidden: str, bias: str) -> str:
        """One layer: attention and a feed-forward step, each added to what came in and normalised."""
        prefix = f"encoder.layer.{number}"
        attended = self._dense(
            self._attention(f"{prefix}.attention.self", hidden, bias), f"{prefix}.attention.output.dense"
        )
        hidden = self._normalise(self._graph.apply("Add", attended, hidden), f"{prefix}.attention.output.LayerNorm")
        wide = self._gelu(self._dense(hidden, f"{prefix}.intermediate.dense"))
        narrow = self._dense(wide, f"{prefix}.output.dense")
        return self._normalise(self._graph.apply("Add", narrow, hidden), f"{prefix}.output.LayerNorm")

    def _attention(self, prefix: str, hidden: str, bias: str) -> str:
        graph = self._graph
        query = self._heads(self._dense(hidden, f"{prefix}.query"), [0, 2, 1, 3])
        key = self._heads(self._dense(hidden, f"{prefix}.key"), [0, 2, 3, 1])
        value = self._heads(self._dense(hidden, f"{prefix}.value"), [0, 2, 1, 3])
        scale = graph.constant("scale", math.sqrt(HIDDEN // HEADS))
        scores = graph.apply("Add", graph.apply("Div", graph.apply("MatMul", query, key), scale), bias)
        mixed = graph.apply("MatMul", graph.apply("Softmax", scores, axis=-1), value)
        together = graph.apply("Transpose", mixed, perm=[0, 2, 1, 3])
        return graph.apply("Reshape", together, graph.constant("joined", [0, 0, HIDDEN], np.int64))

    def _heads(self, projected: str, order: list[int]) -> str:
        shape = self._graph.constant("by_head", [0, 0, HEADS, HIDDEN // HEADS], np.int64)
        return self._graph.apply("Transpose", self._graph.apply("Reshape", projected, shape), perm=order)

    def _dense(self, hidden: str, prefix: str) -> str:
        weight = self._graph.constant(f"{prefix}.weight", self._weights[f"{prefix}.weight"].T)
        return self._graph.apply("Add", self._graph.apply("MatMul", hidden, weight), self._weight(f"{prefix}.bias"))

    def _normalise(self, hidden: str, prefix: str) -> str:
        weight, bias = self._weight(f"{prefix}.weight"), self._weight(f"{prefix}.bias")
        return self._graph.apply("LayerNormalization", hidden, weight, bias, axis=-1, epsilon=EPSILON)

    def _gelu(self, hidden: str) -> str:
        graph = self._graph
        error = graph.apply("Erf", graph.apply("Div", hidden, graph.constant("root_of_two", math.sqrt(2))))
        doubled = graph.apply("Mul", hidden, graph.apply("Add", error, graph.constant("one", 1)))
        return graph.apply("Mul", doubled, graph.constant("half", 0.5))

    def _weight(self, name: str) -> str:
        return self._graph.constant(name, self._weights[name])


def attention_bias(graph: Graph, mask: str) -> str:
    """What is added to the attention scores: nothing for words, minus infinity for padding."""
    broadcast = graph.apply("Unsqueeze", mask, graph.constant("axes_1_2", [1, 2], np.int64))
    padding = graph.apply("Sub", graph.constant("one", 1), broadcast)
    return graph.apply("Mul", padding, graph.constant("lowest", np.finfo(np.float32).min))


def pool(graph: Graph, hidden: str, mask: str) -> str:
    """The mean over words, padding left out, made a unit vector."""
    weights = graph.apply("Unsqueeze", mask, graph.constant("axes_2", [2], np.int64))
    axes = graph.constant("axes_1", [1], np.int64)
    total = graph.apply("ReduceSum", graph.apply("Mul", hidden, weights), axes, keepdims=0)
    words = graph.apply("Max", graph.apply("ReduceSum", weights, axes, keepdims=0), graph.constant("least", 1e-9))
    return graph.apply("LpNormalization", graph.apply("Div", total, words), axis=1, p=2)


def build(weights: Weights) -> ModelProto:
    """The model: ``input_ids`` and ``attention_mask`` [sentences, tokens] in, ``embedding`` [sentences, 384] out."""
    graph = Graph()
    encoder = Encoder(graph, weights)
    mask = graph.apply("Cast", "attention_mask", to=TensorProto.FLOAT)
    bias = attention_bias(graph, mask)
    hidden = encoder.embed("input_ids")
    for number in range(LAYERS):
        hidden = encoder.layer(number, hidden, bias)
    pool(graph, hidden, mask)
    graph.name_last("embedding")
    tokens = ["sentences", "tokens"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "minilm",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, tokens)
                for name in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["sentences", HIDDEN])],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    checker.check_model(model, full_check=True)
    return model


def main(weights: Path, destination: Path) -> None:
    """Write the model file."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_bytes(build(read_weights(weights)).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
