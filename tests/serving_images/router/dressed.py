"""A stand-in for a runtime on a GPU, and it says so: a real server behind a way that takes longer.

Bytes pass on unread, later by as long as it is told; its metrics are written by the test. No GPU is involved.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import uvloop

SOUND = '# simulated: there is no GPU here\nDCGM_FI_DEV_XID_ERRORS{gpu="0"} 0\nDCGM_FI_DEV_GPU_UTIL{gpu="0"} 40\n'
BROKEN = SOUND.replace('XID_ERRORS{gpu="0"} 0', 'XID_ERRORS{gpu="0"} 79')


class DressedRuntime:
    """Passes connections on to a server's ports, in a thread of its own."""

    def __init__(self, address: str) -> None:
        """``address`` is the server's, as the router's command line names it."""
        self.delay = 0.0
        """Seconds by which what clients send comes later."""
        self.metrics = SOUND
        self.cut_after = 0
        """Bytes of answers after which a connection is cut; none is where it is zero."""
        self.hangs = False
        """Whether connections are taken and nothing is ever said."""
        host, *ports = address.split(":")
        self._host, self._targets = host, [int(port) for port in ports]
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._end: asyncio.Event
        self._thread = threading.Thread(target=uvloop.run, args=[self._run()], daemon=True)
        self._thread.start()
        assert self._started.wait(20)

    @property
    def address(self) -> str:
        """As the router's command line names it."""
        return ":".join(["127.0.0.1", *map(str, self._ports)])

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        servers = [await asyncio.start_server(self._passing(port), "127.0.0.1", 0) for port in self._targets]
        servers.append(await asyncio.start_server(self._tell, "127.0.0.1", 0))
        self._ports = [server.sockets[0].getsockname()[1] for server in servers]
        self._started.set()
        await self._end.wait()
        for server in servers:
            server.close()

    def _passing(self, port: int) -> Any:  # noqa: ANN401 - what asyncio calls for a client
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async with closing(writer):
                if self.hangs:
                    await asyncio.sleep(3600)
                onwards, back = await asyncio.open_connection(self._host, port)
                async with closing(back):
                    await first_of(self._pass(reader, back, late=True), self._pass(onwards, writer, late=False))

        return handle

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool) -> None:
        passed = 0
        while data := await reader.read(65536):
            if late and self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
            passed += len(data)
            if not late and self.cut_after and passed > self.cut_after:
                return

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with closing(writer):
            await reader.readuntil(b"\r\n\r\n")
            body = self.metrics.encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        try:
            yield
        finally:
            writer.close()


async def first_of(*passing: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(each) for each in passing]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
