"""Streams of requests over gRPC, and whatever bytes may come."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.grpc.aio
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as messages

from tests.serving_images.onnxruntime.grpc_backend import (
    INFER,
    PATIENCE,
    STREAM,
    Running,
    request,
    running,
)

INTERNAL = "internal error; the server's log says where"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def channel(server: Running) -> Iterator[Any]:
    with server.channel() as opened:
        yield opened


def triton_inputs() -> list[tritonclient.grpc.InferInput]:
    numbers = tritonclient.grpc.InferInput("x", [1, 2], "FP32")
    numbers.set_data_from_numpy(np.array([[1, 2]], np.float32))
    texts = tritonclient.grpc.InferInput("s", [2], "BYTES")
    texts.set_data_from_numpy(np.array(["a", "فلج"], np.object_))
    return [numbers, texts]


def test_tritons_stream_goes_on_after_an_error(server: Running) -> None:
    told: queue.Queue[tuple[object, object]] = queue.Queue()
    with tritonclient.grpc.InferenceServerClient(server.target) as client:
        client.start_stream(lambda result, error: told.put((result and result.get_response().id, error and str(error))))
        for number, name in enumerate(["m", "other", "m"]):
            client.async_stream_infer(name, triton_inputs(), request_id=f"r{number}")
        answers = [told.get(timeout=PATIENCE) for _ in range(3)]
        client.stop_stream()
    assert answers == [("r0", None), (None, "no model 'other'; this server has 'm'"), ("r2", None)]


def test_an_error_in_a_stream_carries_the_id(server: Running) -> None:
    asked = [request("other", id="a"), b"\xff", request(id="b")]
    with server.channel() as channel:
        answers = channel.stream_stream(STREAM, response_deserializer=messages.ModelStreamInferResponse.FromString)(
            iter(asked)
        )
        told = [(answer.error_message, answer.infer_response.id) for answer in answers]
    assert told == [
        ("no model 'other'; this server has 'm'", "a"),
        ("the message is not a ModelInferRequest", ""),
        ("", "b"),
    ]


def test_a_fault_of_the_server_does_not_end_a_stream(server: Running) -> None:
    server.service.fault = ZeroDivisionError()
    try:
        with server.channel() as channel:
            ask = channel.stream_stream(STREAM, response_deserializer=messages.ModelStreamInferResponse.FromString)
            told = [answer.error_message for answer in ask(iter([request(), request()]))]
    finally:
        server.service.fault = None
    assert told == [INTERNAL, INTERNAL]


VALID = request(id="r")
ALLOWED = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED"}


@settings(deadline=None, max_examples=300)
@given(
    data=st.binary(max_size=300)
    | st.builds(
        lambda at, drop, put: VALID[:at] + put + VALID[at + drop :],
        st.integers(0, len(VALID)),
        st.integers(0, 4),
        st.binary(max_size=4),
    )
)
def test_no_bytes_are_a_fault_of_the_server(channel: Any, data: bytes) -> None:  # noqa: ANN401 - see there
    ask = channel.unary_unary(INFER)
    try:
        ask(data, timeout=PATIENCE)
    except grpc.RpcError as error:
        status = error.code().name
    else:
        status = "OK"
    assert status in ALLOWED
    stream = channel.stream_stream(STREAM, response_deserializer=messages.ModelStreamInferResponse.FromString)
    refused, answered = stream(iter([data, VALID]), timeout=PATIENCE)
    assert (refused.error_message == "") == (status == "OK")
    assert refused.error_message != INTERNAL
    assert (answered.error_message, answered.infer_response.id) == ("", "r")
