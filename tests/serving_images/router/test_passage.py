"""REST requests on their way, one event at a time: nothing of a request stays behind, however it ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest
from inference_router.decision.sides import Ask, Side
from inference_router.dispatcher import Journey
from inference_router.rest.passage import Passage
from inference_router.rest.proxy import Proxy, Surroundings
from inference_router.rest.streaming import StreamedAnswer, StreamingConnection, Upload
from inference_router.rest.upstream import Pool, Upstream
from onnxruntime_server.http import answers
from onnxruntime_server.http.exchange import Exchange
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.state import State

from tests.serving_images.router.relaying import House

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n"


class Wire:
    """A transport that keeps what is written, and whether it reads."""

    def __init__(self) -> None:
        self.written = b""
        self.reads = True
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def abort(self) -> None:
        self.closed = True

    close = abort

    def get_write_buffer_size(self) -> int:
        return 0


class HandPool(Pool):
    """Connections to a runtime that are made when the test says so."""

    def __init__(self, house: House, side: Side) -> None:
        super().__init__(house.endpoints[side].address, 1.0)
        self.ready: list[Callable[[Upstream], None]] = []

    def connect(self, ready: Callable[[Upstream], None], failed: Callable[[str], None]) -> None:
        del failed
        self.ready.append(ready)

    def made(self) -> tuple[Upstream, Wire]:
        """The runtime takes a connection."""
        upstream, wire = Upstream(self), Wire()
        upstream.connection_made(cast("Any", wire))
        self._busy.add(upstream)
        self.ready.pop(0)(upstream)
        return upstream, wire

    def put_back(self, upstream: Upstream) -> None:
        self._busy.discard(upstream)
        self._idle.append(upstream)


class Client:
    """A client's connection, as far as a passage knows it."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.upload_paused = False
        self.begun = False
        self.aborted = False
        self.pieces = b""
        self.pauses: Callable[[], None] | None = None

    def answered(self) -> None:
        pass

    def abort(self) -> None:
        self.aborted = True

    def pause_upload(self) -> None:
        self.upload_paused = True

    def resume_upload(self) -> None:
        self.upload_paused = False

    def write_piece(self, answer: StreamedAnswer, piece: bytes) -> None:
        self.pieces += piece
        if len(self.pieces) > 64 * 1024:
            answer.source.pause()

    def end_stream(self, answer: StreamedAnswer) -> None:
        pass


class RestHouse:
    """What a passage stands on."""

    def __init__(self) -> None:
        self.house = House()
        self.around = Surroundings(self.house.dispatcher, self.house.clock, 60.0, 1.0)
        self.pools = {side: HandPool(self.house, side) for side in Side}
        self.around._pools.update({self.house.endpoints[side]: pool for side, pool in self.pools.items()})

    def exchange(self, length: int = 0) -> tuple[Exchange, Client]:
        client = Client()
        headers = {b"host": b"x", b"content-length": b"%d" % length}
        return Exchange(cast("Any", client), self.house.memory, b"POST", b"/v2/models/m/infer", headers), client

    def begin(self, exchange: Exchange, upload: Upload | None = None, wish: Side = Side.CPU) -> Passage:
        passage = Passage(self.around, exchange, Journey(Ask("m", wish=wish), "rest"), upload)
        passage.begin()
        return passage

    def in_flight(self) -> int:
        return sum(endpoint.in_flight for endpoint in self.house.endpoints.values())


def test_a_connection_is_read_again_after_an_answer_that_was_too_much_for_its_client() -> None:
    rest = RestHouse()
    exchange, client = rest.exchange()
    rest.begin(exchange)
    upstream, wire = rest.pools[Side.CPU].made()
    upstream.data_received(HEAD % 200_000 + bytes(1000))
    exchange.answer.flow_to(cast("Any", client))  # type: ignore[union-attr]  # it was answered
    upstream.data_received(bytes(199_000))
    assert len(client.pieces) == 200_000
    assert rest.pools[Side.CPU].take() is upstream
    assert wire.reads
    assert rest.in_flight() == 0


def test_a_request_that_failed_while_it_waited_for_its_turn_counts_nowhere() -> None:
    rest = RestHouse()
    exchange, client = rest.exchange(100_000)
    upload = Upload([bytes(70_000)], cast("Any", client))
    upload.fail(answers.refusal(503, "the server is busy"))
    rest.begin(exchange, upload)
    assert exchange.answer is not None
    assert exchange.answer.status == 503
    assert rest.in_flight() == 0
    assert not rest.around.open


