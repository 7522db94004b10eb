"""A request whose head is that of the one before is answered as if it had been read anew."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime_server.http.connection import Connection
from onnxruntime_server.http.known_head import LONGEST
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.reader import RequestReader
from onnxruntime_server.protocol.messages import Limits

from tests.serving_images.http_layer import PATIENCE, Layer, Reply, get, infer, layer, replies, run
from tests.serving_images.onnxruntime.test_http_fuzz import CHUNKED, SEEDS, mutated

SMALL = HttpOptions(limits=Limits(body_bytes=1000, elements=100))
DATE = re.compile(rb"date: [^\r]*\r\n")


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class CountingReader(RequestReader):
    """Counts the heads that are read."""

    heads = 0

    def on_headers_complete(self) -> None:
        self.heads += 1
        super().on_headers_complete()


class CountingConnection(Connection):
    reader_of = CountingReader


@contextmanager
def connected(running: Layer) -> Iterator[tuple[Connection, Wire]]:
    """A connection of the server's, and what it writes to."""
    connection, wire = CountingConnection(running.server._state), Wire()
    connection.connection_made(wire)
    yield connection, wire
    connection.connection_lost(None)


async def answers(*streams: list[bytes]) -> list[tuple[bytes, bool]]:
    """What a connection for each stream writes, dates left out, and whether it closed; no bytes may be held after."""
    found = []
    async with layer(SMALL) as running:
        for parts in streams:
            with connected(running) as (connection, wire):
                for part in parts:
                    connection.data_received(part)
            found.append((DATE.sub(b"", wire.written), wire.closed))
            assert running.server._state.memory.held == 0
    return found


def anew(parts: list[bytes]) -> list[bytes]:
    """The same bytes, each part's first one alone, so that no head comes with its request's first byte."""
    return [piece for part in parts for piece in (part[:1], part[1:]) if piece]


def of_length(body: bytes) -> bytes:
    return b"POST /v2/models/echo/infer HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


ALIKE = [
    infer(1, 2),
    infer(3, 4),
    infer(1, 2, model="broken"),
    of_length(b"[" * 40),
    of_length(b"\r\n\r\n" * 10),
    b"\r\n" + infer(1, 2),
    infer(1, 2, close=True),
    get("/v2/health/live"),
    get("/v2/health/live", method="HEAD"),
]
"""Some with the same head and another body, some that look alike and are not."""


@given(st.lists(st.one_of(st.sampled_from([*ALIKE, *SEEDS, CHUNKED]), mutated()), min_size=2, max_size=8))
@settings(max_examples=200, deadline=None)
def test_gives_what_reading_it_anew_gives(requests: list[bytes]) -> None:
    known, read = run(answers(requests, anew(requests)))

    assert known == read


@given(st.lists(st.sampled_from(ALIKE), min_size=2, max_size=6), st.data())
@settings(max_examples=200, deadline=None)
def test_it_does_not_matter_which_requests_come_together(requests: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(requests)
    ends = [sum(map(len, requests[: at + 1])) for at in range(len(requests))]
    cuts = data.draw(st.lists(st.one_of(st.sampled_from(ends), st.integers(1, len(stream))), unique=True))
    bounds = [0, *sorted({*cuts, len(stream)})]
    parts = [stream[start:end] for start, end in pairwise(bounds)]

    known, read = run(answers(parts, anew(requests)))

    assert known == read


def heads_read(first: bytes, second: bytes) -> tuple[int, list[Reply]]:
    """How many heads are read of the second request, and how it is answered."""

    async def scenario() -> tuple[int, list[Reply]]:
        async with layer(SMALL) as running:
            with connected(running) as (connection, wire):
                reader = cast("CountingReader", connection._reader)
                connection.data_received(first)
                reader.heads, wire.written = 0, b""
                connection.data_received(second)
                return reader.heads, replies(wire.written)

    return run(scenario())


def test_a_head_that_comes_again_is_not_read_again() -> None:
    heads, (answer,) = heads_read(infer(1, 2), infer(3, 4))

    assert (heads, answer.json["outputs"][0]["data"]) == (0, [3, 4])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (infer(1, 2), infer(1, 2, 3)),
        (infer(1, 2), infer(1, 2, model="held")),
        (infer(1, 2), infer(3, 4)[:-1]),
        (infer(1, 2), infer(3, 4) + b"G"),
        (infer(1, headers=(f"x: {'y' * LONGEST}",)), infer(2, headers=(f"x: {'y' * LONGEST}",))),
        (infer(1, headers=("upgrade: h2c", "connection: upgrade")),) * 2,
        (CHUNKED, CHUNKED),
        (infer(1) + infer(2), infer(2)),
    ],
    ids=["length", "target", "part", "more", "long", "upgrade", "chunks", "two at once"],
)
def test_any_other_is_read(first: bytes, second: bytes) -> None:
    heads, _ = heads_read(first, second)

    assert heads


def test_bodies_that_are_too_many_are_refused_behind_a_known_head_too() -> None:
    async def scenario() -> tuple[bytes, bool, int]:
        async with layer(SMALL) as running:
            memory = running.server._state.memory
            with connected(running) as (connection, wire):
                connection.data_received(infer(1, 2))
                wire.written = b""
                memory.add(memory._most)
                connection.data_received(infer(1, 2))
                memory.add(-memory._most)
                return wire.written, connection._closing, memory.held

    written, closing, held = run(scenario())
    (answer,) = replies(written)
    assert (answer.status, answer.headers["connection"], held) == (503, "close", 0)
    assert closing


def test_who_waits_for_an_answer_behind_a_known_head_may_be_quiet() -> None:
    async def scenario() -> list[float]:
        async with layer(HttpOptions(idle_seconds=0.05)) as running:
            backend, found = running.backend, []
            reader, writer = await asyncio.open_connection(*running.address)
            for number in (1, 2):
                writer.write(infer(number, model="held"))
                await backend.until_pending(number)
                await asyncio.sleep(0.3 if number == 2 else 0)  # six times as long as a quiet connection is kept
                backend.pending[-1].answer()
                async with asyncio.timeout(PATIENCE):
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = re.search(rb"content-length: (\d+)", head)
                    assert length is not None
                    body = await reader.readexactly(int(length[1]))
                found.append(replies(head + body)[0].json["outputs"][0]["data"][0])
            writer.close()
            return found

    assert run(scenario()) == [1, 2]
