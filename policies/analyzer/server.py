"""The pack as a process: serves the Analyzer protocol on a free loopback port until the engine is done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from pulumi.runtime.proto import analyzer_pb2

from policies.analyzer.adapter import Analyzer, RefusedError
from policies.control import Control
from policies.controls import load
from policies.evaluator import evaluate
from policies.waiver_files import read_waivers

SERVICE: Final = "pulumirpc.Analyzer"
# A stack with resource definitions in it is analysed in one message of several megabytes.
LARGEST_MESSAGE: Final = 400 * 1024 * 1024
SECONDS_BETWEEN_LOOKS: Final = 1.0

Call = Callable[[Any], Message]


def calls(analyzer: Analyzer) -> dict[str, tuple[Call, type[Message]]]:
    """Return each call of the protocol with what answers it and the kind of request it takes."""
    return {
        "Handshake": (analyzer.handshake, analyzer_pb2.AnalyzerHandshakeRequest),
        "ConfigureStack": (analyzer.configure_stack, analyzer_pb2.AnalyzerStackConfigureRequest),
        "Configure": (analyzer.configure, analyzer_pb2.ConfigureAnalyzerRequest),
        "GetPluginInfo": (analyzer.plugin_info, Empty),
        "GetAnalyzerInfo": (analyzer.analyzer_info, Empty),
        "Remediate": (analyzer.remediate, analyzer_pb2.AnalyzeRequest),
        "Analyze": (analyzer.analyze, analyzer_pb2.AnalyzeRequest),
        "AnalyzeStack": (analyzer.analyze_stack, analyzer_pb2.AnalyzeStackRequest),
        "Cancel": (analyzer.cancel, Empty),
    }


def listen(analyzer: Analyzer) -> tuple[grpc.Server, int]:
    """Start serving on loopback and return the server and its port."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=4),
        options=[
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
        ],
    )
    handlers = {name: _handler(answer, kind) for name, (answer, kind) in calls(analyzer).items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(announce: Callable[[int], object]) -> None:
    """Serve until told to stop, or until the process that started this one is gone.

    Raises ``UnreadableError`` for waivers that can't be read: nothing is judged with half of them.
    """
    server, port = listen(Analyzer(waivers=read_waivers()))
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    parent = os.getppid()
    announce(port)
    _rehearse(load())
    while not stopped.wait(SECONDS_BETWEEN_LOOKS) and os.getppid() == parent:
        pass
    server.stop(grace=None).wait()


def _rehearse(controls: Iterable[Control[Any]]) -> None:
    """Have each control judge an example of its own: the engine's first call then finds the catalog read."""
    for control in controls:
        for example in (*control.examples.bad[:1], *control.examples.good[:1]):
            evaluate(example.resources, controls=[control], config=example.config)


def _handler(answer: Call, kind: type[Message]) -> grpc.RpcMethodHandler[Any, Any]:
    def respond(request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return answer(request)
        except RefusedError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    return grpc.unary_unary_rpc_method_handler(
        respond, request_deserializer=kind.FromString, response_serializer=lambda response: response.SerializeToString()
    )
