"""``python candidates.py KIND PORT MODEL``: one way to serve ModelInfer; all of them answer with the same function.

Bare: no checks, no metrics, no limits, and of HTTP/2 only what a load generator asks for.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
from tritonclient.grpc.service_pb2 import ModelInferRequest, ModelInferResponse

SERVICE, CALL = "inference.GRPCInferenceService", "ModelInfer"
DATATYPES = {np.dtype(np.float32): "FP32", np.dtype(np.int64): "INT64"}
HEADERS = b"\x88\x0f\x10\x10application/grpc"
TRAILERS = b"\x10\x0bgrpc-status\x010"


def answering(model: str) -> Any:  # noqa: ANN401 - a function of bytes to bytes, given to libraries without types
    """What answers a request's bytes with the answer's."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]

    def answer(data: bytes) -> bytes:
        asked = ModelInferRequest.FromString(data)
        array = np.frombuffer(asked.raw_input_contents[0], np.float32).reshape(asked.inputs[0].shape)
        made = ModelInferResponse(model_name=asked.model_name, model_version="1", id=asked.id)
        for name, found in zip(names, session.run(None, {taken.name: array}), strict=True):
            made.outputs.add(name=name, datatype=DATATYPES[found.dtype], shape=found.shape)
            made.raw_output_contents.append(found.tobytes())
        encoded: bytes = made.SerializeToString()
        return encoded

    return answer


def threads(answer: Any, port: int) -> None:  # noqa: ANN401 - see answering
    """The package grpcio with a pool of threads."""
    grpc: Any = importlib.import_module("grpc")
    server = grpc.server(ThreadPoolExecutor(8))
    handler = grpc.unary_unary_rpc_method_handler(lambda data, context: answer(data))  # noqa: ARG005 - what is called so
    server.add_registered_method_handlers(SERVICE, {CALL: handler})
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


def asynchronous(answer: Any, port: int) -> None:  # noqa: ANN401 - see answering
    """The package grpcio on the event loop."""
    grpc: Any = importlib.import_module("grpc")

    async def handle(data: bytes, context: object) -> bytes:
        del context
        return answer(data)  # type: ignore[no-any-return]  # see answering

    async def serve() -> None:
        server = grpc.aio.server()
        handler = grpc.unary_unary_rpc_method_handler(handle)
        server.add_registered_method_handlers(SERVICE, {CALL: handler})
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        await server.wait_for_termination()

    importlib.import_module("uvloop").run(serve())


def pure_python(answer: Any, port: int) -> None:  # noqa: ANN401 - see answering
    """The package grpclib, on h2."""
    server: Any = importlib.import_module("grpclib.server")
    const: Any = importlib.import_module("grpclib.const")
    base: Any = importlib.import_module("grpclib.encoding.base")

    class Plain(base.CodecBase):  # type: ignore[misc]  # a class of a module that is imported by name
        __content_subtype__ = "proto"

        def encode(self, message: bytes, kind: object) -> bytes:
            del kind
            return message

        def decode(self, data: bytes, kind: object) -> bytes:
            del kind
            return data

    class Handlers:
        async def infer(self, stream: Any) -> None:  # noqa: ANN401 - see answering
            await stream.send_message(answer(await stream.recv_message()))

        def __mapping__(self) -> dict[str, object]:
            unary = const.Cardinality.UNARY_UNARY
            return {f"/{SERVICE}/{CALL}": const.Handler(self.infer, unary, bytes, bytes)}

    async def serve() -> None:
        serving = server.Server([Handlers()], codec=Plain())
        await serving.start("127.0.0.1", port)
        await serving.wait_closed()

    importlib.import_module("uvloop").run(serve())


