"""The server over HTTP beyond the contract: exact messages, limits, odd clients, counts."""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import numpy as np
import numpy.typing as npt
import pytest
from tritonclient import http as triton

from tests.serving_images import models
from tests.serving_images.process import ServerProcess, until

SAMPLE = re.compile(r"(?P<name>\w+)(?:{(?P<labels>.*)})? (?P<value>\S+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
RESET = struct.pack("ii", 1, 0)


def floats(name: str, *values: float) -> dict[str, Any]:
    return {"name": name, "shape": [len(values)], "datatype": "FP32", "data": values}


def post(client: httpx2.Client, model: str, *inputs: dict[str, Any], **more: object) -> httpx2.Response:
    return client.post(f"/v2/models/{model}/infer", json={"inputs": inputs, **more})


def metric(client: httpx2.Client, name: str, **labels: str) -> float:
    for line in client.get("/metrics").text.splitlines():
        found = SAMPLE.fullmatch(line)
        if found and found["name"] == name and labels.items() <= dict(LABEL.findall(found["labels"] or "")).items():
            return float(found["value"])
    raise AssertionError(f"no {name} with {labels}")


def test_says_what_it_is(client: httpx2.Client) -> None:
    facts = client.get("/v2").json()
    extensions = ["binary_tensor_data", "model_repository", "parameters", "schedule_policy", "statistics"]
    assert facts == {"name": "onnxruntime_server", "version": "0.1.0", "extensions": extensions}
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/addition/ready").json() == {"name": "addition", "ready": True}


def test_the_newest_version_answers_unless_told(client: httpx2.Client) -> None:
    inputs = [{"name": name, "shape": [1, 2], "datatype": "FP32", "data": [1, 2]} for name in ("a", "b")]
    expected = {"name": "sum", "datatype": "FP32", "shape": [1, 2], "data": [2.0, 4.0]}
    assert post(client, "addition", *inputs).json() == {
        "model_name": "addition",
        "model_version": "12",
        "outputs": [expected],
    }
    old = client.post("/v2/models/addition/versions/1/infer", json={"inputs": inputs}).json()
    assert (old["model_version"], old["outputs"]) == ("1", [expected])
    assert client.get("/v2/models/addition").json()["versions"] == ["1", "12"]


@pytest.mark.parametrize("shape", [[0, 1, 2], [1, 0, 0], [1, 1, 1]])
def test_empty_tensors_are_tensors(client: httpx2.Client, shape: list[int]) -> None:
    data = [1.0] * int(np.prod(shape))
    answer = post(client, "cube", {"name": "x", "shape": shape, "datatype": "FP32", "data": data}).json()
    assert answer["outputs"] == [{"name": "y", "datatype": "FP32", "shape": shape, "data": data}]


def test_a_scalar_is_a_tensor_without_dimensions(client: httpx2.Client) -> None:
    answer = client.post("/v2/models/counting/infer", json=models.count_to(3)).json()
    assert answer["outputs"] == [{"name": "count", "datatype": "INT64", "shape": [], "data": [3]}]


def test_text_with_a_nul_comes_back_whole(client: httpx2.Client) -> None:
    entry = {"name": "x", "shape": [1], "datatype": "BYTES", "data": ["a\0b"]}
    assert post(client, "text", entry).json()["outputs"][0]["data"] == ["a\0b"]


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/", 404, "no such path: /"),
        ("GET", "/v2/models", 404, "no such path: /v2/models"),
        ("GET", "/v2/models/addition/infer", 405, "GET is not allowed here; use POST"),
        ("POST", "/v2/health/live", 405, "POST is not allowed here; use GET or HEAD"),
        ("GET", "/v2/models/addition/versions/2", 404, "model 'addition' has no version '2'; it has 1, 12"),
        ("GET", "/v2/models/addition/versions/x/ready", 404, "model 'addition' has no version 'x'; it has 1, 12"),
    ],
)
def test_refuses_other_paths(client: httpx2.Client, method: str, path: str, status: int, message: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()) == (status, {"error": message})
    allowed = message.rpartition("use ")[2].replace(" or ", ", ")
    assert response.headers.get("allow") == (allowed if status == 405 else None)


