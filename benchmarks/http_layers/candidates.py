"""``python candidates.py KIND PORT MODELS``: one way to serve inference; all of them run the same codec and model.

But for ours they are bare: no limits, times, metrics, routes or errors, and only what a load generator asks for.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httptools
import onnxruntime
import uvloop
from onnxruntime_server.engine.work import Servable, Work
from onnxruntime_server.http.endpoints import Endpoints
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.server import HttpServer
from onnxruntime_server.metrics import Metrics
from onnxruntime_server.protocol.codec import decode_request, encode_response
from onnxruntime_server.protocol.datatypes import ONNX
from onnxruntime_server.protocol.messages import InferRequest, InferResponse, Limits, ModelMetadata, Tensor

Outcome = Callable[[Any], None]
LIMITS = Limits()


class Model:
    """A session, and what our server asks of the rest of itself."""

    ready = True

    def __init__(self, models: Path) -> None:
        (file,) = models.glob("*/1/model.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._outputs = [(output.name, ONNX[output.type]) for output in self._session.get_outputs()]

    def run(self, request: InferRequest) -> InferResponse:
        """The answer to a request."""
        found = self._session.run(None, {tensor.name: tensor.array for tensor in request.inputs})
        tensors = [Tensor(name, kind, array) for (name, kind), array in zip(self._outputs, found, strict=True)]
        return InferResponse("model", "1", tuple(tensors), request.id)

    def answer(self, body: bytes) -> bytes:
        """The body of the answer to a body."""
        request = decode_request(body, None, LIMITS)
        encoded, _ = encode_response(self.run(request), request)
        return encoded

    def submit(
        self, name: str, version: str | None, request: InferRequest, deliver: Outcome, *, received: float | None = None
    ) -> Work | None:
        """As our service does, without its checks and batches."""
        del name, version, received
        deliver(self.run(request))
        return None

    def servable(self, name: str, version: str | None) -> Servable:
        """Nobody asks for it here."""
        raise NotImplementedError

    def metadata(self, name: str, version: str | None) -> ModelMetadata:
        """Nobody asks for it here."""
        raise NotImplementedError

    def index(self) -> list[dict[str, str]]:
        """Nobody asks for it here."""
        raise NotImplementedError

    def load_model(self, name: str) -> None:
        """Nobody asks for it here."""

    def unload_model(self, name: str) -> None:
        """Nobody asks for it here."""


def ours(model: Model, port: int) -> None:
    """The layer of the server: httptools under uvloop, with everything that bounds it."""

    async def serve() -> None:
        metrics = Metrics()
        server = HttpServer(Endpoints(model, model, metrics, Limits()), metrics, HttpOptions())
        await server.start([socket.create_server(("127.0.0.1", port), backlog=1024)])
        await asyncio.Event().wait()

    uvloop.run(serve())


def bare_protocol(model: Model) -> type[asyncio.Protocol]:
    """The same parser and nothing else: what a layer of this kind can cost at the least."""

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - narrower than asyncio's own
            self.transport, self.body = transport, b""
            self.parser = httptools.HttpRequestParser(self)

        def data_received(self, data: bytes) -> None:
            self.parser.feed_data(data)

        def on_body(self, body: bytes) -> None:
            self.body += body

        def on_message_complete(self) -> None:
            body, self.body = model.answer(self.body), b""
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(head % len(body) + body)

    return Protocol


def bare(model: Model, port: int) -> None:
    """The bare protocol under uvloop."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(bare_protocol(model), "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(serve())


def asgi(model: Model) -> Any:  # noqa: ANN401 - an ASGI application
    """A bare ASGI application."""

    async def application(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        answer = model.answer(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return application


def uvicorn(model: Model, port: int) -> None:
    """Uvicorn with httptools and uvloop, and no log of requests."""
    importlib.import_module("uvicorn").run(
        asgi(model), host="127.0.0.1", port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False
    )


def granian(model: Model, port: int) -> None:
    """Granian's own interface, RSGI, with the loop in the same process."""

    async def application(scope: Any, protocol: Any) -> None:  # noqa: ANN401 - RSGI's own
        del scope
        protocol.response_bytes(200, [("content-type", "application/json")], model.answer(await protocol()))

    server = importlib.import_module("granian.server.embed").Server
    rsgi = importlib.import_module("granian.constants").Interfaces.RSGI
    uvloop.run(server(application, address="127.0.0.1", port=port, interface=rsgi, log_enabled=False).serve())


CANDIDATES = {
    "bare httptools": bare,
    "this layer": ours,
    "uvicorn": uvicorn,
    "granian": granian,
}

if __name__ == "__main__":
    CANDIDATES[sys.argv[1]](Model(Path(sys.argv[3])), int(sys.argv[2]))
