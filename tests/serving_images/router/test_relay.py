"""Calls on their way, one event at a time: nothing of a call stays behind, however it ends."""

from __future__ import annotations

import h2.events
import h2.settings
import pytest
from inference_router.backends.fleet import ERRORS_IN_A_ROW
from inference_router.decision.sides import Side
from inference_router.http2.client import ClientConnection
from inference_router.http2.connection import CONNECTION_WINDOW

from tests.serving_images.router.http2_peer import HEAD, Peer, Transport
from tests.serving_images.router.relaying import (
    ANSWER,
    STREAM_HEAD,
    TRAILERS,
    House,
    data_of,
    message,
    trailers_of,
)

REFUSED = [*ANSWER, (b"grpc-status", b"3")]
BUSY = [*ANSWER, (b"grpc-status", b"8")]


def ask(
    client: Peer, number: int = 1, size: int = 100, *, head: list[tuple[bytes, bytes]] = HEAD, end: bool = True
) -> None:
    client.h2.send_headers(number, head)
    data = message(size - 5)
    for start in range(0, size, 16_384):
        client.h2.send_data(number, data[start : start + 16_384], end_stream=end and start + 16_384 >= size)
        client.settle()


def to(side: Side, head: list[tuple[bytes, bytes]] = HEAD) -> list[tuple[bytes, bytes]]:
    """The head of a call that is meant for a side."""
    return [*head, (b"falaj-route", side.encode())]


