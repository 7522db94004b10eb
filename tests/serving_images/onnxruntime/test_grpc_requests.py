"""Requests of gRPC as bytes, without a server."""

from __future__ import annotations

import math
import struct
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnxruntime_server.errors import InvalidArgumentError, TooLargeError
from onnxruntime_server.protocol import tensors
from onnxruntime_server.protocol.checks import LARGEST_PARAMETER
from onnxruntime_server.protocol.datatypes import NUMPY, Datatype
from onnxruntime_server.protocol.grpc import wire
from onnxruntime_server.protocol.grpc.answers import encode_response
from onnxruntime_server.protocol.grpc.grpc_predict_v2_pb2 import (
    InferTensorContents,
    ModelInferRequest,
    ModelInferResponse,
    ModelStreamInferResponse,
)
from onnxruntime_server.protocol.grpc.requests import CONTENTS, decode_request, parse
from onnxruntime_server.protocol.messages import Array, InferRequest, InferResponse, Limits, Tensor

LIMITS = Limits(body_bytes=100_000, tensors=3, elements=100)
WIDTHS: dict[str, Literal[16, 32, 64]] = {"FP16": 16, "FP32": 32, "FP64": 64}
TEXT = st.text('aé\0\n"فلج\U0001f600', max_size=8)
DATATYPES = "BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64, BYTES"


@st.composite
def tensor(draw: st.DrawFn, datatypes: tuple[Datatype, ...] = tuple(Datatype)) -> Tensor:
    """A tensor of any datatype and shape, also not a number."""
    datatype = draw(st.sampled_from(datatypes))
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    if datatype is Datatype.BYTES:
        array: Array = draw(arrays.arrays(np.object_, shape, elements=TEXT, fill=st.nothing()))
    elif datatype in WIDTHS:
        array = draw(arrays.arrays(NUMPY[datatype], shape, elements=st.floats(width=WIDTHS[datatype])))
    else:
        array = draw(arrays.arrays(NUMPY[datatype], shape))
    return Tensor("x", datatype, array)


def decode(message: ModelInferRequest | bytes, limits: Limits = LIMITS) -> InferRequest:
    data = message if isinstance(message, bytes) else message.SerializeToString()
    rest, raw = wire.split(data)
    return decode_request(parse(ModelInferRequest, rest), raw, limits)


def contents(datatype: Datatype, array: Array) -> InferTensorContents:
    values: Any = (
        [str(text).encode() for text in array.ravel()] if datatype is Datatype.BYTES else array.ravel().tolist()
    )
    return InferTensorContents(**{CONTENTS[datatype]: values})


def same(read: Tensor, expected: Tensor) -> None:
    assert (read.name, read.datatype, read.array.shape) == ("x", expected.datatype, expected.array.shape)
    assert read.array.dtype == NUMPY[read.datatype]
    np.testing.assert_array_equal(read.array, expected.array)


def one(**fields: Any) -> ModelInferRequest:  # noqa: ANN401 - fields have any type
    """A good request, but for the fields given."""
    entry = {"name": "x", "datatype": "FP32", "shape": [2], "contents": {"fp32_contents": [1, 2]}} | fields
    given = {name: value for name, value in entry.items() if value is not None}
    return ModelInferRequest(model_name="m", inputs=[given])


@settings(deadline=None)
@given(tensor())
def test_raw_contents_are_read_as_they_were_written(expected: Tensor) -> None:
    message = one(datatype=str(expected.datatype), shape=expected.array.shape, contents=None)
    message.raw_input_contents.append(tensors.to_bytes(expected.datatype, expected.array))
    same(decode(message, Limits()).inputs[0], expected)


@settings(deadline=None)
@given(tensor(tuple(CONTENTS)))
def test_typed_contents_are_read_as_they_were_written(expected: Tensor) -> None:
    message = one(
        datatype=str(expected.datatype),
        shape=expected.array.shape,
        contents=contents(expected.datatype, expected.array),
    )
    same(decode(message, Limits()).inputs[0], expected)


@settings(deadline=None)
@given(st.lists(tensor(), max_size=3), st.none() | st.text(min_size=1, max_size=200))
def test_answers_are_raw_and_carry_what_the_model_gave(given_tensors: list[Tensor], request_id: str | None) -> None:
    named = tuple(Tensor(f"y{index}", each.datatype, each.array) for index, each in enumerate(given_tensors))
    data = encode_response(InferResponse("m", "3", named, request_id))
    answer = ModelInferResponse.FromString(data)
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "3", request_id or "")
    assert [(each.name, each.datatype, tuple(each.shape)) for each in answer.outputs] == [
        (each.name, each.datatype, each.array.shape) for each in named
    ]
    assert list(answer.raw_output_contents) == [tensors.to_bytes(each.datatype, each.array) for each in named]
    streamed = ModelStreamInferResponse.FromString(wire.streamed(data))
    assert (streamed.error_message, streamed.infer_response) == ("", answer)


