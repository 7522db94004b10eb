"""The HTTP layer in the test's own process, in front of models that do what the test says."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import uvloop
from onnxruntime_server.engine.work import Servable, Work
from onnxruntime_server.errors import ForbiddenError, NotFoundError, ServerError
from onnxruntime_server.http.endpoints import Endpoints
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.server import HttpServer
from onnxruntime_server.metrics import ModelStatistics
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.messages import InferRequest, InferResponse, ModelMetadata, Tensor, TensorSpec
from onnxruntime_server.repository.configuration import ModelSettings

PATIENCE = 30.0
Deliver = Callable[[InferResponse | ServerError], None]
Result = TypeVar("Result")


@dataclass
class Pending:
    """A request that the test answers."""

    request: InferRequest
    deliver: Deliver
    work: Work

    def answer(self) -> None:
        tensors = tuple(Tensor(f"out_{each.name}", each.datatype, each.array) for each in self.request.inputs)
        self.deliver(InferResponse("model", "1", tensors, self.request.id))


class FakeServable:
    """A version of a model that is only looked at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = "1"
        self.metadata = ModelMetadata(
            name, ("1",), (TensorSpec("x", Datatype.FP32, (-1,)),), (TensorSpec("out_x", Datatype.FP32, (-1,)),)
        )
        self.statistics = ModelStatistics()
        self.settings = ModelSettings()
        self.generation: int | None = None

    def submit(self, work: Work) -> None:
        raise NotImplementedError

    def warm_up(self) -> dict[str, object]:
        raise NotImplementedError

    def close(self, seconds: float) -> None:
        raise NotImplementedError


@dataclass
class FakeBackend:
    """Service, models and counts in one. ``echo`` answers at once, ``held`` when told to, ``broken`` raises."""

    ready: bool = True
    control: bool = False
    pending: list[Pending] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    actions: list[str] = field(default_factory=list)
    responses: Counter[int] = field(default_factory=Counter)
    refusal: ServerError | None = None
    large: int = 0

    def __post_init__(self) -> None:
        self.models: dict[str, Servable] = {name: FakeServable(name) for name in ("echo", "held", "broken", "a b/ف")}

    def submit(
        self,
        name: str,
        version: str | None,
        request: InferRequest,
        deliver: Deliver,
        *,
        received: float | None = None,
    ) -> Work | None:
        del received
        self.servable(name, version)
        if name == "broken":
            raise RuntimeError("784-1990-secret")
        pending = Pending(request, deliver, Work({}, [], lambda *_: None))
        if self.refusal is not None:
            deliver(self.refusal)
            return None
        if name == "held":
            self.pending.append(pending)
            self.arrived.set()
            return pending.work
        if self.large:
            zeros = Tensor("out", Datatype.UINT8, np.zeros(self.large, np.uint8))
            deliver(InferResponse(name, "1", (zeros,), request.id))
        else:
            pending.answer()
        return pending.work

    async def until_pending(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.pending) < count:
                self.arrived.clear()
                await self.arrived.wait()

    def servable(self, name: str, version: str | None) -> Servable:
        if name not in self.models or version not in {None, "1"}:
            raise NotFoundError(f"no model '{name}'")
        return self.models[name]

    def metadata(self, name: str, version: str | None) -> ModelMetadata:
        return self.servable(name, version).metadata

    def index(self) -> list[dict[str, str]]:
        found = [{"name": name, "version": "1", "state": "READY", "reason": ""} for name in self.models]
        return [*found, {"name": "spoilt", "version": "2", "state": "UNAVAILABLE", "reason": "opset 99"}]

    def load_model(self, name: str) -> None:
        self._act("load", name)

    def unload_model(self, name: str) -> None:
        self._act("unload", name)

    def _act(self, what: str, name: str) -> None:
        if not self.control:
            raise ForbiddenError("model control is off; start the server with --model-control")
        self.actions.append(f"{what} {name}")

    def text(self) -> bytes:
        return b"# HELP up Whether.\n"


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the server does by itself."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the server has no event for a test to wait for
            await asyncio.sleep(0.01)


@dataclass
class Layer:
    """A running server."""

    server: HttpServer
    backend: FakeBackend
    address: tuple[str, int]
    faults: list[dict[str, Any]]

    async def exchange(self, *parts: bytes) -> bytes:
        """What comes back on a connection of its own, to its end, for bytes that are sent part by part."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(*self.address)
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            received = await reader.read()
            writer.close()
            return received


@asynccontextmanager
async def layer(
    options: HttpOptions | None = None,
    backend: FakeBackend | None = None,
    tracer: Any = None,  # noqa: ANN401 - a recorder
) -> AsyncIterator[Layer]:
    """A server on a free port of the loopback. An exception that reaches the event loop fails the test."""
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    used = backend or FakeBackend()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    address = listener.getsockname()
    used_options = options or HttpOptions()
    server = HttpServer(Endpoints(used, used, used, used_options.limits), used, used_options, tracer)
    await server.start([listener])
    try:
        yield Layer(server, used, address, faults)
    finally:
        await server.stop(0)
    assert faults == []


def run(scenario: Coroutine[Any, Any, Result]) -> Result:
    """On the event loop that the server uses."""
    return uvloop.run(scenario)


def floats(*values: float, name: str = "x") -> dict[str, Any]:
    return {"name": name, "shape": [len(values)], "datatype": "FP32", "data": values}


def infer(
    *values: float, model: str = "echo", close: bool = False, headers: tuple[str, ...] = (), **more: object
) -> bytes:
    """A whole request for a prediction."""
    body = json.dumps({"inputs": [floats(*values)], **more}).encode()
    lines = [f"POST /v2/models/{model}/infer HTTP/1.1", "host: x", f"content-length: {len(body)}", *headers]
    if close:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str, *headers: str, close: bool = False, method: str = "GET") -> bytes:
    """A whole request without a body."""
    lines = [f"{method} {path} HTTP/1.1", "host: x", *headers]
    if close:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True)
class Reply:
    """An answer as it was read."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - a JSON document
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json["error"])


def replies(received: bytes, *, heads_only: bool = False) -> list[Reply]:
    """Every answer in what came back; nothing may be left over."""
    found = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        assert separator, f"a head without an end: {head!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        status = int(first.split(" ")[1])
        length = 0 if heads_only or status == 100 else int(headers["content-length"])
        assert len(received) >= length, "a body that is cut short"
        found.append(Reply(status, headers, received[:length]))
        received = received[length:]
    return found


def only(received: bytes) -> Reply:
    """The one answer."""
    (found,) = replies(received)
    return found