def test_another_runtime_is_sent_the_rest_that_the_one_before_did_not_take_in() -> None:
    rest = RestHouse()
    exchange, client = rest.exchange(100_000)
    upload = Upload([bytes(70_000)], cast("Any", client))
    rest.begin(exchange, upload)
    upstream, _ = rest.pools[Side.CPU].made()
    upstream.pause_writing()
    assert client.upload_paused
    upstream.connection_lost(None)
    _, wire = rest.pools[Side.GPU].made()
    assert wire.written.endswith(bytes(70_000))
    assert not client.upload_paused


@pytest.mark.parametrize("second", [HEAD % 2 + b"ho", HEAD[:12], b"GET / HTTP/1.1\r\n"])
def test_two_answers_to_one_request_are_none(second: bytes) -> None:
    rest = RestHouse()
    exchange, _ = rest.exchange()
    rest.begin(exchange)
    upstream, wire = rest.pools[Side.CPU].made()
    upstream.data_received(HEAD % 2 + b"hi" + second)
    assert wire.closed
    assert exchange.answer is None
    another, _ = rest.pools[Side.GPU].made()
    another.data_received(HEAD % 2 + b"ok")
    assert exchange.answer.body == b"ok"  # type: ignore[attr-defined]  # it is answered by now
    assert rest.in_flight() == 0


def test_a_client_that_takes_its_answer_in_slowly_is_no_fault_of_the_runtime() -> None:
    rest = RestHouse()
    exchange, client = rest.exchange()
    rest.begin(exchange)
    upstream, wire = rest.pools[Side.CPU].made()
    upstream.data_received(HEAD % 200_000 + bytes(100_000))
    exchange.answer.flow_to(cast("Any", client))  # type: ignore[union-attr]  # it was answered
    reads = [wire.reads]
    rest.house.clock.now += 100
    rest.around.look(set())
    told = [client.aborted]
    assert rest.in_flight() == 1
    exchange.answer.source.resume()  # type: ignore[union-attr]  # it was answered
    assert [*reads, wire.reads] == [False, True]
    rest.house.clock.now += 100
    rest.around.look(set())
    assert [*told, client.aborted] == [False, True]
    assert rest.in_flight() == 0


def test_a_connection_to_a_runtime_that_is_not_known_any_more_is_closed() -> None:
    rest = RestHouse()
    exchange, _ = rest.exchange()
    rest.begin(exchange)
    upstream, wire = rest.pools[Side.CPU].made()
    upstream.data_received(HEAD % 2 + b"ok")
    upstream.idle_since = rest.house.clock.now
    for _ in range(2):
        rest.around.look(set())
        rest.house.clock.now += 1
    assert wire.closed


class Responses:
    """Counts answers."""

    def __init__(self) -> None:
        self.responses: Counter[int] = Counter()


async def answers_in_turn(second: Callable[[Upstream], None]) -> tuple[RestHouse, Wire]:
    """Two requests of one connection, of which the later one is answered first, with what ``second`` does."""
    rest, wire = RestHouse(), Wire()
    state = State(HttpOptions(), Proxy(rest.around, cast("Any", None), None), cast("Any", Responses()))
    connection = StreamingConnection(state)
    connection.connection_made(cast("Any", wire))
    question = b"POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\nfalaj-route: cpu\r\ncontent-length: 2\r\n\r\n{}"
    connection.data_received(question * 2)
    pool = rest.pools[Side.CPU]
    (first, _), (other, _) = pool.made(), pool.made()
    second(other)
    assert wire.written == b""
    first.data_received(HEAD % 5 + b"first")
    return rest, wire


def test_an_answer_that_broke_off_before_its_turn_is_a_refusal() -> None:
    def breaks(upstream: Upstream) -> None:
        upstream.data_received(HEAD % 1000 + b"second")
        upstream.connection_lost(None)

    rest, wire = asyncio.run(answers_in_turn(breaks))
    first, _, second = wire.written.partition(b"first")
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert second.startswith(b"HTTP/1.1 502 Bad Gateway")
    assert second.endswith(b'{"error":"the runtime of this model broke off while it answered"}')
    assert rest.in_flight() == 0
    assert rest.house.memory.held == 0


def test_an_answer_that_came_before_its_turn_is_whole() -> None:
    def goes_on(upstream: Upstream) -> None:
        upstream.data_received(HEAD % 12 + b"second")
        upstream.data_received(b"second")

    rest, wire = asyncio.run(answers_in_turn(goes_on))
    assert wire.written.endswith(b"secondsecond")
    assert rest.in_flight() == 0
