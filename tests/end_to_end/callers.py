"""Clients that ask one endpoint through the gateway, one request after the other, and keep what they were told."""

from __future__ import annotations

import json
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import httpx2
from tritonclient.grpc.service_pb2 import ModelInferRequest, ModelInferResponse

from tests.end_to_end.conftest import ROOT

REQUEST = json.loads((ROOT / "examples" / "requests" / "iris.json").read_text())
PAUSE = 0.01
LONGEST = 20.0
TIRED = 40
"""How often a client that tries again does so: for two seconds, with the pause below."""
RETRY_PAUSE = 0.05


class Caller(threading.Thread, ABC):
    """Asks until told to stop. With ``tries_again``, as clients do that can, it asks anew where it got no answer."""

    def __init__(self, endpoint: dict[str, str], authority: str, *, tries_again: bool = False) -> None:
        super().__init__(daemon=True)
        self.statuses: Counter[str] = Counter()
        self.versions: list[str] = []
        self.retried = 0
        self.done = threading.Event()
        self._endpoint = endpoint
        self._authority = authority
        self._tries = TIRED if tries_again else 1

    def run(self) -> None:
        with self._connected():
            while not self.done.is_set():
                self.statuses[self._answered()] += 1
                time.sleep(PAUSE)

    def _answered(self) -> str:
        status = ""
        for attempt in range(self._tries):
            if attempt:
                self.retried += 1
                time.sleep(RETRY_PAUSE)
            status, version = self._ask()
            if version is not None:
                self.versions.append(version)
                break
        return status

    @abstractmethod
    def _connected(self) -> Any:  # noqa: ANN401 - a context of either library
        """Hold what is needed to ask."""

    @abstractmethod
    def _ask(self) -> tuple[str, str | None]:
        """The status of a request, and the version that answered."""


class RestCaller(Caller):
    """Over HTTPS, each request on a connection that may be new."""

    @contextmanager
    def _connected(self) -> Iterator[None]:
        limits = httpx2.Limits(max_keepalive_connections=1, keepalive_expiry=0.5)
        context = ssl.create_default_context(cadata=self._authority)
        with httpx2.Client(verify=context, trust_env=False, timeout=LONGEST, limits=limits) as self._client:
            yield

    def _ask(self) -> tuple[str, str | None]:
        host = self._endpoint["host"]
        try:
            response = self._client.post(
                f"https://{self._endpoint['address']}:{self._endpoint['port']}/v2/models/iris/infer",
                json=REQUEST,
                headers={"host": host},
                extensions={"sni_hostname": host},
            )
        except httpx2.HTTPError as error:
            return type(error).__name__, None
        answered = response.status_code == httpx2.codes.OK
        return str(response.status_code), response.json()["model_version"] if answered else None


class GrpcCaller(Caller):
    """Over one gRPC connection."""

    @contextmanager
    def _connected(self) -> Iterator[None]:
        host = self._endpoint["host"]
        with grpc.secure_channel(
            f"{self._endpoint['address']}:{self._endpoint['port']}",
            grpc.ssl_channel_credentials(self._authority.encode()),
            [("grpc.ssl_target_name_override", host), ("grpc.default_authority", host)],
        ) as channel:
            self._call = channel.unary_unary(
                "/inference.GRPCInferenceService/ModelInfer",
                request_serializer=ModelInferRequest.SerializeToString,
                response_deserializer=ModelInferResponse.FromString,
            )
            yield

    def _ask(self) -> tuple[str, str | None]:
        request = ModelInferRequest(model_name="iris")
        for tensor in REQUEST["inputs"]:
            entry = request.inputs.add(name=tensor["name"], datatype=tensor["datatype"], shape=tensor["shape"])
            values = tensor["data"]
            while isinstance(values[0], list):
                values = [value for row in values for value in row]
            entry.contents.fp32_contents.extend(values)
        try:
            return "OK", str(self._call(request, timeout=LONGEST).model_version)
        except grpc.RpcError as error:
            return error.code().name, None


@contextmanager
def asking(callers: list[Caller]) -> Iterator[None]:
    """Have them ask meanwhile; each has been answered once when this begins."""
    for caller in callers:
        caller.start()
    try:
        deadline = time.monotonic() + LONGEST
        while not all(caller.versions for caller in callers):
            assert time.monotonic() < deadline, [caller.statuses for caller in callers]
            time.sleep(PAUSE)
        yield
    finally:
        for caller in callers:
            caller.done.set()
        for caller in callers:
            caller.join(timeout=2 * LONGEST)


def assert_all_answered(callers: list[Caller]) -> None:
    """Not one request without its answer."""
    statuses = sum((caller.statuses for caller in callers), Counter[str]())
    assert set(statuses) <= {"200", "OK"}, statuses
    assert all(caller.versions for caller in callers)
