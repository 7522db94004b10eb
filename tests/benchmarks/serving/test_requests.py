"""The example requests, and the answers that are held against onnxruntime's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from tritonclient.grpc import service_pb2

from benchmarks.serving.answers import Expected, NotAnsweredError, from_grpc, from_rest
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.requests import Protocol, example, framed, request, save

VALUES = np.array([[0.25, 0.75]], np.float32)


@pytest.mark.parametrize("model", ["tiny", "minilm"])
def test_json_holds_an_example_without_loss(model: str) -> None:
    inputs = example(model)
    tensors = json.loads(request(Protocol.JSON, model, inputs).body)["inputs"]
    assert [each["name"] for each in tensors] == list(inputs)
    for tensor in tensors:
        array = inputs[tensor["name"]]
        assert tensor["shape"] == list(array.shape)
        assert np.array_equal(np.array(tensor["data"], array.dtype).reshape(array.shape), array)


def test_a_binary_request_has_its_tensors_behind_its_header() -> None:
    inputs = example("minilm", rows=2, tokens=3)
    asked = request(Protocol.BINARY, "minilm", inputs)
    length = int(asked.headers["Inference-Header-Content-Length"])
    header = json.loads(asked.body[:length])
    assert [each["parameters"]["binary_data_size"] for each in header["inputs"]] == [48, 48]
    assert asked.body[length:] == inputs["input_ids"].tobytes() + inputs["attention_mask"].tobytes()


def test_a_grpc_request_is_a_message_of_the_protocol() -> None:
    asked = request(Protocol.GRPC, "tiny", example("tiny"))
    message = service_pb2.ModelInferRequest.FromString(asked.body)
    assert (message.model_name, message.inputs[0].datatype, list(message.inputs[0].shape)) == ("tiny", "FP32", [1, 13])
    assert framed(asked.body)[:5] == b"\0" + len(asked.body).to_bytes(4, "big")


def test_an_example_is_the_same_each_time_and_can_be_kept(tmp_path: Path) -> None:
    with np.load(save(example("tiny"), tmp_path / "tiny.npz")) as kept:
        assert np.array_equal(kept["X"], example("tiny")["X"])


def test_an_output_is_found_in_json_and_behind_a_header() -> None:
    plain = {"outputs": [{"name": "label", "data": [1]}, {"name": "p", "data": [0.25, 0.75]}]}
    assert np.array_equal(from_rest(json.dumps(plain).encode(), None, "p"), VALUES[0])
    tensors = [{"name": name, "parameters": {"binary_data_size": size}} for name, size in (("label", 8), ("p", 8))]
    header = json.dumps({"outputs": tensors}).encode()
    content = header + np.array([1], np.int64).tobytes() + VALUES.tobytes()
    assert np.array_equal(from_rest(content, len(header), "p"), VALUES[0])
    with pytest.raises(NotAnsweredError, match=r"^no output 'q' in the answer$"):
        from_rest(json.dumps(plain).encode(), None, "q")


def test_an_output_is_found_in_raw_and_in_typed_contents() -> None:
    output = service_pb2.ModelInferResponse.InferOutputTensor(name="p", datatype="FP32", shape=[1, 2])
    raw = service_pb2.ModelInferResponse(outputs=[output], raw_output_contents=[VALUES.tobytes()])
    assert np.array_equal(from_grpc(raw.SerializeToString(), "p"), VALUES[0])
    output.contents.fp32_contents.extend([0.25, 0.75])
    typed = service_pb2.ModelInferResponse(outputs=[output])
    assert np.array_equal(from_grpc(typed.SerializeToString(), "p"), VALUES[0])
    with pytest.raises(NotAnsweredError, match=r"^no output 'q' in the answer$"):
        from_grpc(typed.SerializeToString(), "q")


@pytest.mark.parametrize("found", [[0.25, 0.74], [0.25], [[0.25, 0.75], [0.25, 0.75]]])
def test_another_answer_is_refused(found: list[object]) -> None:
    message = "a server gives a wrong answer: p is not what onnxruntime computes."
    with pytest.raises(MeasurementError, match=f"^{re.escape(message)}$"):
        Expected("p", VALUES).check(np.array(found, np.float32), "a server")
    Expected("p", VALUES).check(VALUES + 1e-6, "a server")
