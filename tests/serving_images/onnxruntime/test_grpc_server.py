"""The gRPC server over the wire, before a service that gives back what it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.grpc.aio
from onnxruntime_server.errors import (
    ExpiredError,
    FullError,
    InvalidArgumentError,
    ModelFailedError,
    ServerError,
    TooLargeError,
    UnavailableError,
)
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as messages

from tests.serving_images.onnxruntime.grpc_backend import (
    INFER,
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


@pytest.fixture
def triton(server: Running) -> Iterator[tritonclient.grpc.InferenceServerClient]:
    with tritonclient.grpc.InferenceServerClient(server.target) as client:
        yield client


def triton_inputs() -> list[tritonclient.grpc.InferInput]:
    numbers = tritonclient.grpc.InferInput("x", [1, 2], "FP32")
    numbers.set_data_from_numpy(np.array([[1, 2]], np.float32))
    texts = tritonclient.grpc.InferInput("s", [2], "BYTES")
    texts.set_data_from_numpy(np.array(["a", "فلج"], np.object_))
    return [numbers, texts]


def test_tritons_client_is_answered(server: Running, triton: tritonclient.grpc.InferenceServerClient) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("m")
    assert triton.is_model_ready("m", "3")
    assert triton.get_server_metadata().name == "onnxruntime_server"
    found = triton.get_model_metadata("m", as_json=True)
    assert found == {
        "name": "m",
        "versions": ["3", "7"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": ["-1", "2"]}],
        "outputs": [{"name": "y", "datatype": "INT64"}],
    }
    answer = triton.infer(
        "m",
        triton_inputs(),
        model_version="3",
        outputs=[tritonclient.grpc.InferRequestedOutput("x")],
        request_id="r",
        priority=1,
        timeout=2_000_000,
        parameters={"colour": "red"},
    )
    np.testing.assert_array_equal(answer.as_numpy("x"), np.array([[1, 2]], np.float32))
    assert [text.decode() for text in answer.as_numpy("s")] == ["a", "فلج"]
    assert (answer.get_response().id, answer.get_response().model_version) == ("r", "3")
    name, version, asked, seconds = server.service.asked[-1]
    assert (name, version, asked.id, asked.priority, asked.timeout_seconds, seconds) == ("m", "3", "r", 1, 2.0, None)
    assert [output.name for output in asked.outputs] == ["x"]


def test_tritons_asynchronous_client_is_answered(server: Running) -> None:
    async def ask() -> list[object]:
        async with tritonclient.grpc.aio.InferenceServerClient(server.target) as client:
            assert await client.is_server_live()
            answers = await asyncio.gather(*[client.infer("m", triton_inputs(), request_id=str(n)) for n in range(20)])
            return [answer.get_response().id for answer in answers]

    assert asyncio.run(ask()) == [str(number) for number in range(20)]


REFUSALS: list[tuple[type[ServerError], str]] = [
    (InvalidArgumentError, "INVALID_ARGUMENT"),
    (TooLargeError, "RESOURCE_EXHAUSTED"),
    (UnavailableError, "UNAVAILABLE"),
    (FullError, "RESOURCE_EXHAUSTED"),
    (ExpiredError, "DEADLINE_EXCEEDED"),
    (ModelFailedError, "INTERNAL"),
]


@pytest.mark.parametrize(("kind", "status"), REFUSALS)
def test_every_error_has_its_status_and_its_own_words(server: Running, kind: type[ServerError], status: str) -> None:
    server.service.fault = kind("so it is: فلج\n%")
    try:
        assert server.refusal("ModelInfer", request()) == (status, "so it is: فلج\n%")
    finally:
        server.service.fault = None


def test_a_fault_of_the_server_is_told_without_its_text(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    server.service.fault = ZeroDivisionError("with a tensor in it")
    try:
        assert server.refusal("ModelInfer", request()) == ("INTERNAL", INTERNAL)
    finally:
        server.service.fault = None
    assert caplog.records[0].getMessage() == "a call was not handled"


CLIENT_FAULTS = [
    ("ModelInfer", request("other"), "NOT_FOUND", "no model 'other'; this server has 'm'"),
    ("ModelInfer", request(model_version="4"), "NOT_FOUND", "model 'm' has no version '4'; it has 3, 7"),
    ("ModelInfer", b"\xff", "INVALID_ARGUMENT", "the message is not a ModelInferRequest"),
    ("ModelMetadata", b"\xff", "INVALID_ARGUMENT", "the message is not a ModelMetadataRequest"),
    ("ModelReady", b"\x0a\x01z", "NOT_FOUND", "no model 'z'; this server has 'm'"),
    ("ModelMetadata", b"\x0a\x01z", "NOT_FOUND", "no model 'z'; this server has 'm'"),
    ("ModelStatistics", b"\x0a\x01z", "NOT_FOUND", "no model 'z'; this server has 'm'"),
    ("ModelInfer", request()[:-1], "INVALID_ARGUMENT", "the message is not a ModelInferRequest"),
    ("ModelConfig", b"", "UNIMPLEMENTED", "Method not found!"),
    (
        "ModelInfer",
        bytes(100_001),
        "RESOURCE_EXHAUSTED",
        "SERVER: Received message larger than max (100001 vs. 100000)",
    ),
    (
        "RepositoryModelLoad",
        b"\x12\x01m",
        "PERMISSION_DENIED",
        "loading and unloading is off; --model-control switches it on",
    ),
    (
        "RepositoryModelUnload",
        b"\x12\x01m",
        "PERMISSION_DENIED",
        "loading and unloading is off; --model-control switches it on",
    ),
]


@pytest.mark.parametrize(
    ("method", "message", "status", "sentence"),
    CLIENT_FAULTS,
    ids=[f"{each[0]} {each[3][:40]}" for each in CLIENT_FAULTS],
)
def test_a_clients_fault_is_told(server: Running, method: str, message: bytes, status: str, sentence: str) -> None:
    assert server.refusal(method, message) == (status, sentence)


def test_a_refused_request_counts_as_the_models(server: Running) -> None:
    before = server.models.statistics.failures["OTHER"]
    server.refusal("ModelInfer", messages.ModelInferRequest(model_name="m").SerializeToString())
    assert server.models.statistics.failures["OTHER"] == before + 1
    assert server.models.statistics.pending == 0


def test_a_long_name_is_cut_where_the_sentence_travels_in_a_header(server: Running) -> None:
    status, sentence = server.refusal("ModelInfer", request("فلج" * 10_000))
    assert status == "NOT_FOUND"
    assert sentence == ("no model '" + "فلج" * 1000).encode()[:2000].decode(errors="ignore") + "..."


def test_a_compressed_message_is_read_and_one_that_inflates_too_far_is_not(server: Running) -> None:
    assert server.call("ModelInfer", request(), compression=grpc.Compression.Gzip)
    status, sentence = server.refusal("ModelInfer", bytes(10_000_000), compression=grpc.Compression.Gzip)
    assert (status, sentence) == ("RESOURCE_EXHAUSTED", "Decompressed message larger than max")


def test_models_are_listed_loaded_and_unloaded() -> None:
    with running() as server, tritonclient.grpc.InferenceServerClient(server.target) as client:
        listed = client.get_model_repository_index(as_json=True)
        assert listed["models"] == [
            {"name": "m", "version": "7", "state": "READY"},
            {"name": "n", "version": "1", "state": "UNAVAILABLE", "reason": "its file is empty"},
        ]
        ready = messages.RepositoryIndexResponse.FromString(server.call("RepositoryIndex", b"\x10\x01"))
        assert [entry.name for entry in ready.models] == ["m"]
        server.models.control = True
        client.load_model("m")
        client.unload_model("m")
        server.call("RepositoryModelLoad", b"\x0a\x01k")  # KServe's message has the model's name here
        assert server.models.done == [("load", "m"), ("unload", "m"), ("load", "k")]
        assert server.refusal("RepositoryModelLoad", b"\x12\x06broken") == (
            "INVALID_ARGUMENT",
            "broken/1/model.onnx: no such file",
        )
        with pytest.raises(tritonclient.grpc.InferenceServerException) as refused:
            client.load_model("m", config="{}")
        assert refused.value.message() == "parameter 'config' is not supported by this server"


def test_statistics_are_told_as_triton_tells_them() -> None:
    with running() as server, tritonclient.grpc.InferenceServerClient(server.target) as client:
        server.models.statistics.success = 3
        server.models.statistics.queue_us = 1.5
        for name, version in (("", ""), ("m", ""), ("m", "7")):
            (found, *more) = client.get_inference_statistics(name, version).model_stats
            assert len(more) == (name == "m" and not version)
            assert (found.name, found.inference_stats.success.count, found.inference_stats.queue.ns) == ("m", 3, 1500)


def test_calls_are_counted_by_status() -> None:
    with running() as server:
        server.call("ServerLive", b"")
        server.refusal("ModelInfer", b"\xff")
        with server.channel() as channel:
            list(channel.stream_stream(STREAM)(iter([request()])))
    assert server.counts.calls == {"OK": 2, "INVALID_ARGUMENT": 1}


def test_a_call_is_logged_with_its_place_in_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    trace_parent = ("traceparent", f"00-{'a' * 32}-{'b' * 16}-01")
    with running(log_requests=True) as server, server.channel() as channel:
        ask = channel.unary_unary(INFER)
        ask(request(), metadata=(trace_parent,))
    (facts,) = [record.facts for record in caplog.records if record.getMessage() == "call"]  # type: ignore[attr-defined]  # set by the logger
    seconds = facts.pop("seconds")
    assert seconds > 0
    assert facts == {"method": "ModelInfer", "status": "OK", "trace_id": "a" * 32, "span_id": "b" * 16}
