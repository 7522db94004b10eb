"""A router's relay of gRPC calls, without sockets: clients and runtimes are the package h2, times are the test's."""

from __future__ import annotations

from collections import Counter
from typing import Any

import h2.events
from inference_router.audit import Audit
from inference_router.backends.address import Address
from inference_router.backends.fleet import Endpoint, Fleet
from inference_router.calls.front import Surroundings
from inference_router.calls.head import CallHead
from inference_router.calls.relay import Relay
from inference_router.counts import Counts
from inference_router.decision.chooser import Chooser
from inference_router.decision.policy import Policy
from inference_router.decision.sides import Side
from inference_router.dispatcher import Dispatcher
from inference_router.http2.client import ClientConnection, GrpcPool
from inference_router.http2.connection import CONNECTION_WINDOW, Http2Connection
from inference_router.http2.fields import Fields
from inference_router.http2.server import ServerConnection
from inference_router.http2.stream import Stream
from inference_router.retries import RetryBudget
from onnxruntime_server.http.body import Memory

from tests.serving_images.router.http2_peer import HEAD, Clock, Peer

ANSWER = [(b":status", b"200"), (b"content-type", b"application/grpc")]
TRAILERS = [(b"grpc-status", b"0")]
STREAM_HEAD = [(name, value.replace(b"ModelInfer", b"ModelStreamInfer")) for name, value in HEAD]


def message(size: int) -> bytes:
    """A message of a call that says nothing."""
    return b"\0" + size.to_bytes(4, "big") + bytes(size)


class HandPool(GrpcPool):
    """Connections to a runtime that are made, or refused, when the test says so."""

    wanted = False

    def _connect_if_useful(self) -> None:
        self.wanted = bool(self._waiting)

    def connect(self) -> Peer:
        """The runtime takes a connection."""
        connection = ClientConnection(self, self._now)
        peer = Peer(connection, client=False)
        self._connections.append(connection)
        self.room()
        return peer

    def refuse(self) -> None:
        """The runtime takes none."""
        self._fail_waiting("no_connection")


class House:
    """Calls on their way between clients and one runtime of each side."""

    def __init__(self, most_held: int = 1 << 20, memory: int = 1 << 30) -> None:
        self.clock = Clock()
        policy = Policy()
        self.endpoints = {side: Endpoint(side, Address(side, 1, 2)) for side in Side}
        fleets = {side: Fleet(side, 1000) for side in Side}
        for side, endpoint in self.endpoints.items():
            endpoint.ready = True
            fleets[side].endpoints = [endpoint]
        chooser = Chooser(policy)
        self.dispatcher = Dispatcher(
            chooser,
            fleets,
            RetryBudget(0.2, self.clock.now),
            counts=Counts(fleets, chooser.estimates),
            audit=Audit(policy, 0),
            clock=self.clock,
        )
        self.dispatcher.changed()
        self.memory = Memory(memory)
        self.noted: Counter[int] = Counter()
        self.around = Surroundings(self.dispatcher, self.memory, self.clock, self._note, 60.0, 30.0, 1.0, most_held)
        self.pools = {side: HandPool(endpoint.address, 1.0, self.clock) for side, endpoint in self.endpoints.items()}
        self.around._pools.update({self.endpoints[side]: pool for side, pool in self.pools.items()})
        self.clients = 0
        self.calls = 0
        self.peers: list[Peer] = []

    def client(self) -> Peer:
        """Another client."""
        self.peers.append(Peer(ServerConnection(self, self.clock), client=True))
        return self.peers[-1]

    def runtime(self, side: Side = Side.CPU) -> Peer:
        """Another connection of a side's runtime."""
        self.peers.append(self.pools[side].connect())
        return self.peers[-1]

    def settle(self) -> list[tuple[Peer, Any]]:
        """Carry bytes to and fro until all is quiet; what came, and where."""
        events: list[tuple[Peer, Any]] = []
        quiet = 0
        while quiet < 2:  # what a peer says may be passed on to one that was seen to before it
            came = [(peer, event) for peer in self.peers for event in peer.settle()]
            events += came
            quiet = 0 if came else quiet + 1
        return events

    def held(self) -> dict[str, object]:
        """What is still on its way, or was not given back; nothing where all is over."""
        connections = [peer.connection for peer in self.peers if not peer.connection.closed]
        found = {
            "calls": len(self.around.open),
            "in flight": [endpoint.in_flight for endpoint in self.endpoints.values() if endpoint.in_flight],
            "memory": self.memory.held,
            "streams": [sorted(each.streams) for each in connections if each.streams],
            "windows": [size for each in connections if (size := kept_window(each))],
        }
        return {name: what for name, what in found.items() if what}

    def joined(self, connection: ServerConnection) -> None:
        """A client has come."""
        del connection
        self.clients += 1

    def left(self, connection: ServerConnection) -> None:
        """A client has gone."""
        del connection
        self.clients -= 1

    def call_came(self, stream: Stream, fields: Fields, *, ended: bool) -> None:
        """A client asks."""
        self.calls += 1
        Relay(self.around, stream, CallHead.of(fields), ended=ended).begin()

    def _note(self, path: str, status: int, started: float, head: CallHead) -> None:
        del path, started, head
        self.noted[status] += 1


def kept_window(connection: Http2Connection) -> int:
    """Bytes of a connection's window that the other end will never get back, but for those that are on their way."""
    return CONNECTION_WINDOW - connection._receive_window - connection._owed


def data_of(events: list[tuple[Peer, Any]], peer: Peer) -> bytes:
    """What came on a connection."""
    return b"".join(each.data for of, each in events if of is peer and isinstance(each, h2.events.DataReceived))


def trailers_of(events: list[tuple[Peer, Any]], peer: Peer) -> list[bytes]:
    """The statuses of the calls that were ended on a connection."""
    kinds = (h2.events.TrailersReceived, h2.events.ResponseReceived)
    fields = [dict(each.headers) for of, each in events if of is peer and isinstance(each, kinds)]
    return [each[b"grpc-status"] for each in fields if b"grpc-status" in each]
