"""Deadlines, cancelled calls, limits and the end of the gRPC server."""

from __future__ import annotations

import gc
import queue
import socket
import threading
from typing import Any

import grpc
import pytest
from onnxruntime_server.grpc_server.options import GrpcOptions
from onnxruntime_server.grpc_server.server import GrpcServer
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as messages

from tests.serving_images.onnxruntime.grpc_backend import (
    INFER,
    PATIENCE,
    STREAM,
    Counts,
    Echo,
    OneModel,
    Running,
    request,
    running,
)


def test_the_deadline_of_the_call_reaches_the_service() -> None:
    with running() as server:
        server.call("ModelInfer", request(), timeout=5)
        seconds = server.service.asked[-1][3]
        assert seconds is not None
        assert 0 < seconds < 6
        with server.channel() as channel:
            channel.unary_unary(INFER)(request())
        assert server.service.asked[-1][3] is None


def test_a_cancelled_call_is_abandoned() -> None:
    with running() as server, server.channel() as channel:
        server.service.release = threading.Event()
        call = channel.unary_unary(INFER).future(request())
        assert server.service.begun.wait(PATIENCE)
        call.cancel()
        assert server.service.abandoned.wait(PATIENCE)


def test_calls_over_the_limit_are_refused() -> None:
    with running(calls=1, streams=1) as server, server.channel() as channel:
        server.service.release = threading.Event()
        ask = channel.unary_unary(INFER)
        calls = [ask.future(request()) for _ in range(3)]
        ended: queue.Queue[Any] = queue.Queue()
        for call in calls:
            call.add_done_callback(ended.put)
        refused = ended.get(timeout=PATIENCE)
        server.service.release.set()
        assert (refused.code().name, refused.details()) == ("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!")
        assert sorted(call.code().name for call in calls) == ["OK", "OK", "RESOURCE_EXHAUSTED"]


def test_messages_over_the_memory_for_all_are_refused() -> None:
    big = request(id="i" * 90_000)
    with running() as server, server.channel() as channel:
        server.service.release = threading.Event()
        ask = channel.unary_unary(INFER)
        held = [ask.future(big) for _ in range(4)]
        while len(server.service.asked) < 4:
            server.service.begun.clear()
            assert server.service.begun.wait(PATIENCE) or len(server.service.asked) == 4
        assert server.refusal("ModelInfer", big) == (
            "RESOURCE_EXHAUSTED",
            f"the server is busy: it holds {4 * len(big)} bytes of requests",
        )
        server.service.release.set()
        assert [call.code().name for call in held] == ["OK"] * 4
        assert server.call("ModelInfer", big)


def test_a_message_that_does_not_come_ends_its_call() -> None:
    with running(message_seconds=0.2) as server, server.channel() as channel:
        never: queue.Queue[bytes | None] = queue.Queue()
        ask = channel.stream_unary(INFER)
        with pytest.raises(grpc.RpcError) as ended:
            ask(iter(never.get, None), timeout=PATIENCE)
        never.put(None)
        assert ended.value.code().name == "CANCELLED"
        with pytest.raises(grpc.RpcError) as empty:
            ask(iter([]), timeout=PATIENCE)
        assert (empty.value.code().name, empty.value.details()) == ("INVALID_ARGUMENT", "the call has no message")
        assert server.call("ServerLive", b"")


def test_calls_that_were_cut_off_leave_their_places_on_the_connection_to_others() -> None:
    """At once, and not when garbage is looked for the next time."""
    gc.disable()
    try:
        with running(message_seconds=0.05, calls_of_a_connection=4) as server, server.channel() as channel:
            for _ in range(5):
                never: queue.Queue[bytes | None] = queue.Queue()
                with pytest.raises(grpc.RpcError) as ended:
                    channel.stream_unary(INFER)(iter(never.get, None), timeout=PATIENCE)
                never.put(None)
                assert ended.value.code().name == "CANCELLED"
            assert channel.unary_unary(INFER)(request(), timeout=PATIENCE)
    finally:
        gc.enable()


def test_streams_over_the_limit_are_refused_and_calls_are_not() -> None:
    with running(streams=1) as server, server.channel() as channel:
        open_stream: queue.Queue[bytes | None] = queue.Queue()
        ask = channel.stream_stream(STREAM)
        first = ask(iter(open_stream.get, None))
        open_stream.put(request())
        assert next(first)
        with pytest.raises(grpc.RpcError) as refused:
            next(ask(iter([request()])))
        assert (refused.value.code().name, refused.value.details()) == (
            "RESOURCE_EXHAUSTED",
            "1 streams are open already",
        )
        assert server.call("ModelInfer", request())
        open_stream.put(None)
        assert list(first) == []
        assert list(ask(iter([request()])))


def test_stopping_answers_what_is_asked_and_ends_quiet_streams() -> None:
    with running() as server, server.channel() as channel:
        quiet: queue.Queue[bytes | None] = queue.Queue()
        stream = channel.stream_stream(STREAM)(iter(quiet.get, None))
        quiet.put(request())
        assert next(stream)
        server.service.begun.clear()
        server.service.release = threading.Event()
        asked = channel.unary_unary(INFER).future(request())
        assert server.service.begun.wait(PATIENCE)
        stopping = threading.Thread(target=server.server.stop, args=(PATIENCE,))
        stopping.start()
        with pytest.raises(grpc.RpcError):
            next(stream)
        quiet.put(None)
        assert stopping.is_alive()
        server.service.release.set()
        stopping.join(PATIENCE)
        assert not stopping.is_alive()
        assert asked.code() is grpc.StatusCode.OK


def test_a_call_over_the_grace_period_is_cut_off() -> None:
    with running() as server, server.channel() as channel:
        server.service.release = threading.Event()
        asked = channel.unary_unary(INFER).future(request())
        assert server.service.begun.wait(PATIENCE)
        server.server.stop(0.1)
        assert asked.exception(PATIENCE) is not None
        assert server.service.abandoned.wait(PATIENCE)


def test_a_model_that_loads_and_a_server_that_drains_are_not_ready() -> None:
    def ready(server: Running, method: str, question: bytes) -> bool:
        return messages.ModelReadyResponse.FromString(server.call(method, question)).ready

    with running() as server:
        server.models.loading = True
        assert not ready(server, "ModelReady", b"\x0a\x01m")
        assert server.refusal("ModelInfer", request()) == ("UNAVAILABLE", "model 'm' is still loading")
        server.models.loading = False
        assert ready(server, "ModelReady", b"\x0a\x01m")
        assert ready(server, "ServerReady", b"")
        server.server.set_serving(ready=False)
        assert not ready(server, "ServerReady", b"")
        assert not ready(server, "ModelReady", b"\x0a\x01m")
        assert server.call("ModelInfer", request())
        assert ready(server, "ServerLive", b"")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = GrpcServer(Echo(), OneModel(), GrpcOptions("127.0.0.1", port), Counts())
        with pytest.raises(OSError, match=f"^can't listen for gRPC on 127.0.0.1:{port}: in use, or not an address"):
            server.start()
