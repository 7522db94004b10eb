"""Requests and answers as bytes, without a server."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnxruntime_server.errors import InvalidArgumentError, ServerError, TooLargeError
from onnxruntime_server.protocol.codec import decode_request, encode_response
from onnxruntime_server.protocol.datatypes import NUMPY, Datatype
from onnxruntime_server.protocol.messages import Array, InferRequest, InferResponse, Limits, RequestedOutput, Tensor

LIMITS = Limits(body_bytes=1000, tensors=3, elements=100)
WIDTHS: dict[str, Literal[16, 32, 64]] = {"FP16": 16, "FP32": 32, "FP64": 64}
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
TEXT = st.text('aé\0\n"\\\u0641\U0001f600', max_size=8)


@st.composite
def tensor(draw: st.DrawFn) -> Tensor:
    """A tensor of any datatype and shape, finite where it is a number."""
    datatype = draw(st.sampled_from(list(Datatype)))
    shape = draw(SHAPES)
    if datatype is Datatype.BYTES:
        array: Array = draw(arrays.arrays(np.object_, shape, elements=TEXT, fill=st.nothing()))
    elif datatype is Datatype.BF16:  # its 16 bits; all of the exponent is set in what is no number
        finite = st.integers(0, 2**16 - 1).filter(lambda bits: bits & 0x7F80 != 0x7F80)
        array = draw(arrays.arrays(NUMPY[datatype], shape, elements=finite))
    elif datatype.startswith("FP"):
        width = WIDTHS[datatype]
        numbers = st.floats(allow_nan=False, allow_infinity=False, width=width)
        array = draw(arrays.arrays(NUMPY[datatype], shape, elements=numbers))
    else:
        array = draw(arrays.arrays(NUMPY[datatype], shape))
    return Tensor("x", datatype, array)


def request_of(answer: bytes, length: int | None) -> tuple[bytes, int | None]:
    """The request that sends an answer's output back as an input."""
    head = json.loads(answer[:length])
    body = json.dumps({"inputs": head["outputs"]}).encode()
    return body + (b"" if length is None else answer[length:]), None if length is None else len(body)


@settings(deadline=None)
@given(tensor(), st.booleans())
def test_what_is_written_is_read_back_the_same(given_tensor: Tensor, binary: bool) -> None:
    answer = InferResponse("m", "1", (given_tensor,))
    body, length = encode_response(answer, InferRequest(inputs=(), binary_output=binary))
    assert (length is not None) == binary
    (read,) = decode_request(*request_of(body, length), Limits()).inputs
    assert (read.name, read.datatype, read.array.shape) == ("x", given_tensor.datatype, given_tensor.array.shape)
    assert read.array.dtype == NUMPY[read.datatype]
    np.testing.assert_array_equal(read.array, given_tensor.array)


@settings(deadline=None)
@given(st.binary(max_size=200), st.one_of(st.none(), st.integers(0, 250)))
@example(b'{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}', 90)
def test_any_bytes_are_read_or_refused_with_a_reason(body: bytes, length: int | None) -> None:
    with contextlib.suppress(ServerError):
        decode_request(body, length, LIMITS)


ANY: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 2**62, 2**64, 0.5, 1e300, "", "x", [], [[]], [0, [1]], {}, {"x": 1}]
)
INPUT: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"name": st.just("x") | ANY, "shape": st.sampled_from([[], [1], [2], [2, 2], [0, 2**62]]) | ANY},
    optional={
        "datatype": st.sampled_from(list(Datatype)) | ANY,
        "parameters": st.builds(dict, binary_data_size=st.integers(0, 40)) | ANY,
        "data": st.lists(ANY, max_size=4) | st.lists(st.integers(-200, 300), max_size=4) | ANY,
    },
)


