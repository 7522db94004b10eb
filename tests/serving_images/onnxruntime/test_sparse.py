"""A model's file without its large values: everything that inspection looks at is there, byte for byte."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository import sparse
from onnxruntime_server.repository.inspection import Inspection, inspect

from tests.serving_images import models

ROWS = 64


def large() -> ModelProto:
    """A model with one large initializer among small ones."""
    table = numpy_helper.from_array(np.ones((ROWS, 1024), np.float32), "table")
    small = numpy_helper.from_array(np.arange(4, dtype=np.int64), "small")
    nodes = [helper.make_node("Gather", ["table", "row"], ["y"]), helper.make_node("Identity", ["small"], ["z"])]
    outputs = [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 1024]),
        helper.make_tensor_value_info("z", TensorProto.INT64, [4]),
    ]
    row = helper.make_tensor_value_info("row", TensorProto.INT64, ["rows"])
    return models.build(nodes, [row], outputs, [table, small])


def in_memory(data: bytes) -> bytes:
    return bytes(sparse.read(io.BytesIO(data), len(data)))


def found_in(data: bytes) -> Inspection | str:
    try:
        return inspect(data)
    except RepositoryError as error:
        return str(error)


def test_only_the_large_values_are_left_out() -> None:
    model = large()
    data = model.SerializeToString()
    values = model.graph.initializer[0].raw_data
    assert in_memory(data) == data.replace(values, bytes(len(values)))


def test_a_small_model_and_no_model_are_read_whole() -> None:
    data = models.addition().SerializeToString()
    assert in_memory(data) == data
    assert in_memory(b"") == b""
    assert in_memory(b"no model") == b"no model"


SEEDS = [large().SerializeToString(), models.counting().SerializeToString(), models.lookup().SerializeToString()]


@settings(max_examples=300)
@given(st.data())
def test_inspection_finds_the_same_in_what_is_left(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, min(len(content) - 1, 400)) | st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    del content[data.draw(st.just(len(content)) | st.integers(1, len(content))) :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse, "LARGE", data.draw(st.sampled_from([1, 8, 64, 1024, sparse.LARGE])))
        assert found_in(in_memory(bytes(content))) == found_in(bytes(content))
