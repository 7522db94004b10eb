"""One example for each model, as the bytes of a request in every protocol."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import service_pb2

Arrays = dict[str, npt.NDArray[Any]]
DATATYPES = {"float32": "FP32", "int64": "INT64"}
DIGITS = 4
TOKENS = 32
GRPC_METHOD = "/inference.GRPCInferenceService/ModelInfer"


class Protocol(StrEnum):
    """How a server is called."""

    JSON = "REST JSON"
    BINARY = "REST binary"
    GRPC = "gRPC"


@dataclass(frozen=True)
class Request:
    """The bytes of one inference request and what goes with them."""

    protocol: Protocol
    path: str
    body: bytes
    headers: dict[str, str]


def example(model: str, rows: int = 1, tokens: int = TOKENS) -> Arrays:
    """Inputs for a model, the same each time; JSON holds them without loss."""
    generator = np.random.default_rng(0)
    if model == "tiny":
        return {"X": generator.random((rows, 13), dtype=np.float32).round(DIGITS)}
    if model == "minilm":
        words = generator.integers(1000, 20000, (rows, tokens))
        return {"input_ids": words, "attention_mask": np.ones((rows, tokens), np.int64)}
    return {"data": generator.random((rows, 3, 224, 224), dtype=np.float32).round(DIGITS)}


def request(protocol: Protocol, model: str, inputs: Arrays) -> Request:
    """The request that asks a model for these inputs."""
    path = f"/v2/models/{model}/infer"
    if protocol is Protocol.GRPC:
        return Request(protocol, GRPC_METHOD, _message(model, inputs), {})
    if protocol is Protocol.BINARY:
        return _binary(path, inputs)
    body = json.dumps({"inputs": [{**_tensor(name, array), "data": _data(array)} for name, array in inputs.items()]})
    return Request(protocol, path, body.encode(), {"Content-Type": "application/json"})


def framed(message: bytes) -> bytes:
    """A gRPC message as HTTP/2 carries it: uncompressed, with its length."""
    return b"\0" + struct.pack(">I", len(message)) + message


def save(inputs: Arrays, file: Path) -> Path:
    """Keep inputs where another process reads them."""
    np.savez(file, allow_pickle=False, **inputs)
    return file


def _tensor(name: str, array: npt.NDArray[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": DATATYPES[array.dtype.name], "shape": list(array.shape)}


def _data(array: npt.NDArray[Any]) -> list[Any]:
    flat = array.ravel().tolist()
    return [round(value, DIGITS) for value in flat] if array.dtype.kind == "f" else flat


def _binary(path: str, inputs: Arrays) -> Request:
    tensors = [
        {**_tensor(name, array), "parameters": {"binary_data_size": array.nbytes}} for name, array in inputs.items()
    ]
    header = json.dumps({"inputs": tensors, "parameters": {"binary_data_output": True}}).encode()
    body = header + b"".join(array.tobytes() for array in inputs.values())
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(header))}
    return Request(Protocol.BINARY, path, body, headers)


def _message(model: str, inputs: Arrays) -> bytes:
    tensors = [
        service_pb2.ModelInferRequest.InferInputTensor(
            name=name, datatype=DATATYPES[array.dtype.name], shape=array.shape
        )
        for name, array in inputs.items()
    ]
    contents = [array.tobytes() for array in inputs.values()]
    message = service_pb2.ModelInferRequest(model_name=model, inputs=tensors, raw_input_contents=contents)
    encoded: bytes = message.SerializeToString()
    return encoded
