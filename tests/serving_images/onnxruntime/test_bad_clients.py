"""Thousands of bad clients at once: the server's memory stays in bounds, and a good client is served all the while."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import random
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx2
import psutil
import pytest
from onnx import TensorProto
from tritonclient.grpc.service_pb2 import ModelInferRequest

from tests.serving_images import models
from tests.serving_images.process import ServerProcess, until

MEBIBYTE = 2**20
LARGEST_BODY = MEBIBYTE
GROWTH = 24 * MEBIBYTE
"""How much larger the server may be after its first bad clients: allocators keep some of what they were given."""
LEAK = 16 * MEBIBYTE
"""How much larger it may be after twice as many again: what is kept is used again. Garbage that refers to itself waits
until there is enough of it to be looked for, and threads make an allocator's figures unsteady."""
PEAK = 96 * MEBIBYTE
"""How much larger it may be at any moment: a few bodies of the largest size and what is made of them."""
AT_ONCE = 64
INFER = "/inference.GRPCInferenceService/ModelInfer"
RESET = struct.pack("ii", 1, 0)


def good_body() -> bytes:
    pair = {"shape": [1, 2], "datatype": "FP32", "data": [1, 2]}
    return json.dumps({"inputs": [{"name": name, **pair} for name in ("a", "b")]}).encode()


def post(body: bytes, *headers: str, path: str = "/v2/models/addition/infer", length: int | None = None) -> bytes:
    size = f"content-length: {len(body) if length is None else length}"
    return "\r\n".join((f"POST {path} HTTP/1.1", "host: x", size, *headers, "", "")).encode() + body


