"""Clients that hold what an endpoint answers to what ONNX Runtime itself answers, and note which side it came from."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import httpx2
import numpy as np
import onnxruntime
from tritonclient.grpc.service_pb2 import ModelInferRequest, ModelInferResponse
from tritonclient.utils import deserialize_bytes_tensor

from tests.end_to_end.callers import LONGEST, REQUEST, RestCaller
from tests.end_to_end.conftest import ROOT

MODEL = ROOT / "examples" / "models" / "iris" / "iris" / "1" / "model.onnx"
SIDE = "falaj-side"
"""The header by which a router says who answered."""
Endpoint = tuple[dict[str, str], str]
"""Where an endpoint answers, and the authority behind its certificate."""


def expected(request: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """What ONNX Runtime itself answers."""
    session = onnxruntime.InferenceSession(MODEL)
    tensor = request["inputs"][0]
    rows = np.array(tensor["data"], dtype=np.float32).reshape(tensor["shape"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {tensor["name"]: rows}), strict=True))


def is_right(outputs: list[dict[str, Any]], wanted: dict[str, np.ndarray[Any, Any]]) -> bool:
    """Whether an answer holds, bit by bit, what ONNX Runtime answers.

    Where a row has one element and no further dimension, as a label, Triton writes one of size 1 and ONNX Runtime none.
    """
    given = {output["name"]: output for output in outputs}
    return given.keys() == wanted.keys() and all(
        tuple(given[name]["shape"]) in {array.shape, (*array.shape, 1)}
        and np.array_equal(np.array(given[name]["data"], dtype=array.dtype).ravel(), array.ravel())
        for name, array in wanted.items()
    )


def ask(endpoint: Endpoint, request: dict[str, Any], **headers: str) -> httpx2.Response:
    """One request over HTTPS, the server's certificate held to the environment's authority."""
    way, authority = endpoint
    with httpx2.Client(verify=ssl.create_default_context(cadata=authority), trust_env=False, timeout=LONGEST) as client:
        return client.post(
            f"https://{way['address']}:{way['port']}/v2/models/iris/infer",
            json=request,
            headers={"host": way["host"], **{name.replace("_", "-"): value for name, value in headers.items()}},
            extensions={"sni_hostname": way["host"]},
        )


def call(endpoint: Endpoint, request: dict[str, Any]) -> tuple[str | None, list[dict[str, Any]]]:
    """One request over gRPC: the side that the router names, and what was answered."""
    way, authority = endpoint
    tensor = request["inputs"][0]
    asked = ModelInferRequest(model_name="iris")
    entry = asked.inputs.add(name=tensor["name"], datatype=tensor["datatype"], shape=tensor["shape"])
    entry.contents.fp32_contents.extend(value for row in tensor["data"] for value in row)
    options = [("grpc.ssl_target_name_override", way["host"]), ("grpc.default_authority", way["host"])]
    credentials = grpc.ssl_channel_credentials(authority.encode())
    with grpc.secure_channel(f"{way['address']}:{way['port']}", credentials, options) as channel:
        infer = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=ModelInferRequest.SerializeToString,
            response_deserializer=ModelInferResponse.FromString,
        )
        answer, told = infer.with_call(asked, timeout=LONGEST)
    metadata = dict([*told.initial_metadata(), *told.trailing_metadata()])
    outputs = [
        {"name": output.name, "shape": list(output.shape), "data": values(output.datatype, raw)}
        for output, raw in zip(answer.outputs, answer.raw_output_contents, strict=True)
    ]
    side = metadata.get(SIDE)
    return None if side is None else str(side), outputs


def values(datatype: str, raw: bytes) -> list[Any]:
    """The numbers or texts of a tensor as gRPC carries it."""
    if datatype == "BYTES":
        return [text.decode() for text in deserialize_bytes_tensor(raw)]
    assert datatype == "FP32"
    return list(np.frombuffer(raw, np.float32))


class Checked(RestCaller):
    """Holds every answer to what ONNX Runtime answers, and counts the sides they came from."""

    def __init__(self, endpoint: dict[str, str], authority: str) -> None:
        super().__init__(endpoint, authority)
        self.sides: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._wanted = expected(REQUEST)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        with super()._connected():
            self._client.event_hooks = {"response": [self._look]}
            yield

    def _look(self, response: httpx2.Response) -> None:
        response.read()
        self.sides[response.headers.get(SIDE, "nobody")] += 1
        if response.status_code != httpx2.codes.OK or not is_right(response.json()["outputs"], self._wanted):
            self.wrong.append(response.text)
