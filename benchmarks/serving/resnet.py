"""A ResNet-50 with random weights: the arithmetic of the real one, and nothing to download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

GRAPH = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / "light_resnet50.onnx"
INPUT, OUTPUT = "gpu_0/data_0", "gpu_0/softmax_1"
FLATTENED = "OC2_DUMMY_1"
"""The constant shape of the last pooling's result, which holds the batch."""
NEW_NAMES = {INPUT: "data", OUTPUT: "prob"}
IR_VERSION = 8


def write(file: Path) -> None:
    """Write the model; the same file each time."""
    model = onnx.load(GRAPH)
    graph = model.graph
    weights = [*_drawn_weights(graph), *_kept_constants(graph)]
    images = [each for each in graph.input if each.name == INPUT]
    nodes = [each for each in graph.node if each.op_type != "ConstantOfShape"]
    for node in nodes:
        _rename(node)
    for value in (*images, *graph.output):
        value.name = NEW_NAMES[value.name]
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    whole = helper.make_graph(nodes, graph.name, images, list(graph.output), weights)
    finished = helper.make_model(whole, opset_imports=model.opset_import, ir_version=IR_VERSION)
    onnx.checker.check_model(finished)
    file.write_bytes(finished.SerializeToString(deterministic=True))


def _drawn_weights(graph: GraphProto) -> list[TensorProto]:
    """An initializer in place of every node that makes a constant; filters after He, so that signals stay."""
    generator = np.random.default_rng(0)
    shapes = {each.name: numpy_helper.to_array(each) for each in graph.initializer if each.name.endswith("__SHAPE")}
    drawn = []
    for node in graph.node:
        if node.op_type == "ConstantOfShape":
            shape, name = tuple(int(size) for size in shapes[node.input[0]]), node.output[0]
            if len(shape) > 1:
                values = generator.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
            else:
                values = np.full(shape, 1.0 if "_riv" in name or "_bn_s" in name else 0.0)
            drawn.append(numpy_helper.from_array(values.astype(np.float32), name))
    return drawn


def _kept_constants(graph: GraphProto) -> list[TensorProto]:
    kept = [each for each in graph.initializer if not each.name.endswith("__SHAPE") and "blobs_queue" not in each.name]
    open_batch = np.array([0, 2048], np.int64)
    return [numpy_helper.from_array(open_batch, each.name) if each.name == FLATTENED else each for each in kept]


def _rename(node: NodeProto) -> None:
    for names in (node.input, node.output):
        for place, name in enumerate(names):
            names[place] = NEW_NAMES.get(name, name)
