"""HTTP/2 held to another implementation, and to what an attacker may try."""

from __future__ import annotations

from itertools import pairwise

import h2.events
import h2.settings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_router.backends.address import Address
from inference_router.http2 import frames
from inference_router.http2.client import ClientConnection, GrpcPool
from inference_router.http2.connection import (
    CONNECTION_WINDOW,
    KEEPALIVE_ANSWER_SECONDS,
    KEEPALIVE_SECONDS,
    MOST_RESETS,
    STALL_SECONDS,
    STREAM_WINDOW,
)
from inference_router.http2.fields import write
from inference_router.http2.frames import Code
from inference_router.http2.parser import MOST_CONTROL
from inference_router.http2.server import MOST_STREAMS, ServerConnection

from tests.serving_images.router.http2_peer import HEAD, Acceptor, Clock, Owner, Peer, Transport, asked, opened

ANSWER = [(b":status", b"200"), (b"content-type", b"application/grpc")]
TRAILERS = [(b"grpc-status", b"0")]


def test_a_call_and_its_answer() -> None:
    peer, acceptor, _ = asked()
    peer.h2.send_headers(1, HEAD)
    peer.h2.send_data(1, b"question", end_stream=True)
    peer.settle()
    ((stream, fields, owner),) = acceptor.calls
    assert (fields, owner.data, owner.ended) == (HEAD, b"question", True)
    stream.send_fields(ANSWER)
    stream.send(b"answer")
    stream.send_fields(TRAILERS, end=True)
    answered, data, ended, over = peer.settle()
    assert (answered.headers, data.data, ended.headers) == (ANSWER, b"answer", TRAILERS)
    assert isinstance(over, h2.events.StreamEnded)
    assert not stream.open


def test_long_bodies_wait_for_room_and_trailers_for_them() -> None:
    peer, acceptor, _ = asked()
    peer.h2.send_headers(1, HEAD, end_stream=True)
    peer.settle()
    ((stream, _, owner),) = acceptor.calls
    body = bytes(range(256)) * 4000
    stream.send_fields(ANSWER)
    stream.send(body)
    stream.send_fields(TRAILERS, end=True)
    received, ended = b"", False
    for _ in range(100):
        for event in peer.settle():
            if isinstance(event, h2.events.DataReceived):
                received += event.data
                peer.h2.acknowledge_received_data(event.flow_controlled_length, 1)
            ended = ended or isinstance(event, h2.events.StreamEnded)
    assert received == body
    assert owner.sent_bytes == len(body)
    assert ended


def test_a_window_that_shrinks_below_nothing_is_waited_for() -> None:
    peer, acceptor, _ = asked()
    peer.h2.send_headers(1, HEAD, end_stream=True)
    peer.settle()
    ((stream, _, owner),) = acceptor.calls
    stream.send_fields(ANSWER)
    stream.send(bytes(100_000))
    peer.settle()
    assert owner.sent_bytes == 65_535
    peer.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 10})
    peer.settle()
    peer.h2.increment_flow_control_window(100_000)
    peer.h2.increment_flow_control_window(65_000, 1)
    peer.settle()
    assert owner.sent_bytes == 65_535, "its window is still 535 below"
    peer.h2.increment_flow_control_window(1000, 1)
    peer.settle()
    assert owner.sent_bytes == 65_535 + 475