def test_aligned_raw_contents_are_a_view_of_the_message() -> None:
    message = one(shape=[50], contents=None)
    message.raw_input_contents.append(bytes(200))
    views = []
    for padding in range(1, 5):
        message.id = "i" * padding
        data = message.SerializeToString()
        (read,) = decode(data).inputs
        views.append(np.shares_memory(read.array, np.frombuffer(data, np.uint8)))
    assert sorted(views) == [False, False, False, True]


def test_id_outputs_priority_and_timeout_are_read() -> None:
    message = one()
    message.id = "r"
    message.outputs.add(name="b")
    message.outputs.add(name="a").parameters["binary_data"].bool_param = False
    message.parameters["priority"].uint64_param = 2
    message.parameters["timeout"].int64_param = 1500
    message.parameters["binary_data_output"].bool_param = True
    message.parameters["made_up"].string_param = "by the client"
    read = decode(message)
    assert (read.id, [each.name for each in read.outputs]) == ("r", ["b", "a"])
    assert (read.priority, read.timeout_seconds) == (2, 0.0015)


RANGE = f"an integer from 0 to {LARGEST_PARAMETER}"


def raw(*parts: bytes, **fields: Any) -> ModelInferRequest:  # noqa: ANN401 - fields have any type
    message = one(contents=None, **fields)
    message.raw_input_contents.extend(parts)
    return message


def parameter(name: str, **value: Any) -> ModelInferRequest:  # noqa: ANN401 - fields have any type
    message = one()
    message.parameters[name].MergeFrom(type(message.parameters[name])(**value))
    return message


def of_input(name: str) -> ModelInferRequest:
    message = one()
    message.inputs[0].parameters[name].string_param = "s"
    return message


def with_output(name: str, *parameters: str) -> ModelInferRequest:
    message = one()
    added = message.outputs.add(name=name)
    for each in parameters:
        added.parameters[each].int64_param = 1
    return message


REFUSED = [
    (b"\xff\xff", "the message is not a ModelInferRequest"),
    (b"\x0a\x05ab", "the message is not a ModelInferRequest"),
    (b"\x0b\x0c", "the message is not a ModelInferRequest"),
    (b"\x0a\x02\xff\xfe", "the message is not a ModelInferRequest"),
    (b"\x08" + b"\xff" * 11, "the message is not a ModelInferRequest"),
    (ModelInferRequest(model_name="m"), "the request has no inputs"),
    (one(name=""), "every input needs a 'name' that is a non-empty string"),
    (one(datatype=""), f"input 'x': expected a datatype of {DATATYPES}; got ''"),
    (one(datatype="FP8"), f"input 'x': expected a datatype of {DATATYPES}; got 'FP8'"),
    (one(shape=[-1]), "input 'x': 'shape' must be a list of non-negative integers"),
    (one(shape=[1] * 33), "input 'x': expected at most 32 dimensions, got 33"),
    (one(shape=[3]), "input 'x': shape [3] has 3 elements, got 2"),
    (one(contents=None), "input 'x': shape [2] has 2 elements, got 0"),
    (one(datatype="FP64"), "input 'x': expected fp64_contents for FP64, got fp32_contents"),
    (
        one(contents={"fp32_contents": [1, 2], "bool_contents": [True]}),
        "input 'x': expected fp32_contents for FP32, got bool_contents",
    ),
    (
        one(datatype="FP16"),
        "input 'x': FP16 has no typed contents; send it in raw_input_contents",
    ),
    (one(datatype="BF16"), "input 'x': BF16 has no typed contents; send it in raw_input_contents"),
    (
        one(datatype="INT8", contents={"int_contents": [1, 128]}),
        "input 'x': a value is out of the range of INT8",
    ),
    (
        one(datatype="UINT16", contents={"uint_contents": [1, 2**16]}),
        "input 'x': a value is out of the range of UINT16",
    ),
    (
        one(datatype="BYTES", contents={"bytes_contents": [b"a", b"\xff"]}),
        "input 'x': string 1 is not UTF-8",
    ),
    (raw(bytes(7)), "input 'x': shape [2] of FP32 takes 8 bytes, got 7"),
    (raw(bytes(8), bytes(8)), "expected raw_input_contents for each of the 1 inputs, got 2 of them"),
    (raw(b"\2", datatype="BOOL", shape=[1]), "input 'x': expected bytes 0 and 1 for BOOL, got 2"),
    (raw(b"\2\0\0\0a", datatype="BYTES", shape=[1]), "input 'x': string 0 is cut short"),
    (raw(b"\1\0\0\0a", datatype="BYTES", shape=[2]), "input 'x': shape [2] has 2 strings, got 1"),
    (raw(struct.pack("<I", 1) + b"\xff", datatype="BYTES", shape=[1]), "input 'x': string 0 is not UTF-8"),
    (
        ModelInferRequest(inputs=one().inputs, raw_input_contents=[bytes(8)]),
        "input 'x': has 'contents' beside the request's 'raw_input_contents'",
    ),
    (parameter("sequence_id", int64_param=3), "request: parameter 'sequence_id' is not supported by this server"),
    (parameter("priority", int64_param=-1), f"request: parameter 'priority' must be {RANGE}"),
    (parameter("priority"), f"request: parameter 'priority' must be {RANGE}"),
    (parameter("timeout", string_param="1"), f"request: parameter 'timeout' must be {RANGE}"),
    (parameter("timeout", uint64_param=2**64 - 1), f"request: parameter 'timeout' must be {RANGE}"),
    (
        of_input("shared_memory_region"),
        "input 'x': parameter 'shared_memory_region' is not supported by this server",
    ),
    (with_output(""), "every output needs a 'name' that is a non-empty string"),
    (
        with_output("y", "classification"),
        "output 'y': parameter 'classification' is not supported by this server",
    ),
]


