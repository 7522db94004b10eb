"""One request on a connection, and the place that its answer takes among the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from onnxruntime_server.http.answers import Answer
    from onnxruntime_server.http.body import Memory
    from onnxruntime_server.http.connection import Connection
    from onnxruntime_server.http.routes import Target


class Pending(Protocol):
    """What is being done for an answer."""

    abandoned: bool
    """Set where nobody waits for the answer any more."""


class Exchange:
    """A request from its headers on. Whoever answers it calls ``reply`` once, on the event loop."""

    __slots__ = (
        "answer",
        "body",
        "connection",
        "headers",
        "held",
        "keep_alive",
        "lingers",
        "memory",
        "method",
        "started",
        "target",
        "url",
        "work",
    )

    def __init__(
        self, connection: Connection, memory: Memory, method: bytes, url: bytes, headers: dict[bytes, bytes]
    ) -> None:
        self.connection: Connection | None = connection
        self.memory = memory
        self.method = method
        self.url = url
        self.headers = headers
        self.target: Target | None = None
        self.body = b""
        self.held = 0
        """Bytes that count as held in memory for it."""
        self.keep_alive = True
        self.lingers = False
        """Whether more of it may come in, unwanted, after it is answered."""
        self.answer: Answer | None = None
        self.work: Pending | None = None
        self.started = 0.0
        """When all of it was there, on the clock of ``perf_counter``."""

    @property
    def alone(self) -> bool:
        """Whether it waits for those before it, and those behind it wait for it."""
        return self.target is not None and self.target.route.alone

    def reply(self, answer: Answer) -> None:
        """Answer it. Where the client has left, this is nothing."""
        self.work = None
        if self.connection is not None:
            self.answer = answer
            self.connection.answered()

    def abandon(self) -> None:
        """Nobody waits for the answer any more."""
        self.connection = None
        if self.work is not None:
            self.work.abandoned = True

    def hold(self, size: int) -> None:
        """Count bytes that are kept for it. Refuses what is too much beside all others."""
        self.memory.take(size)
        self.held += size

    def give_back(self) -> None:
        """Its bytes are needed no more."""
        self.memory.add(-self.held)
        self.held = 0
