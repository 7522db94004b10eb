"""Bounds around a connection and a body that are too slow or too large to try on the shared server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
import uvicorn
from onnxruntime_server.errors import ClientGoneError, UnavailableError
from onnxruntime_server.http import connection
from onnxruntime_server.http.body import BodyReader
from onnxruntime_server.http.connection import Connection
from uvicorn.server import ServerState


async def nothing(scope: object, receive: object, send: object) -> None:
    del scope, receive, send


async def exchange(*parts: bytes) -> bytes:
    """What a connection answers to bytes that come one part after the other, and then no more."""
    config = uvicorn.Config(nothing, http=Connection, lifespan="off", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(config, ServerState(), {}), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for part in parts:
            writer.write(part)
            await writer.drain()
        received = await reader.read()
        writer.close()
        await writer.wait_closed()
    return received


@pytest.mark.parametrize("parts", [(), (b"G",), (b"GET /v2 HTTP/1.1\r\n", b"host: x\r\n")])
def test_headers_that_do_not_come_are_not_waited_for(parts: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.05)
    head, _, body = asyncio.run(exchange(*parts)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert json.loads(body) == {"error": "the request line and headers did not arrive within 0.05 seconds"}


def source(parts: Iterable[bytes], *, end: bool = True) -> Any:  # noqa: ANN401 - an ASGI receive
    """A body in parts; without an end the client leaves."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False} if end else {"type": "http.disconnect"})
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left)

    return receive


def test_all_bodies_together_have_a_limit_and_make_room_when_done() -> None:
    async def scenario() -> None:
        bodies = BodyReader(most_bytes=10, seconds=5)
        async with bodies.read({}, source([b"x" * 10])), bodies.read({}, source([b"x" * 10])):
            async with bodies.read({}, source([b"x" * 5, b"y" * 5])) as third:
                assert third == b"xxxxxyyyyy"
                async with bodies.read({}, source([b"x" * 9])):
                    with pytest.raises(UnavailableError, match=r"^the server is busy: it holds 40 bytes of requests$"):
                        async with bodies.read({}, source([b"x", b"x"])):
                            pass
            async with bodies.read({}, source([b"x" * 10])) as fourth:
                assert len(fourth) == 10

    asyncio.run(scenario())


def test_a_client_that_leaves_mid_body_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        bodies = BodyReader(most_bytes=10, seconds=5)
        for _ in range(9):
            with pytest.raises(ClientGoneError):
                async with bodies.read({}, source([b"x" * 10], end=False)):
                    pass

    asyncio.run(scenario())