def entry(**changes: object) -> bytes:
    return json.dumps({"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1], **changes}]}).encode()


def bad_requests(chance: random.Random) -> Iterator[bytes]:
    """One of each kind, with other bytes each time: what a server remembers of requests must not add up either."""
    numbers = itertools.count(chance.randrange(2**40))
    bomb = gzip.compress(bytes(64 * MEBIBYTE), compresslevel=1)
    chunk = b"%x\r\n%s\r\n" % (65536, b" " * 65536)
    while True:
        number = next(numbers)
        yield chance.randbytes(chance.randrange(1, 3000))
        yield post(chance.randbytes(300))
        yield post(b'{"inputs": ' + b"[" * 60_000)
        yield post(b" " * 100_000, length=LARGEST_BODY + 1)
        yield post(b" " * LARGEST_BODY)
        yield post(bomb, "content-encoding: gzip")
        yield post(gzip.compress(good_body())[:-9], "content-encoding: gzip")
        yield b"POST /v2/models/addition/infer HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" + chunk * 17
        yield post(entry(shape=[2**40, 2**40]))
        yield post(entry(name=f"no-such-input-{number}" * 1000))
        yield post(entry(data=list(range(50_000))))
        yield post(entry(datatype="BYTES", shape=[50_000], data=["x" * 10] * 50_000))
        yield post(good_body(), path=f"/v2/models/no-such-model-{number}/infer")
        yield post(good_body(), path=f"/no/such/path/{number}")
        yield post(good_body(), path=f"/v2/models/addition/infer?{number}")
        yield post(good_body(), f"inference-header-content-length: {number}")
        yield post(good_body(), f"traceparent: 00-{number:032x}-{number:016x}-01", f"x-request-id: {number}")
        yield f"GET /v2 HTTP/1.1\r\nhost: x\r\nx-{number}: {'y' * 40_000}\r\n\r\n".encode()
        yield f"M{number % 1000} /v2 HTTP/1.1\r\nhost: x\r\n\r\n".encode()
        yield b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n" * 50


async def send(address: tuple[str, int], data: bytes, *, reads: bool, reset: bool) -> bytes:
    """One bad client; what it was told. It may leave in the middle, by a reset, without a look at any answer."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            if not reads:
                await asyncio.sleep(0)
                return b""
            writer.write_eof()
            await writer.drain()
            return await asyncio.wait_for(reader.read(200), 30)
        return b""
    finally:
        if reset:
            writer.transport.abort()
        writer.close()


async def send_all(address: tuple[str, int], requests: int, chance: random.Random) -> Counter[bytes]:
    """Statuses that the bad clients were given."""
    source, statuses = bad_requests(chance), Counter[bytes]()

    async def client() -> None:
        for _ in range(requests // AT_ONCE):
            told = await send(address, next(source), reads=chance.random() < 0.8, reset=chance.random() < 0.3)
            statuses[told[9:12]] += 1

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return statuses


def bad_messages(chance: random.Random) -> Iterator[bytes]:
    """The same over gRPC."""
    numbers = itertools.count(chance.randrange(2**40))
    while True:
        number = next(numbers)
        yield chance.randbytes(chance.randrange(1, 3000))
        yield bytes(LARGEST_BODY + 1)
        yield ModelInferRequest(model_name=f"no-such-model-{number}").SerializeToString()
        request = ModelInferRequest(model_name="addition")
        request.inputs.add(name="a", datatype="FP32", shape=[2**40, 2**20])
        yield request.SerializeToString()
        request.inputs[0].shape[:] = [1, 2]
        request.raw_input_contents.append(chance.randbytes(500_000))
        yield request.SerializeToString()
        yield ModelInferRequest(
            model_name="addition", inputs=[{"name": f"x{number}-{each}"} for each in range(3000)]
        ).SerializeToString()


def call_all(target: str, calls: int, chance: random.Random) -> Counter[str]:
    """Statuses that the bad calls were given; one in eight is given up at once, one is a stream unread."""
    source, statuses = bad_messages(chance), Counter[str]()
    options = [("grpc.use_local_subchannel_pool", 1)]
    for _ in range(calls // 100):
        channel: Any  # the stubs ask for serializers
        with grpc.insecure_channel(target, options=options) as channel:
            ask = channel.unary_unary(INFER)
            stream = channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer")
            asked: list[Any] = []
            left_alone: list[Any] = []
            for _ in range(100):
                message, way = next(source), chance.randrange(8)
                compression = grpc.Compression.Gzip if way == 2 else None
                if way == 1:
                    left_alone.append(stream(iter([message, message])))
                    continue
                asked.append(ask.future(message, timeout=30, compression=compression))
                if way == 0:
                    asked[-1].cancel()
            for each in asked:
                statuses[each.code().name] += 1
            for each in left_alone:
                each.cancel()
    return statuses


class GoodClient(threading.Thread):
    """Asks for a prediction again and again, on the connection that it has."""

    def __init__(self, server: ServerProcess) -> None:
        super().__init__(daemon=True)
        self.seconds: list[float] = []
        self.wrong: list[str] = []
        self._server = server
        self._done = threading.Event()

    def run(self) -> None:
        with self._server.client() as client:
            while not self._done.is_set():
                began = time.perf_counter()
                try:
                    response = client.post("/v2/models/addition/infer", content=good_body())
                    if response.json()["outputs"][0]["data"] != [2, 4]:
                        self.wrong.append(response.text)
                except (httpx2.HTTPError, KeyError, ValueError) as error:
                    self.wrong.append(repr(error))
                self.seconds.append(time.perf_counter() - began)
                self._done.wait(0.005)

    def stop(self) -> None:
        self._done.set()
        self.join()


class Resident(threading.Thread):
    """Looks at the memory of a process."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._process = psutil.Process(process)
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.01):
            self.peak = max(self.peak, self.now())

    def now(self) -> int:
        found: int = self._process.memory_info().rss
        return found

    def stop(self) -> None:
        self._done.set()
        self.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    models.save(models.addition(), tmp_path, "addition")
    models.save(models.identity(TensorProto.STRING, [1]), tmp_path, "text")
    options = ("--grpc-port", "0", "--max-body-bytes", str(LARGEST_BODY), "--max-elements", "100000")
    process = ServerProcess(tmp_path, "--drain-seconds", "0", "--body-seconds", "1", *options)
    process.said("ready")
    yield process
    process.close()


@contextlib.contextmanager
def served_well(server: ServerProcess) -> Iterator[None]:
    """A good client gets every answer meanwhile, none of them late."""
    client = GoodClient(server)
    client.start()
    try:
        yield
    finally:
        client.stop()
    assert client.wrong == []
    assert len(client.seconds) > 20
    assert max(client.seconds) < 5


def assert_bounded(server: ServerProcess, assault: Callable[[], None]) -> None:
    """Memory after the first time, after more of the same, and at its peak."""
    resident = Resident(server.process.pid)
    before = resident.now()
    resident.start()
    with served_well(server):
        assault()
        after_first = resident.now()
        assault()
        assault()
        after_all = resident.now()
    resident.stop()
    sizes = (before, after_first, after_all, resident.peak)
    found = "MiB before, after the first, after all, at the peak: " + ", ".join(f"{at / MEBIBYTE:.1f}" for at in sizes)
    assert after_first - before < GROWTH, found
    assert after_all - after_first < LEAK, found
    assert resident.peak - before < PEAK, found
    assert server.process.poll() is None


@pytest.mark.slow
def test_memory_stays_in_bounds_under_bad_requests(server: ServerProcess) -> None:
    chance = random.Random(6)  # noqa: S311 - the same bad luck each time
    met: Counter[bytes] = Counter()

    def assault() -> None:
        met.update(asyncio.run(send_all(server.address, 832, chance)))

    assert_bounded(server, assault)
    assert met.keys() <= {b"", b"200", b"400", b"404", b"405", b"408", b"413", b"431", b"503"}
    assert met.keys() >= {b"200", b"400", b"404", b"413", b"431"}


@pytest.mark.slow
def test_memory_stays_in_bounds_under_bad_calls(server: ServerProcess) -> None:
    chance = random.Random(6)  # noqa: S311 - the same bad luck each time
    met: Counter[str] = Counter()

    def assault() -> None:
        met.update(call_all(server.grpc_url, 600, chance))

    assert_bounded(server, assault)
    assert met.keys() <= {"CANCELLED", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}
    assert met.keys() >= {"CANCELLED", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED"}


@pytest.mark.slow
def test_clients_that_send_a_byte_now_and_then_hold_up_nobody(server: ServerProcess) -> None:
    """Bodies that drip are cut off in their time, however many there are."""
    head = post(b"", length=1000)

    async def drip(data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(data)
        told = asyncio.ensure_future(reader.read())
        with contextlib.suppress(ConnectionError):
            while not told.done():
                writer.write(b"1")
                await asyncio.wait({told}, timeout=0.1)
        writer.close()
        return await told

    async def all_of_them() -> list[bytes]:
        return await asyncio.gather(*(drip(head) for _ in range(200)))

    with served_well(server):
        told = asyncio.run(all_of_them())
    assert {answer[:12] for answer in told} == {b"HTTP/1.1 408"}
    with server.client() as client:
        until(lambda: connections(server) <= 2, message="connections stayed open")
        assert client.get("/v2/health/ready").status_code == 200


def connections(server: ServerProcess) -> int:
    """Connections of clients that the server holds."""
    return sum(each.status == "ESTABLISHED" for each in psutil.Process(server.process.pid).net_connections("tcp"))
