"""HTTP/2 at its edges: what few peers do, and what an attacker does on purpose."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import h2.events
import h2.settings
import pytest
from inference_router.backends.address import Address
from inference_router.http2 import frames
from inference_router.http2.client import ClientConnection, GrpcPool
from inference_router.http2.connection import MOST_RESETS, MOST_UNREAD, STALL_SECONDS, WRITE_BUFFER
from inference_router.http2.fields import write
from inference_router.http2.frames import Code
from inference_router.http2.server import ServerConnection

from tests.serving_images.router.http2_peer import HEAD, Acceptor, Clock, Owner, Peer, Transport, asked, opened

ANSWER = [(b":status", b"200"), (b"content-type", b"application/grpc")]
TRAILERS = [(b"grpc-status", b"0")]


def connected(clock: Clock | None = None) -> tuple[ClientConnection, Peer]:
    clock = clock or Clock()
    connection = ClientConnection(GrpcPool(Address("127.0.0.1", 1, 2), 1.0, clock), clock)
    return connection, Peer(connection, client=False)


@pytest.mark.parametrize("size", [0, 100, 4095])
def test_a_client_that_keeps_less_of_heads_is_told_that_nothing_is_kept(size: int) -> None:
    """RFC 7541, section 4.2: one that is not told must take the next head for broken."""
    peer, acceptor, _ = asked()
    peer.h2.update_settings({h2.settings.SettingCodes.HEADER_TABLE_SIZE: size})
    peer.settle()
    for number in (1, 3):
        peer.h2.send_headers(number, HEAD, end_stream=True)
        peer.settle()
        acceptor.calls[-1][0].send_fields([*ANSWER, *TRAILERS], end=True)
        (answered, _) = peer.settle()
        assert answered.headers == [*ANSWER, *TRAILERS]


def test_streams_that_wait_for_the_same_room_take_turns() -> None:
    clock = Clock()
    peer, acceptor, server = asked(clock)
    peer.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**24})
    for number in (1, 3):
        peer.h2.send_headers(number, HEAD, end_stream=True)
    peer.settle()
    for stream, _, _ in acceptor.calls:
        stream.send_fields(ANSWER)
        stream.send(bytes(1_000_000))
    for _ in range(60):
        clock.now += 1
        peer.h2.increment_flow_control_window(10_000)
        peer.settle()
        server.look(clock.now)
    assert [owner.lost for _, _, owner in acceptor.calls] == [None, None]
    sent = [owner.sent_bytes for _, _, owner in acceptor.calls]
    assert abs(sent[0] - sent[1]) <= 65_535 + 10_000


BREACHES = {
    "room for nothing": lambda number: frames.window_update(number, 0),
    "too much room": lambda number: frames.window_update(number, 2**31 - 1) * 2,
    "a second head": lambda number: frames.headers(number, write(HEAD), end=False, largest=16_384),
    "a head that is none": lambda number: frames.headers(number, write([(b"A", b"")]), end=True, largest=16_384),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_calls_that_clients_make_the_router_break_off_are_counted_like_those_they_break_off(breach: str) -> None:
    """CVE-2025-8671: otherwise there is no bound on calls that are worked on and not waited for."""
    server, transport, acceptor = opened()
    block = write(HEAD)
    for number in range(1, 2 * MOST_RESETS + 2, 2):
        assert not server.closed
        server.data_received(frames.headers(number, block, end=False, largest=16_384) + BREACHES[breach](number))
        transport.take()
    assert server.closed
    assert len(acceptor.calls) == MOST_RESETS + 1


def test_a_head_of_an_answer_begins_no_call() -> None:
    server, transport, acceptor = opened()
    transport.take()
    server.data_received(frames.headers(1, write([(b":status", b"100")]), end=False, largest=16_384))
    assert transport.take() == frames.reset(1, Code.PROTOCOL_ERROR)
    assert not server.streams
    assert not acceptor.calls


def test_answers_to_many_calls_that_were_just_broken_off_are_passed_over() -> None:
    connection, peer = connected()
    peer.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2**31 - 1})
    peer.settle()
    streams = [connection.open_stream() for _ in range(400)]
    kept, owner = streams.pop(), Owner()
    kept.owner = owner
    for stream in (*streams, kept):
        stream.send_fields(HEAD, end=True)
    peer.settle()
    for stream in streams:
        stream.reset()
        peer.h2.send_headers(stream.id, ANSWER)
        peer.h2.send_data(stream.id, b"answer")
        peer.h2.send_headers(stream.id, TRAILERS, end_stream=True)
    crossing = peer.h2.data_to_send()
    connection.data_received(crossing)
    assert not connection.closed
    assert owner.lost is None


class FullTransport(Transport):
    """One whose other end reads nothing."""

    size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)

    def get_write_buffer_size(self) -> int:
        return self.size


NOT_READ: dict[str, Callable[[int], bytes]] = {
    "pings": lambda _: frames.frame(frames.PING, 0, 0, bytes(8)) * 1000,
    "calls": lambda number: frames.headers(number, write(HEAD), end=True, largest=16_384),
}


@pytest.mark.parametrize("asked_for", NOT_READ)
def test_a_client_that_asks_and_reads_no_answer_is_cut_off(asked_for: str) -> None:
    clock, acceptor = Clock(), Acceptor()
    server = ServerConnection(acceptor, clock)
    transport = FullTransport(server)
    server.connection_made(transport)  # type: ignore[arg-type]  # what is used of one
    server.data_received(frames.PREFACE + frames.settings([]))
    for number in range(1, 50_000, 2):
        if server.closed:
            break
        server.data_received(NOT_READ[asked_for](number))
        for stream, _, _ in acceptor.calls:
            stream.send_fields([*ANSWER, *TRAILERS], end=True)
        acceptor.calls.clear()
        transport.take()
        if transport.size > WRITE_BUFFER:
            server.pause_writing()
        if number % 4 == 1:
            server.look(clock.now)
    assert transport.aborted
    assert transport.size < 2 * MOST_UNREAD


def test_a_connection_that_is_over_and_not_read_is_cut_off() -> None:
    clock = Clock()
    server, transport, _ = opened(clock)
    server.data_received(b"\xff" * 9)
    assert (transport.closed, transport.aborted) == (True, False)
    for seconds, expected in ((STALL_SECONDS - 1, False), (2, True)):
        clock.now += seconds
        server.look(clock.now)
        assert transport.aborted is expected


def test_a_runtime_with_quiet_calls_is_not_asked_more_often_than_grpc_allows() -> None:
    """Three questions sooner than five minutes after the one before, and a runtime of gRPC's core ends the connection.

    Source: https://github.com/grpc/grpc/blob/master/doc/keepalive.md
    """
    clock = Clock()
    connection, peer = connected(clock)
    connection.open_stream().send_fields(HEAD, end=True)
    peer.settle()
    asked_at = []
    for _ in range(3600):
        clock.now += 1
        connection.look(clock.now)
        if any(isinstance(event, h2.events.PingReceived) for event in peer.settle()):
            asked_at.append(clock.now)
    assert len(asked_at) > 5
    assert not [(before, after) for before, after in pairwise(asked_at) if after - before < 300]


def test_a_runtime_may_refuse_as_many_calls_as_it_likes() -> None:
    """Those go elsewhere unharmed; to end its connection would lose those that it works on."""
    connection, peer = connected()
    peer.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2**31 - 1})
    peer.settle()
    streams = [connection.open_stream() for _ in range(MOST_RESETS + 100)]
    kept = connection.open_stream()
    for stream in (*streams, kept):
        stream.send_fields(HEAD, end=True)
    peer.settle()
    connection.data_received(b"".join(frames.reset(stream.id, Code.REFUSED_STREAM) for stream in streams))
    assert not connection.closed
    assert list(connection.streams) == [kept.id]
