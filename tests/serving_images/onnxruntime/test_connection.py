"""One connection: order, framing, limits, times, and clients that leave, do not read or never end."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import zlib
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime_server.errors import ClientGoneError
from onnxruntime_server.http import answers, connection
from onnxruntime_server.http.options import MOST_PIPELINED, HttpOptions
from onnxruntime_server.protocol.messages import Limits

from tests.serving_images.http_layer import PATIENCE, Layer, get, infer, layer, only, replies, run, until

SMALL = HttpOptions(limits=Limits(body_bytes=1000))
RESET = struct.pack("ii", 1, 0)


async def told(options: HttpOptions, *parts: bytes) -> bytes:
    async with layer(options) as running:
        return await running.exchange(*parts)


def test_answers_come_in_the_order_of_their_requests_whatever_each_takes() -> None:
    async def scenario() -> list[float]:
        async with layer() as running:
            fast, slow = infer(1), infer(2, model="held")
            last = infer(5, close=True)
            exchange = asyncio.ensure_future(running.exchange(fast + slow + infer(3) + infer(4, model="held") + last))
            await running.backend.until_pending(2)
            running.backend.pending[1].answer()
            running.backend.pending[0].answer()
            return [each.json["outputs"][0]["data"][0] for each in replies(await exchange)]

    assert run(scenario()) == [1, 2, 3, 4, 5]


def test_no_more_than_a_few_requests_of_a_connection_are_begun_and_none_is_lost() -> None:
    count = 3 * MOST_PIPELINED + 1

    async def scenario() -> list[float]:
        async with layer() as running:
            backend = running.backend
            requests = [infer(number, model="held", close=number == count - 1) for number in range(count)]
            exchange = asyncio.ensure_future(running.exchange(b"".join(requests)))
            answered = 0
            while answered < count:
                due = min(count, (answered // MOST_PIPELINED + 1) * MOST_PIPELINED)
                await backend.until_pending(due)
                assert len(backend.pending) == due
                for pending in reversed(backend.pending[answered:due]):
                    pending.answer()
                answered = due
            return [each.json["outputs"][0]["data"][0] for each in replies(await exchange)]

    assert run(scenario()) == list(range(count))


def test_load_and_unload_wait_for_each_other_on_one_connection() -> None:
    async def scenario() -> tuple[list[int], list[str]]:
        async with layer() as running:
            running.backend.control = True
            path = "/v2/repository/models/echo"
            order = ["load", "unload", "load", "unload"]
            sent = [get(f"{path}/{action}", method="POST") for action in order]
            received = await running.exchange(b"".join(sent) + get("/v2/health/live", close=True))
            return [each.status for each in replies(received)], running.backend.actions

    statuses, actions = run(scenario())
    assert statuses == [200] * 5
    assert actions == ["load echo", "unload echo", "load echo", "unload echo"]


def chunked(*parts: bytes) -> bytes:
    head = b"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    return head + b"".join(b"%x;note=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\ntrailer: 1\r\n\r\n"


BODY = json.dumps({"inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "data": [1, 2]}]}).encode()
STREAM = get("/v2/health/live") + infer(1, id="first") + chunked(BODY[:5], BODY[5:])


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=12, unique=True))
@settings(max_examples=60, deadline=None)
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[start:end] for start, end in pairwise(bounds)]
    found = replies(run(told(SMALL, *parts)))
    assert [each.json.get("id") for each in found] == [None, "first", None]
    assert found[2].json["outputs"][0]["data"] == [1, 2]


def test_every_single_cut_gives_the_same() -> None:
    async def scenario() -> set[tuple[int, ...]]:
        async with layer(SMALL) as running:
            found = set()
            for cut in range(1, len(STREAM)):
                received = await running.exchange(STREAM[:cut], STREAM[cut:])
                found.add(tuple(each.status for each in replies(received)))
            return found

    assert run(scenario()) == {(200, 200, 200)}


def test_byte_by_byte_gives_the_same() -> None:
    parts = [STREAM[at : at + 1] for at in range(len(STREAM))]
    assert [each.status for each in replies(run(told(SMALL, *parts)))] == [200, 200, 200]


@pytest.mark.parametrize(
    ("version", "headers", "closes"),
    [
        ("1.1", "", False),
        ("1.1", "connection: close\r\n", True),
        ("1.0", "", True),
        ("1.0", "connection: keep-alive\r\n", True),
    ],
)
def test_says_when_it_closes(version: str, headers: str, closes: bool) -> None:
    request = f"GET /v2/health/live HTTP/{version}\r\nhost: x\r\n{headers}\r\n".encode()
    found = replies(run(told(HttpOptions(), request + (b"" if closes else get("/v2", close=True)))))
    assert found[0].headers.get("connection") == ("close" if closes else None)
    assert len(found) == (1 if closes else 2)


def test_head_gives_the_length_and_no_body() -> None:
    (found,) = replies(run(told(HttpOptions(), get("/v2/health/live", method="HEAD", close=True))), heads_only=True)
    assert (found.status, found.headers["content-length"]) == (200, str(len(b'{"live":true}')))


def test_what_asks_for_another_protocol_is_answered_in_this_one() -> None:
    request = infer(7, headers=("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABk"))
    plain = get("/v2", "connection: upgrade", "upgrade: websocket")
    found = replies(run(told(HttpOptions(), request + plain + infer(8, close=True))))
    assert [each.status for each in found] == [200, 200, 200]
    assert [found[at].json["outputs"][0]["data"] for at in (0, 2)] == [[7], [8]]


@pytest.mark.parametrize("size", [0, 1])
def test_asks_for_a_body_that_is_announced_and_only_when_it_is_its_turn(size: int) -> None:
    head = infer(1, headers=("expect: 100-continue",), close=True)
    head, body = head.split(b"\r\n\r\n")

    async def scenario() -> tuple[bytes, bytes]:
        async with layer() as running:
            reader, writer = await asyncio.open_connection(*running.address)
            writer.write(infer(2, model="held") * size + head + b"\r\n\r\n")
            before = b""
            if size:
                await running.backend.until_pending(1)
                running.backend.pending[0].answer()
                before = await reader.readuntil(b"}]}")
            asked = await reader.readuntil(b"\r\n\r\n")
            writer.write(body)
            rest = await reader.read()
            writer.close()
            return asked, before + rest

    asked, rest = run(scenario())
    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert [each.status for each in replies(rest)] == [200] * (size + 1)


@pytest.mark.parametrize(
    ("request_bytes", "status", "message"),
    [
        (b"SSH-2.0-client\r\n\r\n", 400, "the request is not valid HTTP/1.1"),
        (b"GET /v2 HTTP/1.1\r\n\r\n", 400, "an HTTP/1.1 request needs a Host header"),
        (
            b"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            400,
            "Transfer-Encoding 'gzip, chunked' is not supported; use chunked or a Content-Length",
        ),
        (
            b"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n",
            413,
            "the body is 1001 bytes long; this server takes at most 1000 bytes",
        ),
        (
            b"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ncontent-length: " + b"0" * 9000 + b"9\r\n\r\n{",
            408,
            "the body did not arrive within 0.2 seconds",
        ),
        (
            b"POST /v2 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            400,
            "the request is not valid HTTP/1.1",
        ),
        (infer(1, headers=("expect: magic",)), 417, "the only Expect this server knows is 100-continue"),
        (infer(1, model="nobody", headers=("expect: 100-continue",)), 404, "no model 'nobody'"),
        (chunked(b" " * 600, b" " * 600), 413, "the body is longer; this server takes at most 1000 bytes"),
        (b"\r\n" * 20000, 431, "the request line and headers are longer than 32768 bytes"),
        (b"GET /" + b"a" * 40000, 431, "the request line and headers are longer than 32768 bytes"),
        (get("/v2", "x: " + "a" * 33000), 431, "the request line and headers are longer than 32768 bytes"),
        (get("/v2", *["x: y"] * 20000), 431, "the request line and headers are longer than 32768 bytes"),
        (chunked()[:-2] + b"t: " + b"a" * 900_000, 431, "the request line and headers are longer than 32768 bytes"),
        (b"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\nhello", 404, "no such path: a:1"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "the request is not valid HTTP/1.1"),
    ],
    ids=range(16),
)
def test_refuses_and_closes(request_bytes: bytes, status: int, message: str) -> None:
    options = replace(SMALL, body_seconds=0.2, header_seconds=5, linger_seconds=0.2)
    found = only(run(told(options, request_bytes)))
    assert (found.status, found.error, found.headers["connection"]) == (status, message, "close")


def test_a_refusal_waits_for_the_answers_before_it_and_is_the_last() -> None:
    async def scenario() -> list[int]:
        async with layer() as running:
            exchange = asyncio.ensure_future(running.exchange(infer(1, model="held") + b"nonsense\r\n\r\n" + infer(2)))
            await running.backend.until_pending(1)
            running.backend.pending[0].answer()
            return [each.status for each in replies(await exchange)]

    assert run(scenario()) == [200, 400]


def test_a_large_body_for_nobody_is_not_kept_and_costs_no_connection() -> None:
    request = b"POST /v2/models/nobody/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + b"x" * 300000

    async def scenario() -> list[int]:
        async with layer() as running:
            return [each.status for each in replies(await running.exchange(request, get("/v2", close=True)))]

    assert run(scenario()) == [404, 200]


@pytest.mark.parametrize(
    "parts",
    [(b"G",), (b"GET /v2 HTTP/1.1\r\n", b"host: x\r\n"), (infer(1) + b"POST /v2/models/echo",)],
)
def test_headers_that_do_not_come_are_not_waited_for(parts: tuple[bytes, ...]) -> None:
    *before, last = replies(run(told(HttpOptions(header_seconds=0.1), *parts)))
    assert [each.status for each in before] == [200] * (len(parts[0]) > 100)
    assert (last.status, last.error) == (408, "the request line and headers did not arrive within 0.1 seconds")


def test_a_quiet_connection_is_closed_without_a_word() -> None:
    options = HttpOptions(idle_seconds=0.1)
    assert run(told(options)) == b""
    assert len(replies(run(told(options, infer(1))))) == 1


def test_who_waits_for_an_answer_may_be_quiet() -> None:
    async def scenario() -> int:
        async with layer(HttpOptions(idle_seconds=0.05, header_seconds=0.05, body_seconds=0.05)) as running:
            exchange = asyncio.ensure_future(running.exchange(infer(1, model="held", close=True)))
            await running.backend.until_pending(1)
            await running.exchange()  # another one is closed for being quiet meanwhile
            running.backend.pending[0].answer()
            return only(await exchange).status

    assert run(scenario()) == 200


async def gone(running: Layer, count: int) -> None:
    await until(lambda: running.backend.responses[answers.CLIENT_GONE] == count)


@pytest.mark.parametrize("reset", [True, False])
def test_who_leaves_abandons_what_is_asked_for_and_touches_nobody_else(reset: bool) -> None:
    async def scenario() -> None:
        async with layer(replace(SMALL, limits=Limits(body_bytes=200))) as running:
            backend = running.backend
            stays = asyncio.ensure_future(running.exchange(infer(1, model="held", close=True)))
            await backend.until_pending(1)
            for left in range(1, 9):  # more than would fit into memory together
                leaves = socket.create_connection(running.address)
                leaves.sendall(infer(2, model="held"))
                await backend.until_pending(left + 1)
                if reset:
                    leaves.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                leaves.close()
                await gone(running, left)
                pending = backend.pending[left]
                assert pending.work.abandoned
                with pytest.raises(ClientGoneError, match=r"^the client left before its answer was ready$"):
                    pending.answer()
                pending.deliver(ClientGoneError("told once more, as the service does"))
            assert not backend.pending[0].work.abandoned
            backend.pending[0].answer()
            assert only(await stays).json["outputs"][0]["data"] == [1]

    run(scenario())


def test_who_leaves_in_the_middle_of_a_body_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        async with layer(replace(SMALL, limits=Limits(body_bytes=200))) as running:
            for _ in range(9):
                _, writer = await asyncio.open_connection(*running.address)
                writer.write(
                    b"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 200\r\n\r\n" + b"x" * 199
                )
                await writer.drain()
                writer.close()
            assert only(await running.exchange(infer(1, close=True))).status == 200

    run(scenario())


def test_all_bodies_together_have_a_limit_and_make_room_when_answered() -> None:
    async def scenario() -> None:
        async with layer(HttpOptions(limits=Limits(body_bytes=len(BODY)))) as running:
            held = [asyncio.ensure_future(running.exchange(infer(1, 2, model="held", close=True))) for _ in range(4)]
            await running.backend.until_pending(4)
            refused = only(await running.exchange(infer(1, 2)))
            holds = 4 * len(infer(1, 2).partition(b"\r\n\r\n")[2])
            message = f"the server is busy: it holds {holds} bytes of requests and answers"
            assert (refused.status, refused.error, refused.headers["retry-after"]) == (503, message, "1")
            running.backend.pending[0].answer()
            await held[0]
            assert only(await running.exchange(infer(1, 2, close=True))).status == 200
            for pending in running.backend.pending[1:]:
                pending.answer()
            await asyncio.gather(*held)

    run(scenario())


def test_who_does_not_read_is_not_read_and_then_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LEAST_PROGRESS", 1)

    async def scenario() -> None:
        async with layer(HttpOptions(write_seconds=0.3)) as running:
            running.backend.large = 8_000_000
            deaf = socket.create_connection(running.address)
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(infer(1, parameters={"binary_data_output": True}) * 5)
            connections = running.server._state.connections
            await until(lambda: bool(connections))
            assert running.backend.responses[200] <= 1
            await until(lambda: not connections)
            assert running.backend.responses == {200: 1, answers.CLIENT_GONE: 4}
            assert running.server._state.memory.held == 0
            deaf.close()

    run(scenario())


def test_who_reads_slowly_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LEAST_PROGRESS", 1)

    async def scenario() -> int:
        async with layer(HttpOptions(write_seconds=0.2)) as running:
            running.backend.large = 3_000_000
            reader, writer = await asyncio.open_connection(*running.address, limit=2**16)
            writer.write(infer(1, parameters={"binary_data_output": True}, close=True))
            size = 0
            while part := await reader.read(60_000):
                size += len(part)
                await asyncio.sleep(0.02)
            writer.close()
            return size

    assert run(scenario()) > 3_000_000


def test_above_the_limit_of_connections_only_health_is_answered() -> None:
    async def scenario() -> None:
        async with layer(HttpOptions(connections=2)) as running:
            waiting = [asyncio.ensure_future(running.exchange(infer(1, model="held", close=True))) for _ in range(2)]
            await running.backend.until_pending(2)
            refused = only(await running.exchange(infer(1)))
            message = "the server is busy: it has as many connections as it takes"
            assert (refused.status, refused.error) == (503, message)
            assert (refused.headers["connection"], refused.headers["retry-after"]) == ("close", "1")
            for path in ("/v2/health/live", "/v2/health/ready"):
                assert only(await running.exchange(get(path, close=True))).status == 200
            for pending in running.backend.pending:
                pending.answer()
            assert [only(received).status for received in await asyncio.gather(*waiting)] == [200, 200]
            assert only(await running.exchange(infer(1, close=True))).status == 200

    run(scenario())


def test_far_above_the_limit_nothing_is_read() -> None:
    async def scenario() -> bytes:
        async with layer(HttpOptions(connections=1)) as running:
            held = [await asyncio.open_connection(*running.address) for _ in range(1 + connection.SPARE_CONNECTIONS)]
            received = await running.exchange()
            for _, writer in held:
                writer.close()
            return received

    assert only(run(scenario())).status == 503


def test_a_compressed_body_is_read_within_the_limit() -> None:
    async def scenario() -> list[tuple[int, str | None]]:
        found = []
        async with layer(SMALL) as running:
            for encoding, body in (
                ("gzip", gzip.compress(BODY)),
                ("deflate", zlib.compress(BODY)),
                ("identity", BODY),
                ("gzip", gzip.compress(b" " * 500_000)),
                ("gzip", gzip.compress(BODY)[:-1]),
                ("gzip", gzip.compress(BODY) + b"more"),
                ("deflate", b"nonsense"),
                ("br", BODY),
            ):
                head = f"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ncontent-encoding: {encoding}\r\n"
                sent = f"{head}connection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
                reply = only(await running.exchange(sent))
                found.append((reply.status, reply.json.get("error")))
        return found

    assert run(scenario()) == [
        (200, None),
        (200, None),
        (200, None),
        (413, "the body inflates to more; this server takes at most 1000 bytes"),
        (400, "the compressed body is cut short"),
        (400, "4 bytes follow the compressed body"),
        (400, "the body is not deflate"),
        (400, "Content-Encoding 'br' is not supported; use gzip, deflate or none"),
    ]


def test_draining_closes_after_each_answer_and_stopping_ends_what_is_in_flight() -> None:
    async def scenario() -> None:
        async with layer() as running:
            idle_reader, idle_writer = await asyncio.open_connection(*running.address)
            idle_writer.write(infer(1))
            await idle_reader.readuntil(b"}]}")
            running.server.draining = True
            held = asyncio.ensure_future(running.exchange(infer(1) + infer(2, model="held")))
            await running.backend.until_pending(1)
            ready = only(await running.exchange(get("/v2/health/ready")))
            assert (ready.status, ready.json, ready.headers["connection"]) == (503, {"ready": False}, "close")
            stopping = asyncio.ensure_future(running.server.stop(PATIENCE))
            assert await idle_reader.read() == b""
            idle_writer.close()
            with pytest.raises(OSError, match="Connect"):
                await asyncio.open_connection(*running.address)
            assert not stopping.done()
            running.backend.pending[0].answer()
            first, second = replies(await held)
            assert (first.status, first.headers.get("connection")) == (200, None)
            assert (second.status, second.headers["connection"]) == (200, "close")
            await stopping

    run(scenario())


def test_what_is_in_flight_after_the_grace_is_cut_off() -> None:
    async def scenario() -> None:
        async with layer() as running:
            held = asyncio.ensure_future(running.exchange(infer(2, model="held")))
            await running.backend.until_pending(1)
            await running.server.stop(0.05)
            assert running.backend.pending[0].work.abandoned
            assert await held == b""

    run(scenario())
