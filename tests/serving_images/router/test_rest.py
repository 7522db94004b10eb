"""REST through the router: what a client sends and reads is what it would send to a runtime and read from it."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import psutil
import pytest

from tests.serving_images.http_layer import replies
from tests.serving_images.models import count_to
from tests.serving_images.process import PATIENCE, ServerProcess, until
from tests.serving_images.router.conftest import Route, Serve
from tests.serving_images.router.dressed import DressedRuntime
from tests.serving_images.router.process import RouterProcess, infer

INFER = "/v2/models/tiny/infer"
LENGTH = "inference-header-content-length"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def router(module_servers: tuple[ServerProcess, ServerProcess]) -> Iterator[RouterProcess]:
    running = RouterProcess(*module_servers, "--audit-each", "1", "--caller-header", "X-Consumer")
    running.said("ready")
    yield running
    running.close()


@pytest.fixture
def client(router: RouterProcess) -> Iterator[httpx2.Client]:
    with router.client() as opened:
        yield opened


def binary(values: int) -> tuple[bytes, dict[str, str], bytes]:
    """A request for so many numbers in the binary form, its headers, and the tensor."""
    tensor = np.arange(values, dtype=np.float32).tobytes()
    parameters = {"binary_data_size": len(tensor)}
    head = json.dumps(
        {
            "inputs": [{"name": "x", "shape": [values], "datatype": "FP32", "parameters": parameters}],
            "parameters": {"binary_data_output": True},
        }
    ).encode()
    return head + tensor, {LENGTH: str(len(head))}, tensor


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2"),
        ("GET", "/v2/models/tiny"),
        ("GET", "/v2/models/tiny/versions/1"),
        ("GET", "/v2/models/tiny/ready"),
        ("GET", "/v2/models/tiny/versions/7"),
        ("GET", "/v2/models/no%20such"),
        ("POST", "/v2/repository/index"),
        ("HEAD", "/v2/models/tiny"),
        ("GET", "/openapi.json"),
        ("PUT", INFER),
        ("GET", "/no/such/path"),
    ],
)
def test_what_a_runtime_says_comes_through(
    client: httpx2.Client, module_servers: tuple[ServerProcess, ServerProcess], method: str, path: str
) -> None:
    with module_servers[0].client() as direct:
        expected = direct.request(method, path)
    answer = client.request(method, path)
    assert (answer.status_code, answer.content) == (expected.status_code, expected.content)
    kept = {name: value for name, value in expected.headers.items() if name != "date"}
    assert {name: value for name, value in answer.headers.items() if name != "date"} == kept


def test_a_prediction_comes_through_and_tells_its_side(client: httpx2.Client) -> None:
    for side in ("cpu", "gpu"):
        answer = client.post(INFER, content=infer(3), headers={"falaj-route": side})
        assert answer.json()["outputs"][0]["data"] == [0.0, 1.0, 2.0]
        assert answer.headers["falaj-side"] == side


def test_a_wish_may_be_a_parameter(client: httpx2.Client) -> None:
    for side in ("cpu", "gpu"):
        body = {"parameters": {"falaj-route": side}, **json.loads(infer())}
        assert client.post(INFER, json=body).headers["falaj-side"] == side


def test_a_refusal_of_the_runtime_is_not_tried_elsewhere(client: httpx2.Client, router: RouterProcess) -> None:
    before = router.routed(reason="retry")
    answer = client.post(INFER, json={"inputs": []})
    assert (answer.status_code, "error" in answer.json()) == (400, True)
    assert router.routed(reason="retry") == before


@pytest.mark.parametrize("values", [10, 20_000, 500_000, 2_000_000])
def test_tensors_of_any_size_come_through_whole(client: httpx2.Client, values: int) -> None:
    body, headers, tensor = binary(values)
    answer = client.post(INFER, content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.content[int(answer.headers[LENGTH]) :] == tensor


def test_a_body_of_unknown_length_comes_through(client: httpx2.Client) -> None:
    body, headers, tensor = binary(100_000)

    def parts() -> Iterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    answer = client.post(INFER, content=parts(), headers=headers)
    assert answer.content[int(answer.headers[LENGTH]) :] == tensor


def test_a_compressed_body_comes_through_unread(client: httpx2.Client, router: RouterProcess) -> None:
    headers = {"content-encoding": "gzip", "x-request-id": "compressed-1"}
    answer = client.post(INFER, content=gzip.compress(infer(5)), headers=headers)
    assert answer.json()["outputs"][0]["data"] == [0.0, 1.0, 2.0, 3.0, 4.0]
    until(lambda: any(line.get("request_id") == "compressed-1" for line in router.audited("routed")), message="no line")
    (line,) = [line for line in router.audited("routed") if line.get("request_id") == "compressed-1"]
    assert "rows" not in line


def test_a_client_that_asks_first_is_told_to_go_on(router: RouterProcess) -> None:
    body, headers, tensor = binary(50_000)
    lines = ["POST /v2/models/tiny/infer HTTP/1.1", "host: x", "expect: 100-continue", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(router.address, timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.endswith(tensor)


def test_pipelined_requests_are_answered_in_their_order(router: RouterProcess) -> None:
    requests = []
    for rows in (1, 3000, 2, 40_000, 3):
        body = infer(rows)
        close = "connection: close\r\n" if rows == 3 else ""
        head = f"POST {INFER} HTTP/1.1\r\nhost: x\r\n{close}content-length: {len(body)}\r\n\r\n"
        requests.append(head.encode() + body)
    answers = replies(router.exchange(b"".join(requests)))
    assert [reply.json["outputs"][0]["shape"] for reply in answers] == [[1], [3000], [2], [40_000], [3]]


def test_an_old_client_gets_its_answer_and_the_end_of_the_connection(router: RouterProcess) -> None:
    body, headers, tensor = binary(300_000)
    lines = [f"POST {INFER} HTTP/1.0", f"content-length: {len(body)}", f"{LENGTH}: {headers[LENGTH]}", "", ""]
    assert router.exchange("\r\n".join(lines).encode() + body).endswith(tensor)


def test_the_request_id_comes_back_and_with_the_trace_reaches_the_runtime(tiny: Path, route: Route) -> None:
    server = ServerProcess(tiny, "--grpc-port", "0", "--drain-seconds", "0", "--log-requests")
    try:
        server.said("ready")
        router = route(server, None, options=("--log-requests",))
        with router.client() as client:
            answer = client.post(INFER, content=infer(), headers={"x-request-id": "r-7", "traceparent": TRACE})
        assert answer.headers.get_list("x-request-id") == ["r-7"]
        for process in (server, router):
            line = process.said("request")
            while line.get("request_id") != "r-7":
                process.lines.remove(line)
                line = process.said("request")
            assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    finally:
        server.close()


def test_headers_of_a_connection_stay_with_it(route: Route) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        received: list[bytes] = []
        seen = threading.Thread(target=_serve_once, args=[listener, received])
        seen.start()
        router = route(f"127.0.0.1:{listener.getsockname()[1]}:1", None)
        lines = ["host: tenant.example", "connection: close, x-hop", "x-hop: 1", "x-end: 2", "x-end: 3", "te: trailers"]
        request = [f"POST {INFER} HTTP/1.1", *lines, "content-length: 2", "", "{}"]
        head, _, body = router.exchange("\r\n".join(request).encode()).partition(b"\r\n\r\n")
        seen.join(PATIENCE)
    (passed_on,) = received
    assert passed_on.decode().split("\r\n") == [
        f"POST {INFER} HTTP/1.1", "host: tenant.example", "x-end: 2, 3", "content-length: 2", "", ""
    ]  # fmt: skip
    status, _, x_runtime, *rest = head.split(b"\r\n")
    assert (status, x_runtime, body) == (b"HTTP/1.1 200 OK", b"x-runtime: 1", b"ok")
    assert rest == [b"falaj-side: cpu", b"connection: close"]


def _serve_once(listener: socket.socket, received: list[bytes]) -> None:
    """Ready to whoever asks; one prediction, in an answer whose end is that of its connection."""
    while not received:
        connection, _ = listener.accept()
        with connection:
            data = connection.recv(65536)
            if data.startswith(b"GET"):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            else:
                received.append(data.partition(b"{}")[0])
                connection.sendall(b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\nX-Runtime: 1\r\n\r\nok")


def test_what_the_router_will_not_pass_on(client: httpx2.Client) -> None:
    for action in ("load", "unload"):
        answer = client.post(f"/v2/repository/models/tiny/{action}")
        assert (answer.status_code, answer.json()) == (
            403,
            {"error": "the router changes no models; ask the runtime itself"},
        )
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert "onnxruntime_server" not in client.get("/metrics").text


def test_a_body_over_the_limit_is_refused_before_a_runtime_hears_of_it(
    module_servers: tuple[ServerProcess, ServerProcess], route: Route
) -> None:
    router = route(*module_servers, options=("--max-body-bytes", "100000"))
    with router.client() as client:
        answer = client.post(INFER, content=bytes(100_001))
        assert (answer.status_code, answer.json()) == (
            413,
            {"error": "the body is 100001 bytes long; this server takes at most 100000 bytes"},
        )
        answer = client.post(INFER, content=iter([bytes(70_000), bytes(70_000)]))
        assert answer.status_code == 413
        assert client.post(INFER, content=infer()).status_code == 200
    assert router.routed(protocol="rest") == 1


def test_a_body_that_does_not_come_is_given_up_on_both_sides(
    module_servers: tuple[ServerProcess, ServerProcess], route: Route
) -> None:
    router = route(*module_servers, options=("--body-seconds", "0.3"))
    head = f"POST {INFER} HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n".encode()
    reply = replies(router.exchange(head + bytes(100_000)))[0]
    assert (reply.status, reply.error) == (408, "the body did not arrive within 0.3 seconds")
    until(lambda: router.metrics()['inference_router_in_flight{side="cpu"}'] == 0, message="it is still in flight")


@pytest.mark.parametrize("how", ["close", "half"])
def test_a_client_that_leaves_ends_its_request_at_the_runtime(
    router: RouterProcess, module_servers: tuple[ServerProcess, ServerProcess], how: str
) -> None:
    body = json.dumps(count_to(50_000_000)).encode()
    head = (
        f"POST /v2/models/counting/infer HTTP/1.1\r\nhost: x\r\nfalaj-route: cpu\r\ncontent-length: {len(body)}\r\n\r\n"
    )

    def pending(name: str) -> float:
        with module_servers[0].client() as direct:
            line = next(line for line in direct.get("/metrics").text.splitlines() if line.startswith(name))
        return float(line.rpartition(" ")[2])

    waiting = 'nv_inference_pending_request_count{model="counting"'
    started = time.monotonic()
    with socket.create_connection(router.address, timeout=PATIENCE) as connection:
        connection.sendall(head.encode() + body)
        until(lambda: pending(waiting) == 1, message="the runtime was not asked")
        if how == "half":
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
    until(lambda: pending(waiting) == 0, message="the runtime goes on")
    assert time.monotonic() - started < 20, "it was not broken off"
    assert router.metrics()['inference_router_in_flight{side="cpu"}'] == 0


def test_a_runtime_that_breaks_off_is_not_taken_for_one_that_ended(dressed: DressedRuntime, route: Route) -> None:
    router = route(None, dressed.address)
    body, headers, _ = binary(1_000_000)
    dressed.cut_after = 2_000_000
    with router.client() as client, pytest.raises(httpx2.RemoteProtocolError):
        client.post(INFER, content=body, headers=headers)
    assert router.metrics()['inference_router_unanswered_total{cause="broken_off",side="gpu"}'] == 1


def test_a_kept_connection_that_the_runtime_closed_costs_no_request(tiny: Path, serve: Serve, route: Route) -> None:
    server = serve()
    router = route(server, None)
    port, grpc_port = server.address[1], server.said("listening")["grpc_port"]
    with router.client() as client:
        assert client.post(INFER, content=infer()).status_code == 200
        server.process.kill()
        server.wait()
        again = ServerProcess(tiny, "--port", str(port), "--grpc-port", str(grpc_port))
        try:
            again.said("ready")
            until(lambda: client.get("/v2/health/ready").status_code == 200, message="it is not found again")
            assert client.post(INFER, content=infer()).status_code == 200
        finally:
            again.close()


def test_clients_that_do_not_read_cost_little_memory(router: RouterProcess) -> None:
    body, headers, _ = binary(2_000_000)
    lines = [
        f"POST {INFER} HTTP/1.1",
        "host: x",
        f"content-length: {len(body)}",
        f"{LENGTH}: {headers[LENGTH]}",
        "",
        "",
    ]
    request = "\r\n".join(lines).encode() + body
    process = psutil.Process(router.process.pid)
    before = process.memory_info().rss
    opened = []
    for _ in range(12):
        connection = socket.create_connection(router.address, timeout=PATIENCE)
        connection.sendall(request)
        connection.recv(1000)
        opened.append(connection)
    assert process.memory_info().rss - before < 60_000_000, "twelve answers of 8 MB each wait to be read"
    for connection in opened:
        connection.close()
    until(lambda: router.metrics()['inference_router_in_flight{side="cpu"}'] == 0, message="it is still in flight")


def test_who_asked_what_and_where_it_went_is_written_down_and_nothing_of_the_tensors(
    client: httpx2.Client, router: RouterProcess
) -> None:
    body = json.loads(infer(2))
    body["inputs"][0]["data"] = [7841990.0, 31337.0]
    client.post(INFER, json=body, headers={"x-request-id": "audit-1", "x-consumer": "teller-7", "falaj-route": "gpu"})
    until(lambda: any(line.get("request_id") == "audit-1" for line in router.audited("routed")), message="no line")
    (line,) = [line for line in router.audited("routed") if line.get("request_id") == "audit-1"]
    told = {key: value for key, value in line.items() if key not in {"time", "endpoint", "body_bytes"}}
    assert told == {
        "level": "info",
        "logger": "inference_router.audit",
        "message": "routed",
        "caller": "teller-7",
        "request_id": "audit-1",
        "model": "tiny",
        "rows": 2,
        "side": "gpu",
        "reason": "wish",
        "one_of": 1,
    }
    assert "7841990" not in json.dumps(router.lines)


def test_nothing_of_what_was_asked_is_held_any_more(client: httpx2.Client, router: RouterProcess) -> None:
    """The last test of this module: those before it have asked in every way, and left in every way."""
    body, headers, _ = binary(1_000_000)
    assert client.post(INFER, content=body, headers=headers).status_code == 200
    until(lambda: router.metrics()['inference_router_held_bytes{protocol="rest"}'] == 0, message="bytes are held")
    assert router.metrics()['inference_router_in_flight{side="cpu"}'] == 0
