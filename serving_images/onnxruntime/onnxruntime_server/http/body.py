"""Request bodies, read within bounds."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from onnxruntime_server.errors import (
    ClientGoneError,
    InvalidArgumentError,
    SlowClientError,
    TooLargeError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from uvicorn._types import ASGIReceiveCallable

DISCARD_SECONDS: Final = 1.0
"""How long the rest of a body that is too long is taken in, and dropped, before it is refused."""

LARGEST_BODIES: Final = 4
"""How many bodies of the largest size may be in memory at once; more small ones fit."""


class BodyReader:
    """Reads bodies. One over the limit is refused before it is kept; all that are kept have a limit together."""

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._kept = 0

    @asynccontextmanager
    async def read(self, headers: dict[bytes, bytes], receive: ASGIReceiveCallable) -> AsyncIterator[bytes]:
        """The whole body, kept until the end of the block.

        Refuses one that is announced or found to be too long, too slow, encoded, or too much beside all others.
        """
        if (encoding := headers.get(b"content-encoding", b"identity")) != b"identity":
            shown = encoding.decode("latin-1")[:32]
            raise InvalidArgumentError(f"Content-Encoding '{shown}' is not supported; send the body as it is")
        length = int(headers.get(b"content-length", b"0"))
        if length > self._most_bytes:
            if b"expect" not in headers:
                await self._discard(receive)
            raise self._too_large(f"is {length} bytes long")
        parts: list[bytes] = []
        try:
            more = await self._collect(parts, receive)
            if sum(map(len, parts)) > self._most_bytes:
                if more:
                    await self._discard(receive)
                raise self._too_large("is longer")
            yield b"".join(parts)
        finally:
            self._kept -= sum(map(len, parts))

    async def _collect(self, parts: list[bytes], receive: ASGIReceiveCallable) -> bool:
        """Add to the parts up to just over the limit; whether there is more."""
        size = 0
        try:
            async with asyncio.timeout(self._seconds):
                while (message := await receive())["type"] == "http.request":
                    part = message["body"]
                    size += len(part)
                    if self._kept + len(part) > LARGEST_BODIES * self._most_bytes:
                        raise UnavailableError(f"the server is busy: it holds {self._kept} bytes of requests")
                    self._kept += len(part)
                    parts.append(part)
                    if size > self._most_bytes or not message["more_body"]:
                        return message["more_body"]
        except TimeoutError:
            raise SlowClientError(f"the body did not arrive within {self._seconds:g} seconds") from None
        raise ClientGoneError("the client left before its body was complete")

    async def _discard(self, receive: ASGIReceiveCallable) -> None:
        """Take in a little more without keeping it: most clients read the answer only once they have sent all."""
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                message = await receive()
                while message["type"] == "http.request" and message["more_body"]:
                    message = await receive()
        except TimeoutError:
            return

    def _too_large(self, found: str) -> TooLargeError:
        return TooLargeError(f"the body {found}; this server takes at most {self._most_bytes} bytes")