@settings(deadline=None)
@given(
    st.fixed_dictionaries({}, optional={"inputs": st.lists(INPUT | ANY, max_size=2), "id": ANY, "outputs": ANY}),
    st.binary(max_size=40),
)
def test_any_document_is_read_or_refused_with_a_reason(document: dict[str, Any], tail: bytes) -> None:
    head = json.dumps(document).encode()
    try:
        request = decode_request(head + tail, len(head), LIMITS)
    except ServerError:
        return
    for read in request.inputs:
        assert read.array.dtype == NUMPY[read.datatype]


def entry(**changes: object) -> dict[str, Any]:
    return {"name": "x", "shape": [2], "datatype": "FP32", "data": [1, 2], **changes}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in entry().items() if name != key}


def test_reads_what_a_request_says_of_its_urgency() -> None:
    document = {"inputs": [entry()], "parameters": {"priority": 2, "timeout": 1500, "of_another_server": "x"}}
    request = decode_request(json.dumps(document).encode(), None, LIMITS)
    assert (request.priority, request.timeout_seconds) == (2, 0.0015)
    document = {"inputs": [entry()], "parameters": {"priority": 0, "timeout": 0}}
    request = decode_request(json.dumps(document).encode(), None, LIMITS)
    assert (request.priority, request.timeout_seconds) == (0, None)


REFUSALS: list[tuple[object, str]] = [
    ([], "the body must be a JSON object with the key 'inputs'"),
    ({}, "'inputs' must be a list of objects"),
    ({"inputs": [1]}, "'inputs' must be a list of objects"),
    ({"inputs": []}, "the request has no inputs"),
    ({"inputs": [without("name")]}, "every input needs a 'name' that is a non-empty string"),
    ({"inputs": [without("shape")]}, "input 'x': 'shape' must be a list of non-negative integers"),
    ({"inputs": [entry(shape=[-1])]}, "input 'x': 'shape' must be a list of non-negative integers"),
    ({"inputs": [entry(shape=[True])]}, "input 'x': 'shape' must be a list of non-negative integers"),
    ({"inputs": [entry(shape=[1] * 33, data=[1])]}, "input 'x': expected at most 32 dimensions, got 33"),
    ({"inputs": [without("data")]}, "input 'x': 'data' is missing"),
    ({"inputs": [entry(data=7)]}, "input 'x': expected data as a list, got an integer"),
    ({"inputs": [entry(data=[1])]}, "input 'x': shape [2] has 2 elements, got 1"),
    ({"inputs": [entry(data=[1, None])]}, "input 'x': expected numbers for FP32, got null"),
    ({"inputs": [entry(data=[1, "2"])]}, "input 'x': expected numbers for FP32, got a string"),
    ({"inputs": [entry(data=[1, [2]])]}, "input 'x': expected numbers for FP32, got a list"),
    ({"inputs": [entry(data=[1, True])]}, "input 'x': expected numbers for FP32, got a boolean"),
    ({"inputs": [entry(data=[1, 1e39])]}, "input 'x': a value is out of the range of FP32"),
    ({"inputs": [entry(datatype="BF16", data=[1, 3.4e38])]}, "input 'x': a value is out of the range of BF16"),
    ({"inputs": [entry(datatype="BF16", data=[1, 1e39])]}, "input 'x': a value is out of the range of BF16"),
    ({"inputs": [entry(datatype="BF16", data=[1, "2"])]}, "input 'x': expected numbers for BF16, got a string"),
    ({"inputs": [entry(datatype="INT8", data=[1, 128])]}, "input 'x': a value is out of the range of INT8"),
    ({"inputs": [entry(datatype="UINT64", data=[1, -1])]}, "input 'x': a value is out of the range of UINT64"),
    ({"inputs": [entry(datatype="INT64", data=[1, 2**63])]}, "input 'x': a value is out of the range of INT64"),
    ({"inputs": [entry(datatype="INT8", data=[1, 2.0])]}, "input 'x': expected integers for INT8, got a number"),
    ({"inputs": [entry(datatype="BOOL", data=[True, 0])]}, "input 'x': expected booleans for BOOL, got an integer"),
    ({"inputs": [entry(datatype="BYTES", data=["a", 0])]}, "input 'x': expected strings for BYTES, got an integer"),
    ({"inputs": [entry(shape=[2, 1], data=[[1], [2, 3]])]}, "input 'x': expected 1 entries along axis 1, got 2"),
    ({"inputs": [entry(shape=[2, 1], data=[[1]])]}, "input 'x': expected 2 entries along axis 0, got 1"),
    ({"inputs": [entry(shape=[2, 1], data=[[1], 2])]}, "input 'x': expected a list at depth 1 of 2, got an integer"),
    (
        {"inputs": [entry(datatype="FP8")]},
        f"input 'x': expected a datatype of {', '.join(Datatype)}; got 'FP8'",
    ),
    (
        {"inputs": [entry(parameters={"binary_data_size": 8})]},
        "input 'x': has both 'data' and 'binary_data_size'",
    ),
    ({"inputs": [entry(parameters=[])]}, "input 'x': 'parameters' must be an object"),
    (
        {"inputs": [entry(parameters={"shared_memory_region": "r"})]},
        "input 'x': parameter 'shared_memory_region' is not supported by this server",
    ),
    (
        {"inputs": [entry()], "parameters": {"sequence_id": 1}},
        "request: parameter 'sequence_id' is not supported by this server",
    ),
    (
        {"inputs": [entry()], "outputs": [{"name": "y", "parameters": {"classification": 2}}]},
        "output 'y': parameter 'classification' is not supported by this server",
    ),
    (
        {"inputs": [entry()], "outputs": [{"name": "y", "parameters": {"binary_data": 1}}]},
        "output 'y': parameter 'binary_data' must be true or false",
    ),
    (
        {"inputs": [entry()], "parameters": {"priority": -1}},
        "request: parameter 'priority' must be an integer from 0 to 9007199254740992",
    ),
    (
        {"inputs": [entry()], "parameters": {"timeout": "1s"}},
        "request: parameter 'timeout' must be an integer from 0 to 9007199254740992",
    ),
    (
        {"inputs": [entry()], "parameters": {"timeout": True}},
        "request: parameter 'timeout' must be an integer from 0 to 9007199254740992",
    ),
    ({"inputs": [entry()], "outputs": [{}]}, "every output needs a 'name' that is a non-empty string"),
    ({"inputs": [entry()], "outputs": "y"}, "'outputs' must be a list of objects"),
    ({"inputs": [entry()], "id": 7}, "request: 'id' must be a string"),
]