def test_names_the_models_it_has(client: httpx2.Client) -> None:
    response = post(client, "missing", floats("x", 1))
    assert response.status_code == 404
    found = {entry["name"] for entry in client.post("/v2/repository/index").json()}
    known = ", ".join(f"'{name}'" for name in sorted(found))
    assert response.json() == {"error": f"no model 'missing'; this server has {known}"}


def test_refuses_a_body_that_is_too_long(client: httpx2.Client) -> None:
    response = client.post("/v2/models/cube/infer", content=b" " * 100001)
    assert response.status_code == 413
    assert response.json() == {"error": "the body is 100001 bytes long; this server takes at most 100000 bytes"}


def test_refuses_a_chunked_body_that_grows_too_long(client: httpx2.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(11):
            yield b" " * 10000

    response = client.post("/v2/models/cube/infer", content=chunks())
    assert response.status_code == 413
    assert response.json() == {"error": "the body is longer; this server takes at most 100000 bytes"}


def test_reads_a_chunked_body(client: httpx2.Client) -> None:
    body = json.dumps({"inputs": [floats("x", 4.0)]}).encode()
    response = client.post("/v2/models/reciprocal/infer", content=iter([body[:9], body[9:]]))
    assert response.json()["outputs"][0]["data"] == [0.25]


def test_reads_a_compressed_body(client: httpx2.Client) -> None:
    body = gzip.compress(json.dumps({"inputs": [floats("x", 4.0)]}).encode())
    response = client.post("/v2/models/reciprocal/infer", content=body, headers={"content-encoding": "gzip"})
    assert response.json()["outputs"][0]["data"] == [0.25]


@pytest.mark.parametrize("value", ["x", "-1", "1.5", ""])
def test_refuses_a_wrong_json_length(client: httpx2.Client, value: str) -> None:
    headers = {"inference-header-content-length": value}
    response = client.post("/v2/models/cube/infer", content=b"{}", headers=headers)
    assert response.status_code == 400
    assert response.json() == {"error": "Inference-Header-Content-Length must be a non-negative integer"}


def test_infinity_is_told_and_can_be_had_raw(client: httpx2.Client) -> None:
    response = post(client, "reciprocal", floats("x", 0.0))
    assert response.status_code == 400
    message = "output 'y': JSON can't carry its NaN or infinity; ask for it with binary_data"
    assert response.json() == {"error": message}
    raw = post(client, "reciprocal", floats("x", 0.0), parameters={"binary_data_output": True})
    assert raw.headers["content-type"] == "application/octet-stream"
    assert np.frombuffer(raw.content[int(raw.headers["inference-header-content-length"]) :], "<f4").tolist() == [np.inf]


def test_inputs_that_the_model_cannot_compute_are_the_clients_fault(client: httpx2.Client) -> None:
    for response in (
        post(client, "lookup", {"name": "row", "shape": [1], "datatype": "INT64", "data": [9]}),
        post(client, "reshape", floats("x", 1, 2, 3)),
    ):
        assert response.status_code == 400
        assert re.match(r"model '(lookup|reshape)' can't compute these inputs: ", response.json()["error"])
    assert post(client, "reshape", floats("x", 1, 2)).json()["outputs"][0]["shape"] == [1, 2]


def test_counts_failures_by_reason(client: httpx2.Client) -> None:
    labels = {"model": "reciprocal", "version": "1", "reason": "OTHER"}
    before = metric(client, "nv_inference_request_failure", **labels)
    assert post(client, "reciprocal", floats("wrong", 1.0)).status_code == 400
    assert metric(client, "nv_inference_request_failure", **labels) == before + 1


def test_counts_rows_and_times(client: httpx2.Client) -> None:
    names = ("nv_inference_count", "nv_inference_exec_count", "nv_inference_request_success")
    before = [metric(client, name, model="reciprocal") for name in names]
    assert post(client, "reciprocal", floats("x", 1.0, 2.0, 4.0)).status_code == 200
    assert [metric(client, name, model="reciprocal") for name in names] == [
        before[0] + 3,
        before[1] + 1,
        before[2] + 1,
    ]
    count = metric(client, "onnxruntime_server_request_duration_seconds_count", model="reciprocal")
    assert count == metric(client, "nv_inference_request_success", model="reciprocal")
    assert metric(client, "nv_inference_pending_request_count", model="reciprocal") == 0


def test_metric_names_are_tritons_and_each_is_typed(client: httpx2.Client) -> None:
    response = client.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", response.text, re.MULTILINE))
    assert {name: kind for name, kind in typed.items() if name.startswith("nv_")} == {
        "nv_inference_request_success": "counter",
        "nv_inference_request_failure": "counter",
        "nv_inference_count": "counter",
        "nv_inference_exec_count": "counter",
        "nv_inference_request_duration_us": "counter",
        "nv_inference_queue_duration_us": "counter",
        "nv_inference_compute_input_duration_us": "counter",
        "nv_inference_compute_infer_duration_us": "counter",
        "nv_inference_compute_output_duration_us": "counter",
        "nv_inference_pending_request_count": "gauge",
        "nv_cache_num_hits_per_model": "counter",
        "nv_cache_num_misses_per_model": "counter",
    }
    assert typed["onnxruntime_server_http_responses_total"] == "counter"
    assert typed["process_resident_memory_bytes"] == "gauge"


@pytest.mark.parametrize("binary", [True, False])
def test_tritons_own_client_works(server: ServerProcess, binary: bool) -> None:
    client = triton.InferenceServerClient(server.url.removeprefix("http://"))
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("addition", "12")
    assert client.get_model_metadata("addition")["platform"] == "onnxruntime_onnx"
    values: npt.NDArray[np.float32] = np.array([[0.1, -2]], dtype=np.float32)
    inputs = [triton.InferInput(name, [1, 2], "FP32") for name in ("a", "b")]
    for entry in inputs:
        entry.set_data_from_numpy(values, binary_data=binary)
    outputs = [triton.InferRequestedOutput("sum", binary_data=binary)]
    answer = client.infer("addition", inputs, outputs=outputs, request_id="7")
    np.testing.assert_array_equal(answer.as_numpy("sum"), values + values)
    assert answer.get_response()["id"] == "7"
    with pytest.raises(triton.InferenceServerException, match=r"no model 'missing'; this server has "):
        client.infer("missing", inputs)
    client.close()


def test_tritons_own_client_sends_and_gets_text(server: ServerProcess) -> None:
    client = triton.InferenceServerClient(server.url.removeprefix("http://"))
    entry = triton.InferInput("x", [1], "BYTES")
    entry.set_data_from_numpy(np.array(["فلج".encode()], dtype=np.object_))
    assert client.infer("text", [entry]).as_numpy("y").tolist() == ["فلج".encode()]
    client.close()


def test_tritons_own_client_reads_index_and_statistics_and_may_not_control(server: ServerProcess) -> None:
    client = triton.InferenceServerClient(server.url.removeprefix("http://"))
    index = client.get_model_repository_index()
    assert {"name": "addition", "version": "12", "state": "READY", "reason": ""} in index
    before = client.get_inference_statistics("reciprocal", "1")["model_stats"][0]
    values: npt.NDArray[np.float32] = np.array([2, 4, 8], dtype=np.float32)
    entry = triton.InferInput("x", [3], "FP32")
    entry.set_data_from_numpy(values)
    client.infer("reciprocal", [entry])
    after = client.get_inference_statistics("reciprocal", "1")["model_stats"][0]
    assert after["inference_count"] == before["inference_count"] + 3
    success = after["inference_stats"]["success"]
    assert success["count"] == before["inference_stats"]["success"]["count"] + 1
    assert success["ns"] > before["inference_stats"]["success"]["ns"]
    everything = client.get_inference_statistics()["model_stats"]
    assert [(each["name"], each["version"]) for each in everything] == [(e["name"], e["version"]) for e in index]
    for act in (client.load_model, client.unload_model):
        with pytest.raises(triton.InferenceServerException, match=r"--model-control"):
            act("addition")
    assert client.is_model_ready("addition")
    client.close()


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_tritons_own_client_may_compress(server: ServerProcess, algorithm: str) -> None:
    client = triton.InferenceServerClient(server.url.removeprefix("http://"))
    entry = triton.InferInput("x", [1], "FP32")
    entry.set_data_from_numpy(np.array([4], dtype=np.float32))
    answer = client.infer("reciprocal", [entry], request_compression_algorithm=algorithm)
    assert answer.as_numpy("y").tolist() == [0.25]
    client.close()


def head_and_error(received: bytes) -> tuple[bytes, str]:
    head, _, body = received.partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0], json.loads(body)["error"]