def state_machine(answer: Any, port: int, package: str = "h2") -> None:  # noqa: ANN401 - see answering
    """The package h2 (or jh2, the same with header compression in Rust) behind an asyncio protocol."""
    modules: list[Any] = [importlib.import_module(f"{package}.{name}") for name in ("config", "connection", "events")]
    config, connection, events = modules

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - narrower than asyncio's own
            settings = {"validate_inbound_headers": False, "validate_outbound_headers": False}
            self.transport = transport
            self.state = connection.H2Connection(config.H2Configuration(client_side=False, **settings))
            self.bodies: dict[int, bytearray] = {}
            self.state.initiate_connection()
            transport.write(self.state.data_to_send())

        def data_received(self, data: bytes) -> None:
            for event in self.state.receive_data(data):
                if isinstance(event, events.RequestReceived):
                    self.bodies[event.stream_id] = bytearray()
                elif isinstance(event, events.DataReceived):
                    self.bodies[event.stream_id] += event.data
                    self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, events.StreamEnded):
                    self.reply(event.stream_id, answer(bytes(self.bodies.pop(event.stream_id)[5:])))
            self.transport.write(self.state.data_to_send())

        def reply(self, stream: int, body: bytes) -> None:
            self.state.send_headers(stream, ((":status", "200"), ("content-type", "application/grpc")))
            self.state.send_data(stream, b"\0" + len(body).to_bytes(4, "big") + body)
            self.state.send_headers(stream, (("grpc-status", "0"),), end_stream=True)

    _listen(Protocol, port)


class FrameProtocol(asyncio.Protocol):
    """One connection of the server of frames by hand."""

    def __init__(self, answer: Any, decoder: Any) -> None:  # noqa: ANN401 - see answering
        self.answer, self.headers = answer, decoder
        self.unread, self.greeted = b"", False
        self.bodies: dict[int, bytes] = {}

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - narrower than asyncio's own
        """Say hello."""
        self.transport = transport
        transport.write(_frame(4, 0, 0, b"\0\4\0\x10\0\0") + _frame(8, 0, 0, (1 << 30).to_bytes(4, "big")))

    def data_received(self, data: bytes) -> None:
        """Answer every frame that is complete."""
        data, position, out = self.unread + data, 0 if self.greeted else 24, b""
        self.greeted = True
        while len(data) - position >= 9:  # noqa: PLR2004 - the head of a frame
            end = position + 9 + int.from_bytes(data[position : position + 3], "big")
            if end > len(data):
                break
            kind, flags = data[position + 3 : position + 5]
            stream = int.from_bytes(data[position + 5 : position + 9], "big")
            out += self._reply(kind, flags, stream, data[position + 9 : end])
            position = end
        self.unread = data[position:]
        self.transport.write(out)

    def _reply(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        if kind == 0:
            return self._body(flags, stream, payload)
        if kind == 1:
            self.headers.decode(payload[5:] if flags & 32 else payload, True)
            self.bodies[stream] = b""
        return _frame(4, 1, 0, b"") if kind == 4 and not flags & 1 else b""  # noqa: PLR2004 - settings, not yet said

    def _body(self, flags: int, stream: int, payload: bytes) -> bytes:
        self.bodies[stream] += payload
        window = _frame(8, 0, 0, len(payload).to_bytes(4, "big"))
        if not flags & 1:
            return window
        body = self.answer(self.bodies.pop(stream)[5:])
        message = _frame(0, 0, stream, b"\0" + len(body).to_bytes(4, "big") + body)
        return window + _frame(1, 4, stream, HEADERS) + message + _frame(1, 5, stream, TRAILERS)


def own_frames(answer: Any, port: int) -> None:  # noqa: ANN401 - see answering
    """HTTP/2 frames by hand; headers by jh2's Rust decoder. What an own server could cost at the least."""
    decoder: Any = importlib.import_module("jh2.hpack").Decoder
    _listen(lambda: FrameProtocol(answer, decoder()), port)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def rust(answer: Any, port: int) -> None:  # noqa: ANN401 - see answering
    """The package pygrpc-native: HTTP/2 in Rust, calls handed over in batches."""
    native: Any = importlib.import_module("pygrpc_native")
    front = native.NativeGrpcFront(f"127.0.0.1:{port}", [(f"/{SERVICE}/{CALL}", False)], io_threads=1)
    front.start()
    while (events := front.recv_batch(64)) is not None:
        for kind, call, _, payload, _ in events:
            if kind == native.EVENT_CALL:
                front.respond(call, answer(payload))


def _listen(protocol: Callable[[], asyncio.Protocol], port: int) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", port)
        await server.serve_forever()

    importlib.import_module("uvloop").run(serve())


CANDIDATES = {
    "grpcio, threads": threads,
    "grpcio, asyncio": asynchronous,
    "grpclib": pure_python,
    "h2": state_machine,
    "jh2": lambda answer, port: state_machine(answer, port, "jh2"),
    "own frames": own_frames,
    "pygrpc-native": rust,
}

if __name__ == "__main__":
    CANDIDATES[sys.argv[1]](answering(sys.argv[3]), int(sys.argv[2]))
