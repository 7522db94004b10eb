"""Connections to a runtime: made when they are needed, gone when they are not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from inference_router.backends.address import Address
from inference_router.decision.sides import Side
from inference_router.http2.client import MOST_CONNECTIONS, ClientConnection, GrpcPool
from inference_router.http2.frames import Code
from inference_router.http2.stream import Stream

from tests.serving_images.router.http2_peer import Clock, Transport
from tests.serving_images.router.relaying import ANSWER, TRAILERS, House, message
from tests.serving_images.router.test_relay import ask, to

SECONDS = 5


class Loop:
    """Makes connections when, and as, the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.may_go_on = asyncio.Event()
        self.fault: Exception | None = None
        self.cut_off = False
        self.made: list[ClientConnection] = []
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", self.create_connection)

    async def create_connection(self, make: Callable[[], ClientConnection], *_: object) -> tuple[Any, ClientConnection]:
        self.asked += 1
        assert self.asked < 20, "it connects again and again"
        await self.may_go_on.wait()
        if self.fault is not None:
            raise self.fault
        connection = make()
        transport = Transport(connection)
        transport.abort = transport.close = lambda: connection.connection_lost(None)  # type: ignore[method-assign]  # it ends at once
        connection.connection_made(cast("Any", transport))
        self.made.append(connection)
        if self.cut_off:
            connection.connection_lost(None)
        return transport, connection


def pool() -> GrpcPool:
    return GrpcPool(Address("127.0.0.1", 1, 2), SECONDS, Clock())


def test_a_router_that_stops_does_not_wait_for_connections_that_are_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop, connections, failed = Loop(monkeypatch), pool(), list[str]()
        connections.wait(lambda _: pytest.fail("it was stopped"), failed.append)
        await asyncio.sleep(0)
        assert loop.asked == 1
        connections.lose("stopped")
        assert failed == ["stopped"]
        for _ in range(3):
            await asyncio.sleep(0)
        assert connections.empty
        loop.may_go_on.set()
        await asyncio.sleep(0)
        assert connections.empty

    asyncio.run(main())


def test_a_runtime_that_is_lost_and_asked_for_again_is_connected_to_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop, connections = Loop(monkeypatch), pool()
        connected: list[ClientConnection] = []
        connections.wait(connected.append, lambda _: None)
        await asyncio.sleep(0)
        connections.lose("gone")
        connections.wait(connected.append, pytest.fail)
        loop.may_go_on.set()
        for _ in range(10):
            await asyncio.sleep(0)
        assert connected == [loop.made[-1]]

    asyncio.run(main())


@pytest.mark.parametrize("fault", [OSError(), TimeoutError(), UnicodeError("label too long"), None])
def test_who_waits_is_told_where_no_connection_can_be_had(
    fault: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one: a connection that is cut off as it is made."""

    async def main() -> None:
        loop, connections, failed = Loop(monkeypatch), pool(), list[str]()
        loop.may_go_on.set()
        loop.fault, loop.cut_off = fault, fault is None
        connections.wait(lambda _: pytest.fail("there is none"), failed.append)
        for _ in range(10):
            await asyncio.sleep(0)
        assert failed == ["no_connection"]
        assert loop.asked == 1
        assert connections.empty

    asyncio.run(main())


def test_connections_to_a_runtime_that_is_not_known_any_more_are_closed() -> None:
    house = House()
    client, runtime = house.client(), house.runtime()
    ask(client, head=to(Side.CPU))
    house.settle()
    runtime.h2.send_headers(1, ANSWER)
    runtime.h2.send_data(1, message(10))
    runtime.h2.send_headers(1, TRAILERS, end_stream=True)
    house.settle()
    for _ in range(2):
        house.around.look(set())
        house.clock.now += 1
    assert runtime.transport.closed


def test_a_connection_that_refuses_a_call_takes_no_other_and_ends_after_those_it_works_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def opened(connection: ClientConnection) -> None:
        connection.open_stream()

    async def main() -> None:
        loop, connections = Loop(monkeypatch), pool()
        loop.may_go_on.set()
        for refused in range(MOST_CONNECTIONS + 1):
            connections.wait(opened, pytest.fail)
            for _ in range(10):
                await asyncio.sleep(0)
            connection = loop.made[refused]
            assert connections.open_at_once() is connection.streams[3]
            connection.on_reset(1, Code.REFUSED_STREAM)
            assert connections.open_at_once() is None
        for connection in loop.made:
            assert not connection.closed
            connection.on_reset(3, Code.CANCEL)
        assert connections.empty

    asyncio.run(main())


def test_where_no_more_connections_can_be_had_calls_wait_for_room_on_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As of a runtime that takes no more connections: it is no less there for that."""
    opened: list[Stream] = []

    def open_stream(connection: ClientConnection) -> None:
        opened.append(connection.open_stream())

    async def main() -> None:
        loop, connections = Loop(monkeypatch), pool()
        loop.may_go_on.set()
        connections.wait(open_stream, pytest.fail)
        for _ in range(10):
            await asyncio.sleep(0)
        (connection,) = loop.made
        connection.streams_allowed(1)
        loop.fault = OSError()
        connections.wait(open_stream, pytest.fail)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(opened) == 1
        connection.on_reset(opened[0].id, Code.CANCEL)
        assert [stream.id for stream in opened] == [1, 3]

    asyncio.run(main())
