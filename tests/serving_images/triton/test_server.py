"""What the local variant serves, and what it does not: asked by Triton's own clients."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from tritonclient.utils import InferenceServerException

from serving_images.contract import echo
from serving_images.contract.tests.rest import assert_same
from tests.serving_images.triton.process import Triton

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("triton")]
NUMBERS = np.array([[1.5, 2], [3, 4]], dtype=np.float32)
CLOSED = r"This (API|protocol) is restricted, expecting header '.*x-closed'"


def numbers(kind: Any) -> list[Any]:  # noqa: ANN401 - the clients have no types
    inputs = [kind.InferInput(name, [2, 2], "FP32") for name in ("a", "b")]
    for tensor in inputs:
        tensor.set_data_from_numpy(NUMBERS)
    return inputs


def address(triton: Triton) -> str:
    return triton.url.removeprefix("http://")


def test_tritons_client_over_http(triton: Triton) -> None:
    kind = tritonclient.http
    with kind.InferenceServerClient(address(triton)) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.get_server_metadata()["name"] == "triton"
        assert client.get_model_metadata("addition")["versions"] == ["12"]
        answer = client.infer("addition", numbers(kind), request_id="seven")
        assert answer.get_response()["id"] == "seven"
        assert answer.as_numpy("sum").tolist() == (NUMBERS * 2).tolist()
        with pytest.raises(InferenceServerException, match="unknown model: 'absent'"):
            client.infer("absent", numbers(kind))


def test_tritons_client_over_grpc(triton: Triton) -> None:
    kind = tritonclient.grpc
    with kind.InferenceServerClient(triton.grpc_url) as client:
        assert client.is_server_live()
        assert client.is_model_ready("addition", "12")
        answer = client.infer("addition", numbers(kind), outputs=[kind.InferRequestedOutput("sum")])
        assert answer.as_numpy("sum").tolist() == (NUMBERS * 2).tolist()
        assert client.get_inference_statistics("addition", as_json=True)["model_stats"]


@pytest.mark.parametrize("kind", [tritonclient.http, tritonclient.grpc])
def test_shared_memory_is_off(triton: Triton, kind: Any) -> None:  # noqa: ANN401 - as above
    """No client can have Triton read or write memory of this machine, its own Python backend's least of all."""
    memory = SharedMemory(create=True, size=32)
    try:
        with kind.InferenceServerClient(triton.grpc_url if kind is tritonclient.grpc else address(triton)) as client:
            for call in (
                lambda: client.register_system_shared_memory("region", f"/{memory.name}", 32),
                lambda: client.register_cuda_shared_memory("region", b"\0" * 64, 0, 32),
                client.unregister_system_shared_memory,
                client.get_system_shared_memory_status,
                client.get_cuda_shared_memory_status,
            ):
                with pytest.raises(InferenceServerException, match=CLOSED):
                    call()
            inputs = numbers(kind)
            inputs[0].set_shared_memory("region", 16)
            with pytest.raises(InferenceServerException, match="Unable to find shared memory region: 'region'"):
                client.infer("addition", inputs)
    finally:
        memory.close()
        memory.unlink()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/repository/models/addition/load"),
        ("POST", "/v2/repository/models/addition/unload"),
        ("POST", "/v2/repository/index"),
        ("GET", "/v2/models/addition/config"),
        ("GET", "/v2/trace/setting"),
        ("POST", "/v2/trace/setting"),
        ("GET", "/v2/logging"),
        ("POST", "/v2/logging"),
    ],
)
def test_ways_in_that_nobody_uses_are_closed(client: httpx2.Client, method: str, path: str) -> None:
    for headers in ({}, {"x-closed": ""}, {"x-closed": "key"}):
        response = client.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
        assert (response.status_code, response.json()["error"]) == (
            403,
            "This API is restricted, expecting header 'x-closed'",
        )


def test_a_client_can_hand_it_no_code(client: httpx2.Client) -> None:
    code = base64.b64encode(b"class TritonPythonModel: pass").decode()
    parameters = {"config": json.dumps({"backend": "python", "max_batch_size": 0}), "file:1/model.py": code}

    response = client.post("/v2/repository/models/planted/load", json={"parameters": parameters})

    assert response.status_code == 403
    assert client.get("/v2/models/planted/ready").status_code == 400


