"""The caller that asks two servers in turns takes answers for answers and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import cast

import grpc
import pytest

from benchmarks.serving import alternating
from benchmarks.serving.alternating import CALLS, TURNS, medians
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.process import Server
from benchmarks.serving.requests import GRPC_METHOD, Protocol, Request

ASKED = {
    Protocol.JSON: Request(Protocol.JSON, "/v2/models/m/infer", b"{}", {"Content-Type": "application/json"}),
    Protocol.GRPC: Request(Protocol.GRPC, GRPC_METHOD, b"message", {}),
}
Answer = Callable[[], bool]


@contextmanager
def rest(answer: Answer) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            assert self.rfile.read(int(self.headers["content-length"])) == b"{}"
            self.send_response(200 if answer() else 503)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextmanager
def calls(answer: Answer) -> Iterator[int]:
    def handle(message: bytes, context: grpc.ServicerContext) -> bytes:
        assert message == b"message"
        if not answer():
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return message

    server = grpc.server(ThreadPoolExecutor(2))
    service, _, method = GRPC_METHOD.removeprefix("/").partition("/")
    handler = grpc.unary_unary_rpc_method_handler(handle)
    server.add_registered_method_handlers(service, {method: handler})  # type: ignore[attr-defined]  # not in the stubs
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(0).wait()


SERVE = {Protocol.JSON: rest, Protocol.GRPC: calls}


def server_at(port: int, name: str) -> Server:
    return cast("Server", SimpleNamespace(name=name, ports=SimpleNamespace(http=port, grpc=port)))


class Counting:
    """Answers after a while, until it has answered so often."""

    def __init__(self, seconds: float = 0.0, last: int | None = None) -> None:
        self.asked = 0
        self._seconds, self._last = seconds, last

    def __call__(self) -> bool:
        self.asked += 1
        time.sleep(self._seconds)
        return self._last is None or self.asked <= self._last


@pytest.mark.parametrize("protocol", [*SERVE])
def test_both_are_asked_as_often_and_the_slower_one_takes_longer(
    protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alternating, "TURNS", 3)
    first, second = Counting(), Counting(0.02)
    with SERVE[protocol](first) as one, SERVE[protocol](second) as other:
        quick, slow = medians(server_at(one, "one"), server_at(other, "other"), ASKED[protocol])
    assert first.asked == second.asked == CALLS * (3 + 1)
    assert slow >= max(20, quick)
    assert TURNS > 3


@pytest.mark.parametrize(
    ("protocol", "message"),
    [(Protocol.JSON, "other answered: HTTP/1.1 503"), (Protocol.GRPC, "other answered a call with an error")],
)
def test_a_refused_call_is_no_answer(protocol: Protocol, message: str) -> None:
    with (
        SERVE[protocol](Counting()) as one,
        SERVE[protocol](Counting(last=30)) as other,
        pytest.raises(MeasurementError, match=f"^{message}"),
    ):
        medians(server_at(one, "one"), server_at(other, "other"), ASKED[protocol])
