"""How many bytes of messages are held at the moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from onnxruntime_server.errors import FullError

LARGE_BYTES = 1024 * 1024
"""A message whose typed part is longer is read beside no other such: parsed it takes up to eight times its length."""


class Memory:
    """Bytes of the messages that are worked on, all calls together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._lock = threading.Lock()
        self._large = threading.Lock()

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count a message while it is worked on. Refuses what is too much beside all others."""
        with self._lock:
            if self._held + size > self._most:
                raise FullError(f"the server is busy: it holds {self._held} bytes of requests")
            self._held += size
        try:
            yield
        finally:
            with self._lock:
                self._held -= size

    @contextmanager
    def parsing(self, size: int) -> Iterator[None]:
        """Parse a message whose typed part has this size."""
        if size <= LARGE_BYTES:
            yield
            return
        with self._large:
            yield