@pytest.mark.parametrize(("message", "sentence"), REFUSED, ids=[sentence[:60] for _, sentence in REFUSED])
def test_says_what_is_wrong_with_a_message(message: ModelInferRequest | bytes, sentence: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        decode(message)
    assert str(refused.value) == sentence


OVER = [
    (ModelInferRequest(inputs=list(one().inputs) * 4), "the request has 4 inputs, more than the 3 allowed"),
    (one(shape=[101]), "input 'x': expected no dimension above 100, got 101"),
    (one(shape=[2**62, 2]), f"input 'x': expected no dimension above 100, got {2**62}"),
    (one(shape=[0, 2**62]), f"input 'x': expected no dimension above 100, got {2**62}"),
    (one(shape=[11, 10]), "input 'x': the request has more than the 100 elements allowed"),
    (b"\x2a\x00" * 4097, "the request has more than 4096 inputs, outputs and parameters together"),
]


@pytest.mark.parametrize(("message", "sentence"), OVER, ids=[sentence[:60] for _, sentence in OVER])
def test_says_which_limit_a_message_is_over(message: ModelInferRequest | bytes, sentence: str) -> None:
    with pytest.raises(TooLargeError) as refused:
        decode(message)
    assert str(refused.value) == sentence


VALID = ModelInferRequest(
    model_name="m",
    id="r",
    inputs=[
        {"name": "x", "datatype": "FP32", "shape": [2, 1]},
        {"name": "s", "datatype": "BYTES", "shape": [1]},
    ],
    outputs=[{"name": "y"}],
    raw_input_contents=[bytes(8), b"\1\0\0\0a"],
).SerializeToString()


@settings(deadline=None, max_examples=500)
@given(
    st.binary(max_size=200)
    | st.builds(
        lambda at, drop, put: VALID[:at] + put + VALID[at + drop :],
        st.integers(0, len(VALID)),
        st.integers(0, 4),
        st.binary(max_size=4),
    )
)
@example(VALID)
def test_bytes_are_a_request_that_fits_or_refused(data: bytes) -> None:
    try:
        read = decode(data)
    except (InvalidArgumentError, TooLargeError):
        return
    assert 1 <= len(read.inputs) <= LIMITS.tensors
    assert sum(math.prod(each.array.shape) for each in read.inputs) <= LIMITS.elements


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_what_is_split_is_what_the_parser_reads(data: bytes) -> None:
    """The cut at raw tensors and the library agree on every message that both take."""
    try:
        whole = ModelInferRequest.FromString(data)
        rest, found = wire.split(data)
    except Exception:  # noqa: BLE001 - what either refuses is refused
        return
    assert [bytes(each) for each in found] == list(whole.raw_input_contents)
    whole.ClearField("raw_input_contents")
    assert ModelInferRequest.FromString(rest) == whole
