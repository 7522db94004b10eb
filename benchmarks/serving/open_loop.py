"""Sends HTTP requests at a constant rate from a busy loop and counts time from when each was due.

``python -m benchmarks.serving.open_loop PORT PATH BODY HEADERS RATE SECONDS``. A generator that waits for an answer
before it sends the next request hides how long the others would have waited; this one opens another connection.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path

from benchmarks.serving.statistics import percentile

CONNECTIONS, MOST_CONNECTIONS = 16, 256
LATE_SECONDS = 5.0
"""How long answers may still come after the last request."""
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
OK = b"200"


def complete(received: bytes) -> bool:
    """Whether a whole answer has come."""
    head, mark, body = received.partition(END_OF_HEAD)
    length = LENGTH.search(head)
    return bool(mark) and length is not None and len(body) >= int(length[1])


class Generator:
    """Connections to one server, each with at most one request on its way."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self._poll = select.epoll()
        self._all: dict[int, socket.socket] = {}
        self._idle: list[int] = []
        self._due: dict[int, float] = {}
        self._received: dict[int, bytes] = {}
        self.times: list[float] = []
        self.errors = 0
        for _ in range(CONNECTIONS):
            self._open()

    def run(self, rate: float, seconds: float) -> None:
        """Send all that is due, take what has come, until everything is answered or late."""
        total, sent = round(rate * seconds), 0
        waiting: deque[float] = deque()
        started = time.perf_counter()
        while len(self.times) + self.errors < total:
            now = time.perf_counter()
            if now > started + seconds + LATE_SECONDS:
                self.errors = total - len(self.times)
                return
            while sent < total and started + sent / rate <= now:
                waiting.append(started + sent / rate)
                sent += 1
            while waiting and self._send(waiting[0]):
                waiting.popleft()
            for descriptor, _ in self._poll.poll(0):
                self._receive(descriptor)

    def close(self) -> None:
        """Hang up every connection."""
        self._poll.close()
        for connection in self._all.values():
            connection.close()

    def _open(self) -> None:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=LATE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._all[connection.fileno()] = connection
        self._poll.register(connection.fileno(), select.EPOLLIN)
        self._idle.append(connection.fileno())

    def _send(self, due: float) -> bool:
        if not self._idle:
            if len(self._all) == MOST_CONNECTIONS:
                return False
            self._open()
        descriptor = self._idle.pop()
        self._due[descriptor] = due
        self._received[descriptor] = b""
        self._all[descriptor].sendall(self._request)
        return True

    def _receive(self, descriptor: int) -> None:
        chunk = self._all[descriptor].recv(1 << 18)
        self._received[descriptor] += chunk
        if chunk and not complete(self._received[descriptor]):
            return
        due = self._due.pop(descriptor)
        if self._received[descriptor].split(b" ", 2)[1:2] == [OK]:
            self.times.append(time.perf_counter() - due)
        else:
            self.errors += 1
        if chunk:
            self._idle.append(descriptor)
        else:
            self._poll.unregister(descriptor)
            self._all.pop(descriptor).close()


def main(arguments: list[str]) -> None:
    """Run and print what was found as JSON."""
    port, path, body, headers, rate, duration = arguments
    content, seconds = Path(body).read_bytes(), float(duration)
    lines = [f"POST {path} HTTP/1.1", "Host: benchmark", *headers.splitlines(), f"Content-Length: {len(content)}"]
    generator = Generator(int(port), "\r\n".join(lines).encode() + END_OF_HEAD + content)
    generator.run(float(rate), seconds)
    generator.close()
    times = [1000 * each for each in generator.times] or [0.0]
    found = {
        "requests": len(generator.times),
        "seconds": seconds,
        "p50_ms": percentile(times, 0.5),
        "p99_ms": percentile(times, 0.99),
        "errors": generator.errors,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
