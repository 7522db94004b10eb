"""Start, stop and what is written on the way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import tritonclient.grpc
from onnx import TensorProto

from tests.serving_images import models
from tests.serving_images.process import ServerProcess, until

GIBIBYTE = 2**30
LONG = models.count_to(400_000)


@pytest.fixture
def counting(tmp_path: Path) -> Path:
    models.save(models.counting(), tmp_path, "counting")
    return tmp_path


@pytest.fixture
def running(request: pytest.FixtureRequest, counting: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(counting, *getattr(request, "param", ("--drain-seconds", "0")))
    yield process
    process.close()


def in_flight(client: httpx2.Client, requests: int = 1) -> bool:
    pending = f'nv_inference_pending_request_count{{model="counting",version="1"}} {requests}'
    return any(line.startswith(pending) for line in client.get("/metrics").text.splitlines())


def ask(server: ServerProcess) -> httpx2.Response:
    with server.client() as client:
        return client.post("/v2/models/counting/infer", json=LONG)


def test_a_request_in_flight_is_answered_before_the_end(running: ServerProcess) -> None:
    with running.client() as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, running)
        until(lambda: in_flight(client), message="the request never started")
        assert running.terminate() == 0
        response = answer.result()
    assert response.status_code == 200
    assert response.json()["outputs"][0]["data"] == [400_000]
    assert response.headers["connection"] == "close"
    assert [line["message"] for line in running.lines][-2:] == ["draining", "stopped"]


def infer_over_grpc(server: ServerProcess, steps: int) -> int:
    """Count over gRPC, on a connection of its own."""
    given = tritonclient.grpc.InferInput("steps", [], "INT64")
    given.set_data_from_numpy(np.array(steps))
    with tritonclient.grpc.InferenceServerClient(server.grpc_url) as client:
        return int(client.infer("counting", [given]).as_numpy("count"))


@pytest.mark.parametrize("running", [("--grpc-port", "0", "--drain-seconds", "600")], indirect=True)
def test_both_ways_in_are_ready_together_and_drain_together(running: ServerProcess) -> None:
    running.said("ready")
    assert [line["message"] for line in running.lines if line["message"] in {"listening", "ready"}] == [
        "listening",
        "ready",
    ]
    with running.client() as client, tritonclient.grpc.InferenceServerClient(running.grpc_url) as grpc_client:
        assert client.get("/v2/health/ready").status_code == 200
        assert grpc_client.is_server_ready()
        assert grpc_client.is_model_ready("counting")
        running.process.send_signal(signal.SIGTERM)
        running.said("draining")
        assert client.get("/v2/health/ready").status_code == 503
        assert not grpc_client.is_server_ready()
        assert grpc_client.is_server_live()
        assert infer_over_grpc(running, 3) == 3
    assert running.terminate() == 0


@pytest.mark.parametrize("running", [("--grpc-port", "0", "--drain-seconds", "0")], indirect=True)
def test_a_call_in_flight_is_answered_before_the_end(running: ServerProcess) -> None:
    with running.client() as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(infer_over_grpc, running, 400_000)
        until(lambda: in_flight(client), message="the call never started")
        assert running.terminate() == 0
        assert answer.result() == 400_000


@pytest.mark.parametrize("running", [("--drain-seconds", "600")], indirect=True)
def test_while_draining_it_is_not_ready_but_answers(running: ServerProcess) -> None:
    with running.client() as client:
        running.process.send_signal(signal.SIGTERM)
        running.said("draining")
        ready = client.get("/v2/health/ready")
        assert (ready.status_code, ready.json()) == (503, {"ready": False})
        model = client.get("/v2/models/counting/ready")
        assert (model.status_code, model.json()) == (503, {"name": "counting", "ready": False})
        assert client.get("/v2/health/live").status_code == 200
        answer = client.post("/v2/models/counting/infer", json=models.count_to(2))
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert running.terminate() == 0


def test_an_interrupt_stops_at_once(running: ServerProcess) -> None:
    running.said("ready")
    running.process.send_signal(signal.SIGINT)
    assert running.wait() == 0


def test_a_full_queue_is_told(counting: Path) -> None:
    (counting / "counting" / "config.toml").write_text("max_waiting = 1\n")
    server = ServerProcess(counting, "--drain-seconds", "0")
    with server.client() as client, ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(ask, server)]
        until(lambda: in_flight(client), message="the request never started")
        answers.append(pool.submit(ask, server))
        until(lambda: in_flight(client, 2), message="the second request never came")
        refused = client.post("/v2/models/counting/infer", json=LONG)
        assert [answer.result().status_code for answer in answers] == [200, 200]
        rejected = 'nv_inference_request_failure{model="counting",reason="REJECTED",version="1"} 1.0'
        assert rejected in client.get("/metrics").text
    server.close()
    assert refused.status_code == 503
    assert refused.json() == {"error": "the queue is full: 1 requests are waiting"}
    assert refused.headers["retry-after"] == "1"


def test_a_model_that_runs_out_of_memory_says_so_and_serves_on(tmp_path: Path) -> None:
    models.save(models.allocation(), tmp_path, "allocation")
    server = ServerProcess(tmp_path, "--drain-seconds", "0", within=["prlimit", f"--as={4 * GIBIBYTE}"])

    def ask_for(floats: int) -> httpx2.Response:
        size = {"name": "size", "shape": [1], "datatype": "INT64", "data": [floats]}
        return client.post("/v2/models/allocation/infer", json={"inputs": [size]})

    with server.client() as client:
        refused = ask_for(4 * GIBIBYTE)
        assert (refused.status_code, refused.json()) == (
            500,
            {"error": "model 'allocation' ran out of memory on these inputs"},
        )
        assert ask_for(2).json()["outputs"][0]["data"] == [0, 0]
        failure = 'nv_inference_request_failure{model="allocation",reason="BACKEND",version="1"} 1.0'
        assert failure in client.get("/metrics").text
    server.close()


def test_a_killed_server_leaves_its_port_free_for_the_next(counting: Path) -> None:
    first = ServerProcess(counting, "--drain-seconds", "0")
    with first.client() as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, first)
        until(lambda: in_flight(client), message="the request never started")
        first.process.kill()
        with pytest.raises(httpx2.TransportError):
            answer.result()
    _, port = first.address
    first.close()
    second = ServerProcess(counting, "--drain-seconds", "0", "--port", str(port))
    assert second.address == ("127.0.0.1", port)
    second.close()


def start_error(folder: Path, *options: str) -> str:
    server = ServerProcess(folder, *options)
    try:
        assert server.wait() == 1
    finally:
        server.close()
    (line,) = [line for line in server.lines if line["message"].startswith("can't start")]
    assert line["level"] == "error"
    return str(line["message"])


def test_says_why_it_cannot_start(tmp_path: Path) -> None:
    layout = "expected <model>/<version>/model.onnx, with a version such as 1"
    none = f"can't start: {tmp_path}: no model of it can be served: "
    assert start_error(tmp_path) == f"{none}it has none; {layout}"
    assert start_error(tmp_path / "absent") == f"can't start: {tmp_path / 'absent'}: no such folder; {layout}"
    file = models.save(models.identity(TensorProto.FLOAT, [1]), tmp_path, "broken")
    file.write_bytes(b"not a model")
    assert start_error(tmp_path).startswith(f"{none}{file}: it is no ONNX model")


def test_says_when_its_port_is_taken(counting: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = start_error(counting, "--port", str(port))
        over_grpc = start_error(counting, "--grpc-port", str(port))
    assert message == f"can't start: 127.0.0.1 port {port}: Address already in use"
    place = f"127.0.0.1:{port}"
    assert over_grpc == f"can't start: can't listen for gRPC on {place}: in use, or not an address of this machine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "the following arguments are required: --models"),
        (["--models", ".", "--port", "x"], "argument --port: invalid number of at least 0 value: 'x'"),
        (["--models", ".", "--max-tensors", "0"], "argument --max-tensors: invalid number of at least 1 value: '0'"),
        (
            ["--models", ".", "--drain-seconds", "nan"],
            "argument --drain-seconds: invalid number of at least 0 value: 'nan'",
        ),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(options: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "onnxruntime_server", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"python -m onnxruntime_server: error: {message}"


def test_every_log_line_is_json_and_no_tensor_is_in_it(counting: Path) -> None:
    models.save(models.reshape(), counting, "reshape")
    models.save(models.identity(TensorProto.STRING, [1]), counting, "text")
    server = ServerProcess(counting, "--drain-seconds", "0", "--log-requests")
    secret: dict[str, Any] = {"name": "x", "shape": [1], "datatype": "BYTES", "data": ["784-1990-secret"]}
    odd = {"name": "x", "shape": [3], "datatype": "FP32", "data": [784.1990, 1, 2]}
    with server.client() as client:
        assert client.post("/v2/models/text/infer", json={"inputs": [secret]}).status_code == 200
        assert client.post("/v2/models/text/infer", json={"inputs": [{**secret, "shape": [2]}]}).status_code == 400
        assert client.post("/v2/models/reshape/infer", json={"inputs": [odd]}).status_code == 400
    assert server.terminate() == 0
    server.close()
    requests = [line for line in server.lines if line["message"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("POST", "/v2/models/text/infer", 200),
        ("POST", "/v2/models/text/infer", 400),
        ("POST", "/v2/models/reshape/infer", 400),
    ]
    assert all(line.keys() >= {"time", "level", "logger", "message"} for line in server.lines)
    assert "784" not in json.dumps([{**line, "time": ""} for line in server.lines])


def test_telemetry_is_off_whatever_the_environment_says() -> None:
    program = "import os, onnxruntime_server.engine.session; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: text for name, text in os.environ.items() if name != "CI"} | {"ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
