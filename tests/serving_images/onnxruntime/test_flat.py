"""The quick reader takes only what it reads as the full one does."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.errors import ServerError
from onnxruntime_server.protocol import codec, flat
from onnxruntime_server.protocol.messages import InferRequest, Limits

LIMITS = Limits(tensors=3, elements=40)

numbers = st.one_of(
    st.integers(-(2**65), 2**65),
    st.sampled_from([0, 1, 127, 128, 255, 256, 2**31, 2**53 + 1, 2**63, 2**64 - 1]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(max_size=3),
    st.none(),
    st.lists(st.integers(0, 3), max_size=2),
)
inputs = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", "y", "", 7]),
        "shape": st.lists(st.one_of(st.integers(0, 4), st.sampled_from([-1, 41, "1", True, 1.0])), max_size=3),
        "datatype": st.sampled_from(["FP32", "FP64", "INT64", "UINT8", "BOOL", "UINT64", "BYTES", "FP16", "BF16", "X"]),
        "data": st.one_of(st.lists(numbers, max_size=5), st.lists(st.integers(0, 1), max_size=16), st.just("x")),
    },
    optional={"parameters": st.just({}), "more": st.just(1)},
)
requests: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"inputs": st.lists(inputs, max_size=4)},
    optional={"id": st.sampled_from(["a", 1, None]), "outputs": st.just([]), "parameters": st.just({})},
)


def slowly(body: bytes) -> InferRequest | ServerError:
    """What the full reader makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flat, "read", lambda _body, _limits: None)
        try:
            return codec.decode_request(body, None, LIMITS)
        except ServerError as error:
            return error


def quickly(body: bytes) -> InferRequest | ServerError | None:
    """What the quick reader makes of it."""
    try:
        return flat.read(body, LIMITS)
    except ServerError as error:
        return error


def agree(body: bytes) -> bool:
    """Whether the quick reader took it; fails where it read something else."""
    expected = slowly(body)
    found = quickly(body)
    if isinstance(found, ServerError):
        assert str(found) == str(expected)
        return True
    if found is None:
        return False
    assert isinstance(expected, InferRequest), expected
    assert (found.id, found.outputs, found.binary_output) == (expected.id, (), False)
    assert (found.priority, found.timeout_seconds) == (expected.priority, expected.timeout_seconds)
    assert len(found.inputs) == len(expected.inputs)
    for one, other in zip(found.inputs, expected.inputs, strict=True):
        assert (one.name, one.datatype) == (other.name, other.datatype)
        assert one.array.dtype == other.array.dtype
        assert one.array.shape == other.array.shape
        assert np.array_equal(one.array, other.array)
    return True


def whole(datatype: str, data: list[Any]) -> bytes:
    return orjson.dumps({"inputs": [{"name": "x", "shape": [len(data)], "datatype": datatype, "data": data}]})


@given(requests)
def test_both_readers_read_the_same(document: dict[str, Any]) -> None:
    try:
        body = orjson.dumps(document)
    except TypeError:  # an integer that JSON's writer has no room for
        return
    agree(body)


@pytest.mark.parametrize(
    ("datatype", "data"),
    [("FP32", [1, 2.5]), ("FP64", [1e300]), ("INT64", [-(2**63)]), ("UINT64", [2**64 - 1]), ("BOOL", [True, False])],
)
def test_the_commonest_requests_are_read_quickly(datatype: str, data: list[Any]) -> None:
    assert agree(whole(datatype, data))


@pytest.mark.parametrize(
    ("datatype", "data"),
    [("FP32", [1e39]), ("UINT8", [256]), ("UINT8", [-1]), ("INT64", [1.5]), ("BOOL", [1]), ("FP32", [True])],
)
def test_what_is_wrong_is_left_to_the_full_reader(datatype: str, data: list[Any]) -> None:
    assert flat.read(whole(datatype, data), LIMITS) is None
    assert isinstance(slowly(whole(datatype, data)), ServerError)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"inputs": [{"name": "x"}]}', b"[" * 10_000])
def test_what_is_no_request_is_left_to_the_full_reader(body: bytes) -> None:
    assert flat.read(body, LIMITS) is None
