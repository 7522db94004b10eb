"""Clients that nobody here wrote work unchanged: Triton's of all kinds, KServe's, and plain curl."""

from __future__ import annotations

import asyncio
import json
import queue
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

from benchmarks.serving.environments import of_peer
from benchmarks.serving.errors import MeasurementError
from tests.serving_images.process import ServerProcess

NUMBERS = np.array([[1.5, 2], [3, 4]], dtype=np.float32)
TEXTS = np.array(["falaj فلج"], dtype=np.object_)
ABSENT = "no model 'absent'"


def address(server: ServerProcess) -> str:
    return server.url.removeprefix("http://")


def numbers(kind: Any, **how: bool) -> list[Any]:  # noqa: ANN401 - the clients have no types
    """The inputs of the model that adds two tensors."""
    inputs = [kind.InferInput(name, [2, 2], "FP32") for name in ("a", "b")]
    for tensor in inputs:
        tensor.set_data_from_numpy(NUMBERS, **how)
    return inputs


def texts(kind: Any, **how: bool) -> list[Any]:  # noqa: ANN401 - as above
    tensor = kind.InferInput("x", [1], "BYTES")
    tensor.set_data_from_numpy(TEXTS, **how)
    return [tensor]


def assert_added(found: npt.NDArray[np.float32] | None) -> None:
    assert found is not None
    assert found.dtype == np.float32
    assert found.tolist() == (NUMBERS + NUMBERS).tolist()


def assert_text(found: npt.NDArray[np.object_] | None) -> None:
    """JSON has texts, raw bytes have bytes."""
    assert found is not None
    assert [text.decode() if isinstance(text, bytes) else text for text in found.tolist()] == TEXTS.tolist()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_triton_over_http(server: ServerProcess, binary: bool, compression: str | None) -> None:
    kind = tritonclient.http
    with kind.InferenceServerClient(address(server), concurrency=4) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("addition")
        assert not client.is_model_ready("absent")
        assert client.get_server_metadata()["name"] == "onnxruntime_server"
        assert client.get_model_metadata("addition", "12")["versions"] == ["1", "12"]
        outputs = [kind.InferRequestedOutput("sum", binary_data=binary)]
        how: dict[str, Any] = {"outputs": outputs, "request_id": "seven", "priority": 1, "timeout": 30_000_000}
        how |= {"request_compression_algorithm": compression, "parameters": {"of_nobody": "x"}}
        answer = client.infer("addition", numbers(kind, binary_data=binary), **how)
        assert answer.get_response()["id"] == "seven"
        assert_added(answer.as_numpy("sum"))
        assert_text(client.infer("text", texts(kind, binary_data=binary)).as_numpy("y"))
        pending = [client.async_infer("addition", numbers(kind, binary_data=binary)) for _ in range(8)]
        for each in pending:
            assert_added(each.get_result().as_numpy("sum"))
        with pytest.raises(InferenceServerException, match=ABSENT):
            client.infer("absent", numbers(kind))


def test_triton_over_http_looks_at_the_repository(server: ServerProcess) -> None:
    with tritonclient.http.InferenceServerClient(address(server)) as client:
        index = client.get_model_repository_index()
        assert {"name": "addition", "version": "12", "state": "READY"}.items() <= index[1].items()
        (counts,) = client.get_inference_statistics("addition", "12")["model_stats"]
        assert counts["inference_stats"]["success"]["count"] >= 0
        for action in (client.load_model, client.unload_model):
            with pytest.raises(InferenceServerException, match="--model-control"):
                action("addition")


def test_triton_over_http_with_asyncio(server: ServerProcess) -> None:
    kind = tritonclient.http.aio

    async def ask() -> None:
        async with kind.InferenceServerClient(address(server)) as client:
            assert await client.is_server_ready()
            assert await client.is_model_ready("addition")
            asked = [client.infer("addition", numbers(kind)) for _ in range(8)]
            for answer in await asyncio.gather(*asked):
                assert_added(answer.as_numpy("sum"))
            assert_text((await client.infer("text", texts(kind))).as_numpy("y"))
            with pytest.raises(InferenceServerException, match=ABSENT):
                await client.infer("absent", numbers(kind))

    asyncio.run(ask())


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_triton_over_grpc(server: ServerProcess, compression: str | None) -> None:
    kind = tritonclient.grpc
    with kind.InferenceServerClient(server.grpc_url) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("addition", "1")
        assert client.get_server_metadata(as_json=True)["name"] == "onnxruntime_server"
        assert client.get_model_metadata("addition", as_json=True)["versions"] == ["1", "12"]
        how: dict[str, Any] = {"request_id": "seven", "priority": 1, "timeout": 30_000_000}
        how |= {"compression_algorithm": compression, "outputs": [kind.InferRequestedOutput("sum")]}
        answer = client.infer("addition", numbers(kind), **how)
        assert answer.get_response().id == "seven"
        assert_added(answer.as_numpy("sum"))
        assert_text(client.infer("text", texts(kind)).as_numpy("y"))
        with pytest.raises(InferenceServerException, match=ABSENT):
            client.infer("absent", numbers(kind))
        with pytest.raises(InferenceServerException, match="--model-control"):
            client.unload_model("addition")
        index = client.get_model_repository_index(as_json=True)["models"]
        assert {"name": "addition", "version": "12", "state": "READY"}.items() <= index[1].items()
        assert client.get_inference_statistics("addition", as_json=True)["model_stats"]


