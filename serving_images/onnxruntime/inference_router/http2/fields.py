"""Header fields out of blocks and into them.

Blocks that come in are decoded by jh2, in Rust, with the peer's table. Blocks that go out use no table and no Huffman
code: that is always legal, can't get out of step with the other end, and costs a few microseconds.
Source: https://www.rfc-editor.org/rfc/rfc7541
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from jh2._hazmat import Decoder, HPACKError, OversizedHeaderListError

Fields: TypeAlias = list[tuple[bytes, bytes]]

MOST_FIELD_BYTES: Final = 32 * 1024
"""Most bytes of all names and values, each with 32 more, as HTTP/2 counts them."""

_WHOLE: Final = {
    (b":method", b"POST"): b"\x83",
    (b":scheme", b"http"): b"\x86",
    (b":scheme", b"https"): b"\x87",
    (b":status", b"200"): b"\x88",
}
_NAMES: Final = {
    b":authority": b"\x01",
    b":path": b"\x04",
    b":status": b"\x08",
    b"content-type": b"\x0f\x10",
    b"user-agent": b"\x0f\x2b",
}
_FORBIDDEN: Final = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
_NAME: Final = re.compile(rb":?[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE: Final = re.compile(rb"[^\x00\r\n]*")
_MORE: Final = 0x80


class CompressionError(Exception):
    """A block that can't be decoded; nothing more can be read on its connection."""


class FieldsError(Exception):
    """Fields that HTTP/2 does not allow; ``str(error)`` says which."""


class TooManyFieldsError(Exception):
    """More fields than are taken in."""


class FieldReader:
    """Decodes the blocks of one connection, in their order."""

    def __init__(self) -> None:
        self._decoder = Decoder(MOST_FIELD_BYTES)

    def read(self, block: bytes) -> Fields:
        """The fields of a block."""
        try:
            decoded = self._decoder.decode(block, True)
        except OversizedHeaderListError:
            raise TooManyFieldsError from None
        except HPACKError as error:
            raise CompressionError(str(error)) from None
        return [(name, value) for name, value, _ in decoded]


def check(fields: Fields, expected: frozenset[bytes]) -> None:
    """Refuse what is malformed: other pseudo-headers than ``expected``, or one of them late, twice or not at all."""
    seen: set[bytes] = set()
    plain = False
    for name, value in fields:
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None or name in _FORBIDDEN:
            raise FieldsError(f"field '{name[:64].decode('latin-1')}' is not allowed")
        if name == b"te" and value != b"trailers":
            raise FieldsError("field 'te' is something else than trailers")
        if not name.startswith(b":"):
            plain = True
        elif plain or name in seen or name not in expected:
            raise FieldsError(f"field '{name[:64].decode('latin-1')}' is not expected there")
        else:
            seen.add(name)
    if missing := expected - seen - {b":authority"}:
        raise FieldsError(f"field '{min(missing).decode()}' is missing")


def write(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The block that holds these fields."""
    parts = []
    for field in fields:
        if (whole := _WHOLE.get(field)) is not None:
            parts.append(whole)
            continue
        name, value = field
        if (known := _NAMES.get(name)) is not None:
            parts.append(known)
        else:
            parts += (b"\x00", _length(name), name)
        parts += (_length(value), value)
    return b"".join(parts)


def _length(text: bytes) -> bytes:
    """How long a string is that is not Huffman coded, in seven bits and more."""
    size = len(text)
    if size < _MORE - 1:
        return _SHORT[size]
    size -= _MORE - 1
    octets = bytearray((_MORE - 1,))
    while size >= _MORE:
        octets.append(size & (_MORE - 1) | _MORE)
        size >>= 7
    octets.append(size)
    return bytes(octets)


_SHORT: Final = [bytes((size,)) for size in range(_MORE - 1)]
