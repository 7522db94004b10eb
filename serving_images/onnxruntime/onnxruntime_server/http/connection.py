"""uvicorn's HTTP/1.1 connection with bounds on what comes before a request is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

MOST_HEADER_BYTES: Final = 32 * 1024
"""Most bytes of a request line with its headers."""

HEADER_SECONDS: Final = 10.0
"""How long a client may take from connecting, or from a request's first byte, to the end of its headers."""


class Connection(HttpToolsProtocol):
    """Refuses oversized and slow headers, which uvicorn waits for without end, and refuses in the protocol's form."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own arguments, passed on
        super().__init__(*args, **options)
        self._header_bytes = 0
        self._in_headers = True
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the clock: a client that connects has something to say."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and count what arrived while headers are still open."""
        super().data_received(data)
        if not self._in_headers:
            return
        self._header_bytes += len(data)
        if self._header_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self._refuse(431, f"the request line and headers are longer than {MOST_HEADER_BYTES} bytes")

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._header_bytes = 0
        self._in_headers = True
        self._stop_clock()
        self._start_clock()

    def on_headers_complete(self) -> None:
        """The end of a request's headers."""
        self._in_headers = False
        self._stop_clock()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        del msg  # it speaks of the parser
        self._refuse(400, "the request is not valid HTTP/1.1")

    def _start_clock(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._time_is_up)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _time_is_up(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, f"the request line and headers did not arrive within {HEADER_SECONDS:g} seconds")

    def _refuse(self, status: int, message: str) -> None:
        body = orjson.dumps({"error": message})
        lines = (
            STATUS_LINE[status],
            b"content-type: application/json\r\nconnection: close\r\n",
            b"content-length: %d\r\n\r\n" % len(body),
            body,
        )
        self.transport.write(b"".join(lines))
        self.transport.close()
