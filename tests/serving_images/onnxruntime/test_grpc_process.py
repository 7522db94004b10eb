"""gRPC of the real server: what only it can show."""

from __future__ import annotations

import httpx2
import numpy as np
import pytest
import tritonclient.grpc as triton

from tests.serving_images.process import ServerProcess


def numbers(name: str, *values: float) -> triton.InferInput:
    given = triton.InferInput(name, [1, len(values)], "FP32")
    given.set_data_from_numpy(np.array([values], np.float32))
    return given


def refusal(client: triton.InferenceServerClient, *inputs: triton.InferInput) -> tuple[str, str]:
    with pytest.raises(triton.InferenceServerException) as refused:
        client.infer("addition", list(inputs))
    return refused.value.status(), refused.value.message()


def test_models_answer_by_version_and_are_counted(server: ServerProcess, client: httpx2.Client) -> None:
    with triton.InferenceServerClient(server.grpc_url) as asking:
        for version in ("", "1", "12"):
            answer = asking.infer("addition", [numbers("a", 1, 2), numbers("b", 3, 4)], model_version=version)
            np.testing.assert_array_equal(answer.as_numpy("sum"), np.array([[4, 6]], np.float32))
            assert answer.get_response().model_version == (version or "12")
        (counted,) = asking.get_inference_statistics("addition", "1").model_stats
        assert counted.inference_stats.success.count >= 1
        assert counted.inference_stats.compute_infer.ns > 0
        states = {(each.name, each.version): each.state for each in asking.get_model_repository_index().models}
        assert states["addition", "12"] == "READY"
    assert 'onnxruntime_server_grpc_responses_total{status="OK"}' in client.get("/metrics").text


def test_refuses_with_the_sentences_of_rest(server: ServerProcess, client: httpx2.Client) -> None:
    def over_rest(*inputs: dict[str, object]) -> str:
        answer = client.post("/v2/models/addition/infer", json={"inputs": inputs})
        assert answer.status_code == 400
        return str(answer.json()["error"])

    def entry(name: str, *values: float) -> dict[str, object]:
        return {"name": name, "datatype": "FP32", "shape": [1, len(values)], "data": values}

    with triton.InferenceServerClient(server.grpc_url) as asking:
        for wrong in (("a", (1.0, 2.0, 3.0)), ("c", (1.0, 2.0)), ("b", (1.0, 2.0))):
            name, values = wrong
            found = refusal(asking, numbers(name, *values), numbers("b", 3, 4))
            assert found == ("StatusCode.INVALID_ARGUMENT", over_rest(entry(name, *values), entry("b", 3, 4)))


def test_control_is_off_unless_switched_on(server: ServerProcess) -> None:
    with triton.InferenceServerClient(server.grpc_url) as asking:
        with pytest.raises(triton.InferenceServerException) as refused:
            asking.unload_model("addition")
        assert refused.value.status() == "StatusCode.PERMISSION_DENIED"
        assert asking.is_model_ready("addition")
