"""Request bodies, read within bounds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from onnxruntime_server.errors import ClientGoneError, InvalidArgumentError, SlowClientError, TooLargeError

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable

DISCARD_SECONDS: Final = 1.0


class BodyReader:
    """Reads bodies; what is over the limit is refused before it is kept."""

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def read(self, headers: dict[bytes, bytes], receive: ASGIReceiveCallable) -> bytes:
        """The whole body. Refuses one that is announced or found to be too long, too slow or encoded."""
        if (encoding := headers.get(b"content-encoding", b"identity")) != b"identity":
            shown = encoding.decode("latin-1")[:32]
            raise InvalidArgumentError(f"Content-Encoding '{shown}' is not supported; send the body as it is")
        length = headers.get(b"content-length")
        if length is not None and int(length) > self._most_bytes:
            if b"expect" not in headers:
                await self._discard(receive)
            raise self._too_large(f"is {int(length)} bytes long")
        try:
            async with asyncio.timeout(self._seconds):
                body, more = await self._collect(receive)
        except TimeoutError:
            raise SlowClientError(f"the body did not arrive within {self._seconds:g} seconds") from None
        if len(body) <= self._most_bytes:
            return body
        if more:
            await self._discard(receive)
        raise self._too_large("is longer")

    async def _collect(self, receive: ASGIReceiveCallable) -> tuple[bytes, bool]:
        """The body up to just over the limit, and whether there is more of it."""
        parts: list[bytes] = []
        size = 0
        while (message := await receive())["type"] == "http.request":
            parts.append(message["body"])
            size += len(message["body"])
            if size > self._most_bytes or not message["more_body"]:
                return b"".join(parts), message["more_body"]
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
