"""Calls between clients and runtimes that do anything, in any order: each ends once, and nothing of it stays behind."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from random import Random

import h2.events
import h2.exceptions
import h2.settings
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_router.decision.sides import Side
from inference_router.http2 import frames
from inference_router.http2.frames import Code

from tests.serving_images.router.http2_peer import HEAD, Peer
from tests.serving_images.router.relaying import ANSWER, House

SERVICE = b"/inference.GRPCInferenceService/"
METHODS = [b"ModelInfer"] * 4 + [b"ModelStreamInfer"] * 3 + [b"ServerLive", b"RepositoryModelLoad"]
SIZES = [0, 1, 3, 5, 100, 10_000, 100_000]
ROOM = [0, 1, 1000, 65_535, 1 << 20]
STATUSES = [b"0"] * 4 + [b"3", b"8", b"14", b""]
CODES = [Code.NO_ERROR, Code.CANCEL, Code.REFUSED_STREAM, Code.INTERNAL_ERROR]
PADDING = [None, None, 0, 200]
LASTS = [0, 1, 3, 5, 2**31 - 1]


@dataclass(eq=False)
class End:
    """One end of a call, as a client or a runtime sees it."""

    peer: Peer
    number: int
    name: bytes
    """What the call is known by on both sides."""
    headed: bool = False
    said_all: bool = False
    heads: int = 0
    ends: int = 0
    resets: list[int] = field(default_factory=list)


class Calls:
    """Clients and runtimes do what they may, knowing what they have seen so far."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.house = House(most_held=30_000, memory=400_000)
        self.clients: list[Peer] = []
        self.runtimes: list[Peer] = []
        self.asked: dict[tuple[Peer, int], End] = {}
        """Calls as clients see them."""
        self.open: list[End] = []
        """Those that clients have not seen the end of."""
        self.answering: list[End] = []
        """Calls as runtimes see them."""
        self.untaken: list[tuple[Peer, int, int]] = []
        self.lags = self.chance(0.3)
        """Whether what is said is on its way for a while, and crosses what the others say."""
        self.actions = [
            *[self.client_asks] * 8,
            *[self.client_says_more] * 6,
            *[self.client_breaks_off] * 3,
            *[self.runtime_begins_to_answer] * 4,
            *[self.runtime_goes_on] * 8,
            *[self.runtime_ends_its_answer] * 5,
            *[self.runtime_breaks_off] * 2,
            *[self.peers_make_room] * 5,
            *[self.peer_changes_what_it_takes] * 2,
            *[self.peer_reads_or_does_not] * 2,
            *[self.runtime_is_connected_to] * 2,
            self.runtime_changes,
            self.runtime_takes_no_more,
            self.client_comes,
            self.time_passes,
            self.see,
        ]

    def run(self, steps: int) -> None:
        """Let them do so many things, and then end."""
        for _ in range(2):
            self.client_comes()
            self.runtime_is_connected_to()
        for _ in range(steps):
            self.random.choice(self.actions)()
            if not self.lags:
                self.see()
        self.end()

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def client_comes(self) -> None:
        if len(self.clients) < 3:
            self.clients.append(self.house.client())

    def runtime_is_connected_to(self) -> None:
        if len(self.runtimes) < 4:
            self.runtimes.append(self.house.runtime(self.random.choice(list(Side))))

    def runtime_changes(self) -> None:
        side = self.random.choice(list(Side))
        endpoint, pool = self.house.endpoints[side], self.house.pools[side]
        what = self.random.choice(["ready", "ready", "not ready", "refuses", "gone"])
        if what == "refuses":
            pool.refuse()
        elif what == "gone":
            pool.lose("unreachable")
        endpoint.ready = what == "ready"
        self.house.dispatcher.changed()

    def client_asks(self) -> None:
        if not self.clients:
            return
        peer = self.random.choice(self.clients)
        with contextlib.suppress(h2.exceptions.ProtocolError):
            number = peer.h2.get_next_available_stream_id()
            call = End(peer, number, b"%d" % len(self.asked))
            path = SERVICE + self.random.choice(METHODS)
            head = [(name, path if name == b":path" else value) for name, value in HEAD]
            head += [(b"x-call", call.name), *([(b"grpc-timeout", b"20S")] if self.chance(0.2) else [])]
            call.said_all = self.chance(0.1)
            peer.h2.send_headers(number, head, end_stream=call.said_all)
            self.asked[peer, number] = call
            self.open.append(call)
            self.say(call, bytes(self.random.choice(SIZES)), ended=self.chance(0.7))

    def client_says_more(self) -> None:
        if self.open:
            call = self.random.choice(self.open)
            self.say(call, bytes(self.random.choice(SIZES)), ended=self.chance(0.5))

    def client_breaks_off(self) -> None:
        if not self.open:
            return
        call = self.random.choice(self.open)
        if self.chance(0.05):
            self.lose(call.peer)
            return
        self.open.remove(call)
        with contextlib.suppress(h2.exceptions.ProtocolError):
            call.peer.h2.reset_stream(call.number, Code.CANCEL)

    def runtime_begins_to_answer(self) -> None:
        if self.answering:
            self.head(self.random.choice(self.answering))

    def runtime_goes_on(self) -> None:
        if not self.answering:
            return
        call = self.random.choice(self.answering)
        self.head(call)
        self.say(call, (call.name * 100_000)[: self.random.choice(SIZES)], ended=self.chance(0.05))
        if call.said_all:
            self.answering.remove(call)

    def runtime_ends_its_answer(self) -> None:
        if not self.answering:
            return
        call = self.answering.pop(self.random.randrange(len(self.answering)))
        status = self.random.choice(STATUSES)
        fields = [] if call.headed else [*ANSWER]
        fields += [(b"x-call", call.name), *([(b"grpc-status", status)] if status else [])]
        with contextlib.suppress(h2.exceptions.ProtocolError):
            call.peer.h2.send_headers(call.number, fields, end_stream=True)

    def runtime_breaks_off(self) -> None:
        if self.answering:
            call = self.answering.pop(self.random.randrange(len(self.answering)))
            with contextlib.suppress(h2.exceptions.ProtocolError):
                call.peer.h2.reset_stream(call.number, self.random.choice(CODES))

    def runtime_takes_no_more(self) -> None:
        if not self.runtimes:
            return
        peer = self.random.choice(self.runtimes)
        if self.chance(0.5):
            self.lose(peer)
        else:
            peer.connection.data_received(frames.go_away(self.random.choice(LASTS), Code.NO_ERROR))

    def peer_changes_what_it_takes(self) -> None:
        if not self.house.peers:
            return
        peer, keys = self.random.choice(self.house.peers), h2.settings.SettingCodes
        told: dict[h2.settings.SettingCodes | int, int] = dict.fromkeys(
            (keys.INITIAL_WINDOW_SIZE, keys.HEADER_TABLE_SIZE), self.random.choice(ROOM)
        )
        if peer in self.runtimes:
            told[keys.MAX_CONCURRENT_STREAMS] = self.random.choice([0, 1, 2, 100])
        with contextlib.suppress(h2.exceptions.ProtocolError):
            peer.h2.update_settings(told)

    def peer_reads_or_does_not(self) -> None:
        if self.house.peers:
            connection = self.random.choice(self.house.peers).connection
            if self.chance(0.4):
                connection.pause_writing()
            else:
                connection.resume_writing()

    def peers_make_room(self) -> None:
        untaken, self.untaken = self.untaken, []
        for peer, number, size in untaken:
            with contextlib.suppress(h2.exceptions.ProtocolError):
                peer.h2.acknowledge_received_data(size, number)

    def time_passes(self) -> None:
        self.house.clock.now += self.random.choice([1, 1, 1, 15, 40, 70])
        self.look()

    def look(self) -> None:
        self.house.around.look(set(self.house.endpoints.values()))
        for client in tuple(self.clients):
            client.connection.look(self.house.clock.now)

    def head(self, call: End) -> None:
        """Begin an answer, if it was not begun."""
        if not call.headed:
            call.headed = True
            with contextlib.suppress(h2.exceptions.ProtocolError):
                call.peer.h2.send_headers(call.number, [*ANSWER, (b"x-call", call.name)])

    def say(self, end: End, data: bytes, *, ended: bool) -> None:
        """Send what there is room for."""
        padding = self.random.choice(PADDING)
        with contextlib.suppress(h2.exceptions.FlowControlError, h2.exceptions.StreamClosedError):
            while not end.said_all:
                room = min(16_000, end.peer.h2.local_flow_control_window(end.number) - 1 - (padding or 0))
                piece, data = data[: max(room, 0)], data[max(room, 0) :]
                end.said_all = ended and not data
                end.peer.h2.send_data(end.number, piece, end_stream=end.said_all, pad_length=padding)
                if not data or not piece:
                    return

    def lose(self, peer: Peer) -> None:
        """A connection is gone."""
        peer.connection.connection_lost(None)
        self.house.peers.remove(peer)
        for peers in (self.clients, self.runtimes):
            if peer in peers:
                peers.remove(peer)
        self.open = [call for call in self.open if call.peer is not peer]
        self.answering = [call for call in self.answering if call.peer is not peer]

    def see(self) -> None:
        """Carry all that was said, and take note of it."""
        while True:
            for peer, event in self.house.settle():
                if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                    self.untaken.append((peer, event.stream_id, event.flow_controlled_length))
                if peer in self.clients:
                    self.client_sees(peer, event)
                else:
                    self.runtime_sees(peer, event)
            if not (closed := [peer for peer in self.house.peers if peer.transport.closed]):
                return
            for peer in closed:
                self.lose(peer)

    def client_sees(self, peer: Peer, event: h2.events.Event) -> None:
        number = getattr(event, "stream_id", None)
        call = self.asked.get((peer, number)) if number else None
        if call is None:
            return
        if isinstance(event, h2.events.DataReceived):
            assert event.data.strip(call.name) == b"" or set(event.data) <= set(call.name), "another call's answer"
        elif isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
            call.heads += isinstance(event, h2.events.ResponseReceived)
            assert dict(event.headers).get(b"x-call", call.name) == call.name, "another call's answer"
        elif isinstance(event, h2.events.StreamEnded):
            call.ends += 1
        elif isinstance(event, h2.events.StreamReset):
            call.resets.append(event.error_code)
        if call in self.open and (call.ends or call.resets):
            self.open.remove(call)
        assert call.heads <= 1
        assert call.ends <= 1

    def runtime_sees(self, peer: Peer, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            head = dict(event.headers)
            assert int(head.get(b"grpc-timeout", b"1u")[:-1]) <= 20_000_000
            self.answering.append(End(peer, event.stream_id, head[b"x-call"]))
        elif isinstance(event, h2.events.StreamReset):
            self.answering = [call for call in self.answering if (call.peer, call.number) != (peer, event.stream_id)]

    def end(self) -> None:
        """Clients wait for what comes, and then give up: nothing is left."""
        self.see()
        for peer in self.house.peers:
            peer.connection.resume_writing()
        self.peers_make_room()
        self.see()
        for call in tuple(self.open):
            with contextlib.suppress(h2.exceptions.ProtocolError):
                call.peer.h2.reset_stream(call.number, Code.CANCEL)
        self.see()
        self.peers_make_room()
        self.house.clock.now += 100
        self.look()
        self.see()
        assert not self.house.held()
        assert sum(self.house.noted.values()) == self.house.calls


@settings(max_examples=40, deadline=None)
@given(random=st.randoms(use_true_random=True))
def test_calls_in_any_order_leave_nothing_behind(random: Random) -> None:
    Calls(random).run(300)
