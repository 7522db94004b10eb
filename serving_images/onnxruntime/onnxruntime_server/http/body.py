"""Request bodies: how much of them is in memory, and what is inside the compressed ones."""

from __future__ import annotations

import zlib
from typing import Final

from onnxruntime_server.errors import InvalidArgumentError, TooLargeError, UnavailableError

_GZIP: Final = 16 + zlib.MAX_WBITS
_WINDOWS: Final = {b"gzip": _GZIP, b"x-gzip": _GZIP, b"deflate": zlib.MAX_WBITS}


class Memory:
    """Bytes of requests and of unread answers that are held at the moment, all connections together."""

    held: int
    """How many there are."""

    def __init__(self, most: int) -> None:
        self.held = 0
        self._most = most

    def take(self, size: int) -> None:
        """Count bytes that came from a client. Refuses what is too much beside all others."""
        if self.held + size > self._most:
            raise UnavailableError(f"the server is busy: it holds {self.held} bytes of requests and answers")
        self.held += size

    def add(self, size: int) -> None:
        """Count bytes that are there already, or that are there no more where ``size`` is negative."""
        self.held += size


def inflate(body: bytes, encoding: bytes, most_bytes: int) -> bytes:
    """The body without its compression. Refuses other encodings and more than ``most_bytes``, unread."""
    if (window := _WINDOWS.get(encoding.strip().lower())) is None:
        shown = encoding.decode("latin-1")[:32]
        raise InvalidArgumentError(f"Content-Encoding '{shown}' is not supported; use gzip, deflate or none")
    inflator = zlib.decompressobj(window)
    try:
        found = inflator.decompress(body, most_bytes + 1)
    except zlib.error:
        raise InvalidArgumentError(f"the body is not {encoding.decode('latin-1')}") from None
    if len(found) > most_bytes:
        raise TooLargeError(f"the body inflates to more; this server takes at most {most_bytes} bytes")
    if not inflator.eof:
        raise InvalidArgumentError("the compressed body is cut short")
    if inflator.unused_data:
        raise InvalidArgumentError(f"{len(inflator.unused_data)} bytes follow the compressed body")
    return found