def test_both_ways_in_tell_the_same_counts(server: ServerProcess) -> None:
    with (
        tritonclient.http.InferenceServerClient(address(server)) as over_http,
        tritonclient.grpc.InferenceServerClient(server.grpc_url) as over_grpc,
    ):
        over_http.infer("addition", numbers(tritonclient.http), model_version="12")
        over_grpc.infer("addition", numbers(tritonclient.grpc), model_version="12")
        (counts,) = over_http.get_inference_statistics("addition", "12")["model_stats"]
        (message,) = over_grpc.get_inference_statistics("addition", "12").model_stats
    stats = counts["inference_stats"]
    answered = stats["success"]["count"]
    assert answered >= 2
    assert {name: each["count"] for name, each in stats.items()} == {
        **dict.fromkeys(("success", "queue", "compute_input", "compute_infer", "compute_output"), answered),
        **dict.fromkeys(("fail", "cache_hit", "cache_miss"), 0),
    }
    assert stats == {
        each.name: {
            "count": getattr(message.inference_stats, each.name).count,
            "ns": getattr(message.inference_stats, each.name).ns,
        }
        for each in message.inference_stats.DESCRIPTOR.fields
        if each.name in stats
    }
    assert (message.inference_count, message.execution_count) == (counts["inference_count"], counts["execution_count"])


def test_triton_over_grpc_calls_back_and_streams(server: ServerProcess) -> None:
    kind = tritonclient.grpc
    told: queue.Queue[tuple[Any, Any]] = queue.Queue()
    with kind.InferenceServerClient(server.grpc_url) as client:
        client.async_infer("addition", numbers(kind), lambda result, error: told.put((result, error)))
        result, error = told.get(timeout=30)
        assert error is None
        assert_added(result.as_numpy("sum"))
        client.start_stream(lambda result, error: told.put((result, error)))
        for number in range(4):
            client.async_stream_infer("addition", numbers(kind), request_id=str(number))
        client.async_stream_infer("absent", numbers(kind))
        answers = [told.get(timeout=30) for _ in range(5)]
        client.stop_stream()
    assert [result.get_response().id for result, error in answers if error is None] == ["0", "1", "2", "3"]
    assert ABSENT in str(answers[4][1])


def test_triton_over_grpc_with_asyncio(server: ServerProcess) -> None:
    kind = tritonclient.grpc.aio

    async def ask() -> None:
        async with kind.InferenceServerClient(server.grpc_url) as client:
            assert await client.is_server_ready()
            asked = [client.infer("addition", numbers(kind)) for _ in range(8)]
            for answer in await asyncio.gather(*asked):
                assert_added(answer.as_numpy("sum"))

            async def requests() -> Any:  # noqa: ANN401 - as above
                for number in range(3):
                    yield {"model_name": "addition", "inputs": numbers(kind), "request_id": str(number)}

            found = [answer async for answer in client.stream_infer(requests())]
            assert [(result.get_response().id, error) for result, error in found] == [
                ("0", None),
                ("1", None),
                ("2", None),
            ]
            with pytest.raises(InferenceServerException, match=ABSENT):
                await client.infer("absent", numbers(kind))

    asyncio.run(ask())


@pytest.mark.slow
def test_kserves_inference_client(server: ServerProcess) -> None:
    """Its package wants other versions than ours (psutil below 6, for one): it has an environment of its own."""
    try:
        python = of_peer("kserve")
    except MeasurementError as error:
        pytest.skip(f"KServe could not be installed: {error}")
    script = Path(__file__).with_name("kserve_calls.py")
    done = subprocess.run(
        [python, "-E", script, server.url, server.grpc_url], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    answer = {"id": "request-7", "name": "sum", "shape": [2, 2], "sum": [[0, 2], [4, 6]]}
    expected = {"live": True, "ready": True, "model_ready": True, "answers": [answer, answer]}
    assert json.loads(done.stdout) == {"rest": expected, "grpc": expected}


BODY = json.dumps(
    {"inputs": [{"name": name, "shape": [2, 2], "datatype": "FP32", "data": NUMBERS.tolist()} for name in ("a", "b")]}
)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--http1.0"],
        ["--compressed"],
        ["-H", "Expect: 100-continue"],
        ["-H", "Transfer-Encoding: chunked"],
        [
            "-H",
            "Connection: Upgrade, HTTP2-Settings",
            "-H",
            "Upgrade: h2c",
            "-H",
            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        ],
    ],
    ids=" ".join,
)
def test_plain_curl(server: ServerProcess, options: list[str], tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(BODY)
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "30", *options]
    done = subprocess.run(
        [*command, f"{server.url}/v2/models/addition/infer", "-d", f"@{file}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (output,) = json.loads(done.stdout)["outputs"]
    assert output["data"] == [3, 4, 6, 8]
