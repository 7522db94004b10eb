"""Calls a server once and holds its answer against ONNX Runtime's own."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
from tritonclient.grpc import service_pb2

from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.requests import Protocol, Request

HOST = "127.0.0.1"
PATIENCE = 60.0
HEADER_LENGTH = "inference-header-content-length"
RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""How far an answer may be from ONNX Runtime's: kernels round differently by batch size, and so do peers' codecs."""
Numbers = npt.NDArray[Any]


class NotAnsweredError(Exception):
    """The server is not there yet, or refused."""


@dataclass(frozen=True)
class Expected:
    """An output and the values that it must have."""

    name: str
    values: Numbers

    def check(self, found: Numbers, who: str) -> None:
        """Refuse another answer."""
        if found.size != self.values.size or not np.allclose(
            found.ravel(), self.values.ravel(), rtol=RELATIVE, atol=ABSOLUTE
        ):
            raise MeasurementError(f"{who} gives a wrong answer: {self.name} is not what onnxruntime computes.")


class Caller:
    """One connection that asks for one output, again and again."""

    def __init__(self, port: int, output: str, patience: float = PATIENCE) -> None:
        self._port = port
        self._output = output
        self._patience = patience
        self._connection = http.client.HTTPConnection(HOST, port, timeout=patience)

    def call(self, request: Request) -> Numbers:
        """The values of the output; raises NotAnsweredError where there are none."""
        try:
            return self._grpc(request) if request.protocol is Protocol.GRPC else self._rest(request)
        except (OSError, http.client.HTTPException, grpc.RpcError) as problem:
            self.close()
            raise NotAnsweredError(repr(problem)) from problem

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _rest(self, request: Request) -> Numbers:
        self._connection.request("POST", request.path, request.body, request.headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            raise NotAnsweredError(f"{answer.status}: {content[:200]!r}")
        length = answer.getheader(HEADER_LENGTH)
        return from_rest(content, int(length) if length else None, self._output)

    def _grpc(self, request: Request) -> Numbers:
        return from_grpc(call_grpc(self._port, request, self._patience), self._output)


def call_grpc(port: int, request: Request, patience: float = PATIENCE) -> bytes:
    """The message that a gRPC call on a connection of its own brings back."""
    with grpc.insecure_channel(f"{HOST}:{port}") as channel:
        content: bytes = channel.unary_unary(request.path, None, None)(request.body, timeout=patience)
    return content


def from_rest(content: bytes, header_length: int | None, output: str) -> Numbers:
    """An output of a REST answer: numbers in JSON, or bytes after a header of this length."""
    answer = json.loads(content[:header_length])
    place = header_length or 0
    for tensor in answer["outputs"]:
        size = _binary_size(tensor) if header_length is not None else 0
        if tensor["name"] == output:
            if size:
                return np.frombuffer(content[place : place + size], np.float32)
            return np.array(tensor["data"], np.float32)
        place += size
    raise NotAnsweredError(f"no output '{output}' in the answer")


def from_grpc(content: bytes, output: str) -> Numbers:
    """An output of a gRPC answer: raw bytes or typed contents."""
    answer = service_pb2.ModelInferResponse.FromString(content)
    for place, tensor in enumerate(answer.outputs):
        if tensor.name == output:
            if answer.raw_output_contents:
                return np.frombuffer(answer.raw_output_contents[place], np.float32)
            return np.array(tensor.contents.fp32_contents, np.float32)
    raise NotAnsweredError(f"no output '{output}' in the answer")


def _binary_size(tensor: Mapping[str, Any]) -> int:
    return int((tensor.get("parameters") or {}).get("binary_data_size", 0))