def test_requests_run_together_and_each_gets_its_own_rows(client: httpx2.Client, triton: Triton) -> None:
    def ask(number: int) -> list[float]:
        tensor = {"name": "row", "shape": [1, 1], "datatype": "INT64", "data": [number % 4]}
        found: list[float] = client.post("/v2/models/lookup/infer", json={"inputs": [tensor]}).json()["outputs"][0][
            "data"
        ]
        return found

    before = counts(triton, "lookup")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(64))) == [[number % 4] for number in range(64)]
    answered, runs = (after - was for after, was in zip(counts(triton, "lookup"), before, strict=True))

    assert answered == 64
    assert runs <= 32


def test_a_request_that_cannot_be_computed_fails_alone(client: httpx2.Client) -> None:
    def ask(row: int) -> httpx2.Response:
        tensor = {"name": "row", "shape": [1, 1], "datatype": "INT64", "data": [row]}
        return client.post("/v2/models/lookup/infer", json={"inputs": [tensor]})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [0, 1, 2, 99, 3, 0, 1, 2]))

    assert [each.status_code for each in answers] == [200, 200, 200, 400, 200, 200, 200, 200]
    assert "idx=99 must be within the inclusive range [-4,3]" in answers[3].json()["error"]


def test_text_that_is_no_utf_8_is_refused_by_name(triton: Triton) -> None:
    kind = tritonclient.http
    with kind.InferenceServerClient(address(triton)) as client:
        tensor = kind.InferInput("x", [1, 1], "BYTES")
        tensor.set_data_from_numpy(np.array([[b"\xff"]], dtype=np.object_))
        with pytest.raises(InferenceServerException, match="input 'x' holds bytes that are no UTF-8 text"):
            client.infer("labels", [tensor])


def test_tensors_of_rows_alone_are_told_as_a_column(client: httpx2.Client) -> None:
    assert client.get("/v2/models/labels").json()["inputs"] == [{"name": "x", "datatype": "BYTES", "shape": [-1, 1]}]
    tensor = {"name": "x", "shape": [2, 1], "datatype": "BYTES", "data": ["falaj", "فلج"]}
    (output,) = client.post("/v2/models/labels/infer", json={"inputs": [tensor]}).json()["outputs"]
    assert (output["shape"], output["data"]) == ([2, 1], ["falaj", "فلج"])


def test_tensors_without_dimensions_are_told_and_taken_as_one_of_a_single_element(client: httpx2.Client) -> None:
    case = echo.case("scalars")
    inputs = [{**each, "shape": [1]} for each in case.request["inputs"]]

    outputs = client.post("/v2/models/scalars/infer", json={"inputs": inputs}).json()["outputs"]

    assert_same(outputs, [{**each, "shape": [1]} for each in case.answer])


def test_an_ensemble_hands_tensors_on(client: httpx2.Client) -> None:
    tensor = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}
    (output,) = client.post("/v2/models/chain/infer", json={"inputs": [tensor]}).json()["outputs"]
    assert (output["name"], output["data"]) == ("y", [1, 2, 3, 4])


def test_answers_are_kept_where_a_model_asks_for_it(client: httpx2.Client, triton: Triton) -> None:
    tensor = {"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [0.25, 0.5]}
    for _ in range(3):
        assert client.post("/v2/models/cached/infer", json={"inputs": [tensor]}).status_code == 200
    stats = client.get("/v2/models/cached/stats").json()["model_stats"][0]["inference_stats"]
    assert stats["cache_hit"]["count"] >= 2
    assert "nv_cache_num_hits_per_model" in httpx2.get(triton.metrics_url).text


def test_it_keeps_to_itself(triton: Triton) -> None:
    """Its environment holds nobody's secrets, its log neither what was asked nor the key of what is closed."""
    pid = triton.process.pid
    environment = dict(
        entry.partition(b"=")[::2] for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if entry
    )
    assert environment.keys() == {
        b"LD_LIBRARY_PATH",
        b"ORT_DISABLE_TELEMETRY",
        b"ORT_INTRA_OP_NUM_THREADS",
        b"PATH",
        b"PYTHONDONTWRITEBYTECODE",
        b"TRITON_DEFAULT_MAX_BATCH_SIZE",
        b"TRITON_PYTHON_PACKAGES",
    }
    assert environment[b"ORT_DISABLE_TELEMETRY"] == b"1"
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    (restricted,) = [each for each in arguments if each.startswith("--http-restricted-api=")]
    assert restricted.rpartition("=")[2] not in triton.log()


def counts(triton: Triton, model: str) -> tuple[float, float]:
    lines = httpx2.get(triton.metrics_url).text.splitlines()
    answered, runs = (
        sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f'{name}{{model="{model}"'))
        for name in ("nv_inference_count", "nv_inference_exec_count")
    )
    return answered, runs