@pytest.mark.parametrize(("document", "message"), REFUSALS, ids=[message for _, message in REFUSALS])
def test_says_what_is_wrong_with_a_document(document: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        decode_request(json.dumps(document).encode(), None, LIMITS)
    assert str(caught.value) == message


def raw(datatype: str, shape: list[int], size: int) -> dict[str, Any]:
    parameters = {"binary_data_size": size}
    return {"inputs": [{"name": "x", "shape": shape, "datatype": datatype, "parameters": parameters}]}


@pytest.mark.parametrize(
    ("document", "tail", "message"),
    [
        (raw("FP32", [2], 8), b"1234", "input 'x': expected 8 bytes after the JSON, got 4"),
        (raw("FP32", [2], 4), b"1234", "input 'x': shape [2] of FP32 takes 8 bytes, got 4"),
        (raw("FP32", [2], 8), b"123456789", "1 bytes after the JSON belong to no input"),
        (raw("FP32", [2], -1), b"", "input 'x': 'binary_data_size' must be a non-negative integer"),
        (raw("BOOL", [2], 2), b"\x01\x02", "input 'x': expected bytes 0 and 1 for BOOL, got 2"),
        (raw("BYTES", [1], 5), b"\x02\0\0\0a", "input 'x': string 0 is cut short"),
        (raw("BYTES", [1], 3), b"\x02\0\0", "input 'x': string 0 is cut short"),
        (raw("BYTES", [1], 5), b"\x01\0\0\0\xff", "input 'x': string 0 is not UTF-8"),
        (raw("BYTES", [1], 9), b"\x01\0\0\0a\0\0\0\0", "input 'x': shape [1] has 1 strings, got more"),
        (raw("BYTES", [2], 5), b"\x01\0\0\0a", "input 'x': shape [2] has 2 strings, got 1"),
    ],
)
def test_says_what_is_wrong_with_raw_tensors(document: object, tail: bytes, message: str) -> None:
    head = json.dumps(document).encode()
    with pytest.raises(InvalidArgumentError) as caught:
        decode_request(head + tail, len(head), LIMITS)
    assert str(caught.value) == message


def test_says_where_the_json_breaks() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        decode_request(b'{"inputs": \n [}', None, LIMITS)
    assert str(caught.value) == "the body is not JSON: unexpected character, expected a JSON value at line 2 column 3"


def test_says_when_the_json_is_announced_longer_than_the_body() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        decode_request(b"{}", 3, LIMITS)
    assert str(caught.value) == "the JSON should be 3 bytes long, but the body has 2"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([entry()] * 4, "the request has 4 inputs, more than the 3 allowed"),
        ([entry(shape=[101], data=[])], "input 'x': expected no dimension above 100, got 101"),
        ([entry(shape=[0, 10**18], data=[])], "input 'x': expected no dimension above 100, got 1000000000000000000"),
        ([entry(shape=[11, 10], data=[])], "input 'x': the request has more than the 100 elements allowed"),
        ([entry(shape=[99], data=[0] * 99), entry()], "input 'x': the request has more than the 100 elements allowed"),
    ],
)
def test_refuses_what_is_over_a_limit(inputs: object, message: str) -> None:
    with pytest.raises(TooLargeError) as caught:
        decode_request(json.dumps({"inputs": inputs}).encode(), None, LIMITS)
    assert str(caught.value) == message


