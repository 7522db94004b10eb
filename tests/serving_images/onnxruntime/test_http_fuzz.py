"""Bytes that nobody means: the answers are HTTP, none is a fault of the server, and nothing stays behind."""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from contextlib import suppress

import httptools
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.protocol.messages import Limits

from tests.serving_images.http_layer import Layer, get, infer, layer, run, until

OPTIONS = HttpOptions(
    limits=Limits(body_bytes=2000, elements=1000),
    header_seconds=0.05,
    body_seconds=0.05,
    idle_seconds=0.05,
    linger_seconds=0.02,
    connections=10_000,
)
CHUNKED = (
    b"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    b'2;a=b\r\n{"\r\n3\r\nid"\r\n0\r\ntrailer: x\r\n\r\n'
)
SEEDS = [
    get("/v2/health/live"),
    get("/v2/models/a%20b%2F%D9%81", method="HEAD"),
    get("/v2", "connection: upgrade", "upgrade: h2c"),
    infer(1, 2, id="7", parameters={"binary_data_output": True}),
    infer(1, headers=("expect: 100-continue", "x-request-id: 1", "traceparent: 00-0-0-0")),
    infer(1, headers=("content-encoding: gzip",)),
    infer(1, headers=("inference-header-content-length: 9",)),
    CHUNKED,
    get("/v2/repository/models/echo/load", method="POST"),
]
TOKENS = [
    b"\r\n", b"\r\n\r\n", b"\n", b"\0", b"\xff", b" ", b":", b"0", b"99999999999999999999", b"-1", b"HTTP/1.0",
    b"%", b"%00", b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n", b"expect: 100-continue\r\n",
    b"connection: close\r\n", b"connection: upgrade\r\nupgrade: x\r\n", b"host: y\r\n", b"fffffffff\r\n", b"GET ",
    b"CONNECT ", b"NaN", b"[[[[", b'"',
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Requests in a row with pieces removed, doubled, moved and put in."""
    data = b"".join(draw(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=4)))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        put = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=8), st.just(data[start:end] * 2)))
        data = data[:start] + put + data[end:]
    return data


async def talk(batch: list[list[bytes]]) -> list[bytes]:
    """What each connection gets. An exception that reaches the event loop fails, and so does what stays behind."""
    async with layer(OPTIONS) as running:

        async def one(parts: list[bytes]) -> bytes:
            try:
                return await running.exchange(*parts)
            except ConnectionResetError:  # it was sent to after its last answer
                return b""

        received = await asyncio.gather(*(one(parts) for parts in batch))
        await until(lambda: not running.server._state.connections)
        assert running.server._state.memory.held == 0
    return received


def check(batch: list[list[bytes]]) -> None:
    """No answer is a fault of the server, and all are HTTP for a parser that nobody here wrote."""
    for parts, received in zip(batch, run(talk(batch)), strict=True):
        assert re.findall(rb"HTTP/1\.1 5\d\d [^\r]*", received) == []
        if b"HEAD" not in b"".join(parts):
            httptools.HttpResponseParser(object()).feed_data(received)


@given(st.lists(st.lists(st.binary(max_size=300), max_size=4), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_random_bytes_are_a_fault_of_the_client(batch: list[list[bytes]]) -> None:
    check(batch)


@given(st.lists(mutated(), min_size=1, max_size=20), st.integers(1, 400))
@settings(max_examples=120, deadline=None)
def test_spoilt_requests_are_a_fault_of_the_client(batch: list[bytes], cut: int) -> None:
    check([[data[at : at + cut] for at in range(0, len(data), cut)][:50] for data in batch])


async def hear_out(running: Layer, part: bytes) -> None:
    """Ask, and wait for the end of the connection; a reset is one too, where bytes came that nobody read."""
    with suppress(ConnectionResetError):
        await running.exchange(part)


def test_nothing_is_left_of_connections_that_are_gone() -> None:
    async def scenario() -> int:
        async with layer(OPTIONS) as running:
            for _ in range(20):
                await asyncio.gather(
                    *(hear_out(running, seed[: len(seed) - cut]) for seed in SEEDS for cut in (0, 1, 9))
                )
            gc.collect()
            before = sys.getallocatedblocks()
            for _ in range(20):
                await asyncio.gather(
                    *(hear_out(running, seed[: len(seed) - cut]) for seed in SEEDS for cut in (0, 1, 9))
                )
            gc.collect()
            return sys.getallocatedblocks() - before

    connections = 20 * len(SEEDS) * 3
    assert run(scenario()) < connections, "an object of each connection is left"