def test_a_client_gets_room_again_only_for_what_has_gone_on() -> None:
    peer, acceptor, _ = asked(consumes=False)
    peer.h2.send_headers(1, HEAD)
    sent = 0
    while (room := min(peer.h2.local_flow_control_window(1), 16_384)) > 0:
        peer.h2.send_data(1, bytes(room))
        sent += room
        peer.settle()
    assert sent == STREAM_WINDOW
    ((stream, _, _),) = acceptor.calls
    stream.connection.consumed(stream, STREAM_WINDOW // 2)
    peer.settle()
    assert peer.h2.local_flow_control_window(1) == STREAM_WINDOW // 2


def test_a_connection_takes_no_more_than_its_window() -> None:
    peer, acceptor, server = asked(consumes=False)
    total = 0
    for number in range(1, 2 * MOST_STREAMS, 2):
        peer.h2.send_headers(number, HEAD)
        while (room := min(peer.h2.local_flow_control_window(number), 16_384)) > 0:
            peer.h2.send_data(number, bytes(room))
            total += room
        peer.settle()
    assert total == CONNECTION_WINDOW
    assert sum(len(owner.data) for _, _, owner in acceptor.calls) == CONNECTION_WINDOW
    server.data_received(frames.frame(frames.DATA, 0, 1, b"x"))
    assert server.closed


def test_what_a_stream_held_is_given_back_when_it_is_broken_off() -> None:
    peer, acceptor, _ = asked(consumes=False)
    for number in range(1, 80, 2):
        peer.h2.send_headers(number, HEAD)
        for _ in range(STREAM_WINDOW // 16_384):
            if peer.h2.local_flow_control_window(number) >= 16_384:
                peer.h2.send_data(number, bytes(16_384))
        peer.settle()
        acceptor.calls[-1][0].reset()
        peer.settle()
    assert peer.h2.outbound_flow_control_window >= CONNECTION_WINDOW // 2


def test_more_streams_than_agreed_are_refused_and_the_others_go_on() -> None:
    acceptor = Acceptor()
    server = ServerConnection(acceptor, Clock())
    transport = Transport(server)
    server.connection_made(transport)  # type: ignore[arg-type]  # what is used of one
    server.data_received(frames.PREFACE + frames.settings([]))
    block = write(HEAD)
    for number in range(1, 2 * MOST_STREAMS + 2, 2):
        transport.take()
        server.data_received(frames.headers(number, block, end=True, largest=16_384))
    assert transport.take() == frames.reset(2 * MOST_STREAMS + 1, Code.REFUSED_STREAM)
    assert len(acceptor.calls) == MOST_STREAMS
    assert not server.closed


def test_a_client_that_leaves_is_noticed() -> None:
    peer, acceptor, server = asked()
    peer.h2.send_headers(1, HEAD)
    peer.h2.send_headers(3, HEAD)
    peer.h2.reset_stream(1, Code.CANCEL)
    peer.settle()
    assert [owner.lost for _, _, owner in acceptor.calls] == [(Code.CANCEL, False), None]
    server.connection_lost(None)
    assert acceptor.calls[1][2].lost == (Code.CONNECT_ERROR, False)
    assert acceptor.connections == 0


def last_goaway(transport: Transport) -> int:
    """The code with which a connection was ended."""
    data = transport.take()
    at = data.rindex(b"\x00\x00\x08\x07\x00\x00\x00\x00\x00")
    return frames.number(data[at + 13 :])


FLOODS = {
    "pings": frames.frame(frames.PING, 0, 0, bytes(8)),
    "settings": frames.settings([]),
    "empty bodies": frames.frame(frames.DATA, 0, 1),
    "priorities": frames.frame(frames.PRIORITY, 0, 1, bytes(5)),
    "unknown frames": frames.frame(99, 0, 0, b"x"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_frames_without_content_end_the_connection_where_they_are_too_many(flood: str) -> None:
    server, transport, _ = opened()
    server.data_received(frames.headers(1, write(HEAD), end=False, largest=16_384))
    for _ in range(MOST_CONTROL - 1):
        server.data_received(FLOODS[flood])
    assert not server.closed
    server.data_received(FLOODS[flood] * 2)
    assert last_goaway(transport) == Code.ENHANCE_YOUR_CALM


def test_calls_that_are_broken_off_end_the_connection_where_they_are_too_many() -> None:
    server, transport, acceptor = opened()
    for number in range(1, 2 * MOST_RESETS + 2, 2):
        assert not server.closed
        server.data_received(frames.headers(number, write(HEAD), end=False, largest=16_384))
        server.data_received(frames.reset(number, Code.CANCEL))
    assert last_goaway(transport) == Code.ENHANCE_YOUR_CALM
    assert len(acceptor.calls) == MOST_RESETS + 1


def test_what_is_no_flood_goes_on() -> None:
    server, _, _ = opened()
    for _ in range(10):
        for _ in range(MOST_CONTROL // 2):
            server.data_received(frames.frame(frames.PING, 0, 0, bytes(8)))
        server.look(1000.0)
    assert not server.closed


def test_a_head_without_an_end_is_not_kept() -> None:
    server, transport, _ = opened()
    server.data_received(frames.frame(frames.HEADERS, 0, 1, bytes(16_384)))
    for _ in range(2):
        server.data_received(frames.frame(frames.CONTINUATION, 0, 1, bytes(16_384)))
    assert last_goaway(transport) == Code.ENHANCE_YOUR_CALM


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xff\xff\x00\x00\x00\x00\x00\x01", Code.FRAME_SIZE_ERROR),
        (frames.frame(frames.DATA, 0, 0, b"x"), Code.PROTOCOL_ERROR),
        (frames.frame(frames.DATA, 0, 7, b"x"), Code.PROTOCOL_ERROR),
        (frames.frame(frames.DATA, frames.PADDED, 1, b"\x05x"), Code.PROTOCOL_ERROR),
        (frames.frame(frames.HEADERS, frames.END_HEADERS, 2, write(HEAD)), Code.PROTOCOL_ERROR),
        (frames.frame(frames.HEADERS, frames.END_HEADERS, 1, b"\x80"), Code.COMPRESSION_ERROR),
        (frames.frame(frames.CONTINUATION, 0, 1, b"x"), Code.PROTOCOL_ERROR),
        (frames.frame(frames.HEADERS, 0, 1, b"") + frames.frame(frames.PING, 0, 0, bytes(8)), Code.PROTOCOL_ERROR),
        (frames.frame(frames.SETTINGS, 0, 0, b"x"), Code.FRAME_SIZE_ERROR),
        (frames.frame(frames.SETTINGS, 0, 1), Code.PROTOCOL_ERROR),
        (frames.settings([(frames.ENABLE_PUSH, 2)]), Code.PROTOCOL_ERROR),
        (frames.settings([(frames.INITIAL_WINDOW_SIZE, 2**31)]), Code.FLOW_CONTROL_ERROR),
        (frames.settings([(frames.MAX_FRAME_SIZE, 100)]), Code.PROTOCOL_ERROR),
        (frames.frame(frames.PING, 0, 0, b"x"), Code.FRAME_SIZE_ERROR),
        (frames.frame(frames.RST_STREAM, 0, 1, b"xx"), Code.FRAME_SIZE_ERROR),
        (frames.reset(9, 0), Code.PROTOCOL_ERROR),
        (frames.window_update(9, 1), Code.PROTOCOL_ERROR),
        (frames.window_update(0, 0), Code.PROTOCOL_ERROR),
        (frames.window_update(0, 2**31 - 1) * 2, Code.FLOW_CONTROL_ERROR),
        (frames.frame(frames.PUSH_PROMISE, 0, 1, bytes(8)), Code.PROTOCOL_ERROR),
        (frames.frame(frames.PRIORITY, 0, 3, frames._NUMBER.pack(3) + b"\0"), Code.PROTOCOL_ERROR),
    ],
)
def test_a_breach_of_the_protocol_ends_the_connection(data: bytes, code: Code) -> None:
    server, transport, _ = opened()
    server.data_received(data)
    assert last_goaway(transport) == code
    assert transport.closed


def test_what_does_not_begin_as_http_2_does_is_cut_off() -> None:
    server = ServerConnection(Acceptor(), Clock())
    transport = Transport(server)
    server.connection_made(transport)  # type: ignore[arg-type]  # what is used of one
    server.data_received(b"GET / HTTP/1.1\r\n")
    assert transport.closed


@settings(max_examples=300)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_in_any_pieces_are_handled_or_end_the_connection(data: bytes, cuts: list[int]) -> None:
    server, transport, _ = opened()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(edges):
        if not transport.closed:
            server.data_received(data[start:end])
    if transport.closed:
        assert last_goaway(transport) != Code.INTERNAL_ERROR
    server.connection_lost(None)


FRAMES = st.builds(
    frames.frame,
    st.integers(0, 10),
    st.sampled_from([0, 1, 4, 5, 8, 32, 36]),
    st.sampled_from([0, 1, 2, 3, 5, 7]),
    st.one_of(st.binary(max_size=12), st.just(write(HEAD)), st.just(bytes(4)), st.just(bytes(8))),
)


@settings(max_examples=300)
@given(st.lists(FRAMES, max_size=30))
def test_frames_in_any_order_are_handled_or_end_the_connection(sent: list[bytes]) -> None:
    server, transport, acceptor = opened()
    for data in sent:
        if transport.closed:
            break
        server.data_received(data)
        for stream, _, owner in acceptor.calls:
            if owner.ended and stream.open:
                stream.send_fields(ANSWER)
                stream.send(b"answer", end=True)
    if transport.closed:
        assert last_goaway(transport) != Code.INTERNAL_ERROR
    server.connection_lost(None)


def test_a_silent_client_with_a_call_is_asked_whether_it_is_there() -> None:
    clock = Clock()
    server, transport, _ = opened(clock)
    server.data_received(frames.headers(1, write(HEAD), end=False, largest=16_384))
    transport.take()
    clock.now += KEEPALIVE_SECONDS + 1
    server.look(clock.now)
    assert transport.take()[3] == frames.PING
    clock.now += KEEPALIVE_ANSWER_SECONDS + 1
    server.look(clock.now)
    assert transport.aborted


def test_a_client_that_takes_nothing_in_is_broken_off() -> None:
    clock = Clock()
    server, _, acceptor = opened(clock)
    server.data_received(frames.headers(1, write(HEAD), end=True, largest=16_384))
    ((stream, _, owner),) = acceptor.calls
    stream.send_fields(ANSWER)
    stream.send(bytes(100_000))
    seen = []
    for seconds, data in (
        (STALL_SECONDS - 1, b""),
        (0, frames.window_update(1, 1)),
        (STALL_SECONDS - 1, b""),
        (2, b""),
    ):
        server.data_received(data + frames.window_update(0, 1))
        clock.now += seconds
        server.look(clock.now)
        seen.append(owner.lost)
    assert seen == [None, None, None, (Code.CANCEL, False)]


def test_a_leaving_server_ends_what_is_open_and_takes_no_more() -> None:
    peer, acceptor, server = asked()
    peer.h2.send_headers(1, HEAD, end_stream=True)
    peer.settle()
    server.finish()
    (gone,) = [event for event in peer.settle() if isinstance(event, h2.events.ConnectionTerminated)]
    assert (gone.error_code, gone.last_stream_id) == (Code.NO_ERROR, 1)
    assert not peer.transport.closed
    stream = acceptor.calls[0][0]
    stream.send_fields([*ANSWER, *TRAILERS], end=True)
    assert peer.transport.closed


def client() -> tuple[ClientConnection, Peer]:
    clock = Clock()
    connection = ClientConnection(GrpcPool(Address("127.0.0.1", 1, 2), 1.0, clock), clock)
    return connection, Peer(connection, client=False)


def test_calls_to_a_runtime_share_a_connection() -> None:
    connection, peer = client()
    owners = []
    for number in range(3):
        stream = connection.open_stream()
        owners.append(Owner())
        stream.owner = owners[-1]
        stream.send_fields(HEAD)
        stream.send(b"question %d" % number, end=True)
    events = peer.settle()
    assert [event.stream_id for event in events if isinstance(event, h2.events.StreamEnded)] == [1, 3, 5]
    for number in (5, 1, 3):
        peer.h2.send_headers(number, ANSWER)
        peer.h2.send_data(number, b"answer %d" % number)
        peer.h2.send_headers(number, TRAILERS, end_stream=True)
    peer.settle()
    assert [owner.data for owner in owners] == [b"answer 1", b"answer 3", b"answer 5"]
    assert [owner.fields for owner in owners] == [[(ANSWER, False), (TRAILERS, True)]] * 3
    assert not connection.streams


def test_a_runtime_that_leaves_says_which_calls_it_did_not_begin() -> None:
    connection, peer = client()
    streams = [connection.open_stream() for _ in range(3)]
    owners = [Owner() for _ in streams]
    for stream, owner in zip(streams, owners, strict=True):
        stream.owner = owner
        stream.send_fields(HEAD, end=True)
    peer.settle()
    connection.data_received(frames.go_away(3, Code.NO_ERROR))
    assert [owner.lost for owner in owners] == [None, None, (Code.REFUSED_STREAM, True)]
    assert not connection.has_room
    peer.h2.send_headers(1, [*ANSWER, *TRAILERS], end_stream=True)
    peer.h2.send_headers(3, [*ANSWER, *TRAILERS], end_stream=True)
    peer.settle()
    assert peer.transport.closed
    assert owners[1].ended


def test_a_runtime_may_take_fewer_calls_at_a_time() -> None:
    connection, peer = client()
    peer.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2})
    peer.settle()
    connection.open_stream()
    assert connection.has_room
    connection.open_stream()
    assert not connection.has_room


def test_what_only_announces_an_answer_is_passed_over() -> None:
    connection, peer = client()
    stream, owner = connection.open_stream(), Owner()
    stream.owner = owner
    stream.send_fields(HEAD, end=True)
    peer.settle()
    peer.h2.send_headers(1, [(b":status", b"103")])
    peer.h2.send_headers(1, [*ANSWER, *TRAILERS], end_stream=True)
    peer.settle()
    assert owner.fields == [([*ANSWER, *TRAILERS], True)]