def test_what_is_not_http_is_refused_in_json(server: ServerProcess) -> None:
    status, message = head_and_error(server.exchange(b"SSH-2.0-client\r\n\r\n"))
    assert (status, message) == (b"HTTP/1.1 400 Bad Request", "the request is not valid HTTP/1.1")


def test_endless_headers_are_cut(server: ServerProcess) -> None:
    status, message = head_and_error(server.exchange(b"GET /v2 HTTP/1.1\r\nx: " + b"a" * 40000))
    assert status == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert message == "the request line and headers are longer than 32768 bytes"


def test_a_body_that_does_not_come_is_not_waited_for(server: ServerProcess) -> None:
    request = b"POST /v2/models/cube/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"
    status, message = head_and_error(server.exchange(request))
    assert (status, message) == (b"HTTP/1.1 408 Request Timeout", "the body did not arrive within 1 seconds")


def test_an_announced_length_over_the_limit_is_refused_before_the_body(server: ServerProcess) -> None:
    head = b"POST /v2/models/cube/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 100001\r\nexpect: 100-continue\r\n\r\n"
    status, message = head_and_error(server.exchange(head))
    assert status == b"HTTP/1.1 413 Request Entity Too Large"
    assert message == "the body is 100001 bytes long; this server takes at most 100000 bytes"


def test_two_requests_in_one_packet_get_two_answers(server: ServerProcess) -> None:
    request = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"
    closing = b"GET /v2/health/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    received = server.exchange(request + closing)
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b'{"live":true}') < received.index(b'{"ready":true}')


def test_a_client_that_leaves_is_counted_and_hurts_nobody(server: ServerProcess, client: httpx2.Client) -> None:
    def pending() -> float:
        return metric(client, "nv_inference_pending_request_count", model="counting")

    labels = {"model": "counting", "version": "1", "reason": "CANCELED"}
    before = metric(client, "nv_inference_request_failure", **labels)
    body = json.dumps(models.count_to(2**40)).encode()
    head = f"POST /v2/models/counting/infer HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    with ExitStack() as leaving:
        for _ in range(4):
            connection = leaving.enter_context(socket.create_connection(server.address))
            connection.sendall(head + body)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        until(lambda: pending() == 4, message="the requests did not arrive")
    until(
        lambda: metric(client, "nv_inference_request_failure", **labels) == before + 4,
        message="the departures were not counted",
    )
    answer = client.post("/v2/models/counting/infer", json=models.count_to(2))
    assert answer.json()["outputs"][0]["data"] == [2]
    assert pending() == 0
