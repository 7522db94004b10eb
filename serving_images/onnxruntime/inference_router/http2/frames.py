"""Frames: their numbers, and how they are written.

Source: https://www.rfc-editor.org/rfc/rfc9113#section-6
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
"""Types of frames; plain numbers, because they are looked at for every frame."""

END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITIZED: Final = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)
"""Settings."""

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client says first."""

HEAD: Final = struct.Struct(">BHBBI")
"""The nine bytes before each payload: length in two parts, type, flags, stream."""

LEAST_FRAME: Final = 16_384
"""The payload that every peer takes, and the longest that is taken here."""

LARGEST_FRAME: Final = 2**24 - 1
LARGEST_WINDOW: Final = 2**31 - 1
DEFAULT_WINDOW: Final = 65_535

_SETTING: Final = struct.Struct(">HI")
_NUMBER: Final = struct.Struct(">I")


class Code(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A whole frame."""
    length = len(payload)
    return HEAD.pack(length >> 16, length & 0xFFFF, kind, flags, stream) + payload


def settings(values: Iterable[tuple[int, int]]) -> bytes:
    """What this end asks of the other."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(key, value) for key, value in values))


def read_settings(payload: bytes) -> list[tuple[int, int]]:
    """The settings in a payload whose length fits."""
    return list(_SETTING.iter_unpack(payload))


def window_update(stream: int, size: int) -> bytes:
    """Room for more."""
    return frame(WINDOW_UPDATE, 0, stream, _NUMBER.pack(size))


def reset(stream: int, code: int) -> bytes:
    """The end of a stream."""
    return frame(RST_STREAM, 0, stream, _NUMBER.pack(code))


def go_away(last: int, code: int) -> bytes:
    """The end of a connection: streams after the last one were not worked on."""
    return frame(GOAWAY, 0, 0, _NUMBER.pack(last) + _NUMBER.pack(code))


def number(payload: bytes) -> int:
    """The first 31 bits."""
    value: int = _NUMBER.unpack_from(payload)[0]
    return value & 0x7FFFFFFF


def headers(stream: int, block: bytes, *, end: bool, largest: int) -> bytes:
    """A header block, in as many frames as it needs."""
    flags = END_STREAM if end else 0
    length = len(block)
    if length <= largest:
        return HEAD.pack(length >> 16, length & 0xFFFF, HEADERS, flags | END_HEADERS, stream) + block
    parts = [block[start : start + largest] for start in range(0, len(block), largest)]
    written = [frame(HEADERS, flags, stream, parts[0])]
    written += [frame(CONTINUATION, 0, stream, part) for part in parts[1:-1]]
    written.append(frame(CONTINUATION, END_HEADERS, stream, parts[-1]))
    return b"".join(written)