def test_bfloat16_in_json_is_rounded_to_the_nearest_and_written_as_it_is() -> None:
    given_numbers = [1.0, 1.00390625, 1.01171875, -3.14159, 1e-40]
    body = json.dumps({"inputs": [entry(datatype="BF16", shape=[5], data=given_numbers)]}).encode()
    (read,) = decode_request(body, None, LIMITS).inputs
    answer, _ = encode_response(InferResponse("m", "1", (read,)), InferRequest(inputs=()))
    # Halfway between two: to the even one, so down and then up.
    expected = [1.0, 1.0, 1.015625, -3.140625, pytest.approx(1e-40, rel=0.01)]
    assert json.loads(answer)["outputs"][0]["data"] == expected


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_never_writes_null_for_a_number(number: float) -> None:
    answer = InferResponse("m", "1", (Tensor("y", Datatype.FP32, np.array([number], np.float32)),))
    with pytest.raises(InvalidArgumentError) as caught:
        encode_response(answer, InferRequest(inputs=()))
    assert str(caught.value) == "output 'y': JSON can't carry its NaN or infinity; ask for it with binary_data"
    body, length = encode_response(answer, InferRequest(inputs=(), outputs=(RequestedOutput("y", binary=True),)))
    assert length is not None
    assert np.frombuffer(body[length:], "<f4").tolist() == pytest.approx([number], nan_ok=True)


def test_writes_the_protocols_own_keys() -> None:
    answer = InferResponse("m", "3", (Tensor("y", Datatype.INT64, np.array([[1, 2]])),), id="a")
    body, length = encode_response(answer, InferRequest(inputs=()))
    assert length is None
    assert body == (
        b'{"model_name":"m","model_version":"3","id":"a",'
        b'"outputs":[{"name":"y","datatype":"INT64","shape":[1,2],"data":[1,2]}]}'
    )


def test_raw_tensors_at_odd_places_are_aligned_for_the_runtime() -> None:
    head = json.dumps(raw("FP64", [1], 8)).encode()
    for spaces in range(8):
        padded = head + b" " * spaces
        (read,) = decode_request(padded + np.array([0.1]).tobytes(), len(padded), LIMITS).inputs
        assert read.array.flags.aligned
        assert read.array.tolist() == [0.1]
