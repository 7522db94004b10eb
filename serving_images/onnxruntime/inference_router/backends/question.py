"""Asking an endpoint something small, on a connection of its own: whether it is ready, and its metrics."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

import httptools

MOST_BYTES: Final = 8 * 1024 * 1024
"""Longer answers are not read to their end."""


class QuestionError(Exception):
    """There was no answer; ``str(error)`` says why."""

    def __init__(self, why: str, *, silent: bool = False) -> None:
        """``silent`` says that nothing came in time, as from one that is held up and may yet answer."""
        super().__init__(why)
        self.silent = silent


@dataclass(slots=True)
class _Answer:
    """An answer as it comes in."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    complete: bool = False

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self.parts.append(data)
        self.size += len(data)

    def on_message_complete(self) -> None:
        """The end."""
        self.complete = True


async def get(host: str, port: int, path: str, seconds: float) -> tuple[int, bytes]:
    """Status and body. Raises a QuestionError where there is no whole answer in that time."""
    try:
        async with asyncio.timeout(seconds):
            return await _get(host, port, path)
    except TimeoutError:
        raise QuestionError(f"no answer within {seconds:g} seconds", silent=True) from None
    except OSError as error:
        raise QuestionError(error.strerror or "no connection") from None
    except httptools.HttpParserError:
        raise QuestionError("the answer is not HTTP/1.1") from None


async def _get(host: str, port: int, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        while not answer.complete:
            if not (data := await reader.read(65536)):
                break
            parser.feed_data(data)
            if answer.size > MOST_BYTES:
                raise QuestionError(f"the answer has more than {MOST_BYTES} bytes")
        return _status(parser), b"".join(answer.parts)
    finally:
        writer.transport.abort()


def _status(parser: httptools.HttpResponseParser) -> int:
    status = int(parser.get_status_code())
    if not status:
        raise QuestionError("the connection was closed without an answer")
    return status
