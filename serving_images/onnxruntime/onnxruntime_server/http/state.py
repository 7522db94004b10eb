"""What all connections of the server share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from onnxruntime_server.http.answers import Heads
from onnxruntime_server.http.body import Memory
from onnxruntime_server.http.options import LARGEST_BODIES, HttpOptions
from onnxruntime_server.http.routes import Router

if TYPE_CHECKING:
    from onnxruntime_server.http.backend import Answering, Counts
    from onnxruntime_server.http.connection import Connection
    from onnxruntime_server.tracing import Tracer


class State:
    """The server as a connection sees it."""

    def __init__(
        self, options: HttpOptions, endpoints: Answering, counts: Counts, tracer: Tracer | None = None
    ) -> None:
        self.options = options
        self.endpoints = endpoints
        self.counts = counts
        self.tracer = tracer
        self.records = options.log_requests or tracer is not None
        """Whether more is written down of every request than its status."""
        self.router = Router(endpoints.handlers)
        self.heads = Heads()
        self.memory = Memory(LARGEST_BODIES * options.limits.body_bytes)
        self.connections: set[Connection] = set()
        self.draining = False
        """Whether every answer is the last on its connection."""
        self.empty = asyncio.Event()
        """Set while there is no connection."""
        self.empty.set()
        self.now = asyncio.get_running_loop().time()
        """The event loop's time when connections were last looked at: near enough for deadlines."""

    def joined(self, connection: Connection) -> None:
        """A client has come."""
        self.connections.add(connection)
        self.empty.clear()

    def left(self, connection: Connection) -> None:
        """A client has gone."""
        self.connections.discard(connection)
        if not self.connections:
            self.empty.set()