def test_a_stream_of_answers_goes_on_for_as_long_as_its_client_reads() -> None:
    house = House()
    client, runtime = house.client(), house.runtime()
    ask(client, head=to(Side.CPU, STREAM_HEAD))
    house.settle()
    runtime.h2.send_headers(1, ANSWER)
    came = 0
    for _ in range(2 * CONNECTION_WINDOW // 10_000):
        runtime.h2.send_data(1, bytes(10_000))
        events = house.settle()
        for of, event in events:
            if of is client and isinstance(event, h2.events.DataReceived):
                came += len(event.data)
                client.h2.acknowledge_received_data(event.flow_controlled_length, 1)
        house.settle()
    assert came == 2 * CONNECTION_WINDOW // 10_000 * 10_000
    runtime.h2.send_headers(1, TRAILERS, end_stream=True)
    assert trailers_of(house.settle(), client) == [b"0"]
    assert not house.held()


def test_refused_calls_take_nothing_of_a_clients_window() -> None:
    house = House()
    client = house.client()
    for endpoint in house.endpoints.values():
        endpoint.ready = False
    ask(client, size=10_000)
    assert house.noted == {14: 1}
    assert not house.held()


def test_an_answer_before_the_message_has_gone_out_leaves_nothing_behind() -> None:
    house = House()
    client, runtime = house.client(), house.runtime()
    ask(client, size=200_000, head=to(Side.CPU))
    house.settle()
    runtime.h2.send_headers(1, REFUSED, end_stream=True)
    assert trailers_of(house.settle(), client) == [b"3"]
    assert not house.held()


def test_a_busy_runtime_that_has_not_taken_the_message_gets_no_more_of_it() -> None:
    house = House()
    client, cpu, other = house.client(), house.runtime(), house.runtime(Side.GPU)
    ask(client, size=200_000, head=to(Side.GPU))
    house.settle()
    other.h2.send_headers(1, BUSY, end_stream=True)
    came = house.settle()
    assert [type(event) for of, event in came if of is other][-1] is h2.events.StreamReset
    cpu.h2.send_headers(1, REFUSED, end_stream=True)
    assert trailers_of(house.settle(), client) == [b"3"]
    assert not house.held()


def test_calls_whose_clients_left_before_a_connection_was_made_are_not_heard_of() -> None:
    house = House()
    for _ in range(8):
        client = house.client()
        for number in range(1, 250, 2):
            ask(client, number, head=to(Side.CPU))
        client.connection.connection_lost(None)
        house.peers.remove(client)
    client = house.client()
    ask(client, head=to(Side.CPU))
    runtime = house.runtime()
    came = [type(event) for event in runtime.settle()]
    assert came[:1] == [h2.events.RequestReceived]
    assert h2.events.StreamReset not in came
    runtime.h2.send_headers(1, REFUSED, end_stream=True)
    assert trailers_of(house.settle(), client) == [b"3"]
    assert not house.held()


def test_a_call_that_left_while_it_waited_is_no_stream_that_is_broken_off() -> None:
    """To break off a stream that was never begun ends the connection of whoever holds to RFC 9113, section 5.1."""
    house = House()
    client = house.client()
    ask(client, head=to(Side.CPU))
    client.h2.reset_stream(1)
    house.settle()
    pool = house.pools[Side.CPU]
    connection = ClientConnection(pool, house.clock)
    transport = Transport(connection)
    connection.connection_made(transport)  # type: ignore[arg-type]  # what is used of one
    pool._connections.append(connection)
    transport.take()
    pool.room()
    assert transport.take() == b""
    assert not house.held()


def test_a_client_that_says_on_after_its_answer_is_told_to_stop() -> None:
    """An answer that had to wait for room, as one that had not."""
    house = House()
    client, runtime = house.client(), house.runtime()
    ask(client, head=to(Side.CPU, STREAM_HEAD), end=False)
    house.settle()
    runtime.h2.send_headers(1, ANSWER)
    for _ in range(10):
        runtime.h2.send_data(1, bytes(10_000))
    runtime.h2.send_headers(1, TRAILERS, end_stream=True)
    assert len(data_of(house.settle(), client)) == 65_535
    client.h2.increment_flow_control_window(40_000)
    client.h2.increment_flow_control_window(40_000, 1)
    events = house.settle()
    assert trailers_of(events, client) == [b"0"]
    assert [each.error_code for _, each in events if isinstance(each, h2.events.StreamReset)] == [0]
    assert not house.held()


@pytest.mark.parametrize("head", [HEAD, STREAM_HEAD], ids=["a message", "messages"])
def test_a_call_that_is_late_while_it_is_answered_ends_once_and_in_order(head: list[tuple[bytes, bytes]]) -> None:
    house = House()
    client, runtime = house.client(), house.runtime()
    ask(client, head=[*to(Side.CPU, head), (b"grpc-timeout", b"10S")], end=False)
    house.settle()
    runtime.h2.send_headers(1, ANSWER)
    runtime.h2.send_data(1, message(10))
    house.settle()
    house.clock.now += 11
    house.around.look(set(house.endpoints.values()))
    events = [event for of, event in house.settle() if of is client]
    assert [type(event) for event in events] == [
        h2.events.TrailersReceived,
        h2.events.StreamEnded,
        h2.events.StreamReset,
    ]
    assert dict(events[0].headers)[b"grpc-status"] == b"4"
    assert house.noted == {4: 1}
    assert not house.held()


def test_a_client_that_takes_its_answer_in_slowly_is_no_fault_of_the_runtime() -> None:
    house = House()
    client, runtime = house.client(), house.runtime()
    for number in range(1, 2 * ERRORS_IN_A_ROW + 1, 2):
        ask(client, number, head=to(Side.CPU))
        house.settle()
        runtime.h2.send_headers(number, ANSWER)
        for _ in range(10):
            runtime.h2.send_data(number, bytes(10_000))
        house.settle()
        for _ in range(7):
            house.clock.now += 10
            client.h2.increment_flow_control_window(1, number)
            client.h2.increment_flow_control_window(1)
            house.settle()
            house.around.look(set(house.endpoints.values()))
            runtime.connection.look(house.clock.now)
            client.connection.look(house.clock.now)
        house.settle()
    assert house.noted == {4: ERRORS_IN_A_ROW}
    assert house.endpoints[Side.CPU].takes_requests(house.clock.now)


def test_a_deadline_that_a_client_sets_is_no_fault_of_the_runtime() -> None:
    house = House()
    client, _ = house.client(), house.runtime()
    for number in range(1, 2 * ERRORS_IN_A_ROW + 1, 2):
        ask(client, number, head=[*to(Side.CPU), (b"grpc-timeout", b"1m")])
        house.settle()
        house.clock.now += 1
        house.around.look(set(house.endpoints.values()))
        house.settle()
    assert house.noted == {4: ERRORS_IN_A_ROW}
    assert house.endpoints[Side.CPU].takes_requests(house.clock.now)
    assert not house.held()


def test_a_runtime_that_is_silent_for_too_long_is_left_alone() -> None:
    house = House()
    client, _ = house.client(), house.runtime()
    for number in range(1, 2 * ERRORS_IN_A_ROW + 1, 2):
        ask(client, number, head=to(Side.CPU))
        house.settle()
        house.clock.now += 61
        house.around.look(set(house.endpoints.values()))
        house.settle()
    assert house.noted == {4: ERRORS_IN_A_ROW}
    assert not house.endpoints[Side.CPU].takes_requests(house.clock.now)
    assert not house.held()
