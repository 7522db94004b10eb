"""Header fields: which are allowed, and how they are written.

Blocks that go out use no table and no Huffman code: that is always legal, can't get out of step with the other end, and
costs a few microseconds. Their fields are marked as never to be put into a table: whoever passes on a field that came
with that mark has to keep it.
Source: https://www.rfc-editor.org/rfc/rfc7541
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

Fields: TypeAlias = list[tuple[bytes, bytes]]


class FieldList(list[tuple[bytes, bytes]]):
    """The fields of a block that came in, not to be changed. What was found out about them is kept with them."""

    __slots__ = ("known", "sound_for")

    def __init__(self) -> None:
        super().__init__()
        self.sound_for: frozenset[bytes] | None = None
        """The pseudo-headers that they were found to have."""
        self.known: object = None
        """What whoever reads them made of them."""


MOST_FIELD_BYTES: Final = 32 * 1024
"""Most bytes of all names and values, each with 32 more, as HTTP/2 counts them."""

MOST_REMEMBERED: Final = 2048
"""Fields that are remembered as checked, and as written, of all connections."""

NO_TABLE: Final = b"\x20"
"""Before the fields of a block: the table has no room from here on."""

_LONGEST_REMEMBERED: Final = 128
_WHOLE: Final = {
    (b":method", b"POST"): b"\x83",
    (b":scheme", b"http"): b"\x86",
    (b":scheme", b"https"): b"\x87",
    (b":status", b"200"): b"\x88",
}
_NAMES: Final = {
    b":authority": b"\x11",
    b":path": b"\x14",
    b":status": b"\x18",
    b"content-type": b"\x1f\x10",
    b"user-agent": b"\x1f\x2b",
}
_FORBIDDEN: Final = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
_NAME: Final = re.compile(rb":?[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE: Final = re.compile(rb"[^\x00\r\n]*")
_MORE: Final = 0x80


class FieldsError(Exception):
    """Fields that HTTP/2 does not allow; ``str(error)`` says which."""


def check(fields: Fields, expected: frozenset[bytes]) -> None:
    """Refuse what is malformed: other pseudo-headers than ``expected``, or one of them late, twice or not at all."""
    if isinstance(fields, FieldList):
        if fields.sound_for is expected:
            return
        _check_all(fields, expected)
        fields.sound_for = expected
    else:
        _check_all(fields, expected)


def _check_all(fields: Fields, expected: frozenset[bytes]) -> None:
    seen: set[bytes] = set()
    plain = False
    for field in fields:
        if field not in _checked:
            _check(field)
        name = field[0]
        if not name.startswith(b":"):
            plain = True
        elif plain or name in seen or name not in expected:
            raise FieldsError(f"field '{name[:64].decode('latin-1')}' is not expected there")
        else:
            seen.add(name)
    if missing := expected - seen - {b":authority"}:
        raise FieldsError(f"field '{min(missing).decode()}' is missing")


def _check(field: tuple[bytes, bytes]) -> None:
    """Refuse a field that is not allowed anywhere. The same ones come again and again: those are remembered."""
    name, value = field
    if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None or name in _FORBIDDEN:
        raise FieldsError(f"field '{name[:64].decode('latin-1')}' is not allowed")
    if (name == b"te" and value != b"trailers") or (name == b":path" and not value):
        raise FieldsError(f"field '{name.decode()}' has a value that is not allowed")
    if len(name) + len(value) <= _LONGEST_REMEMBERED:
        if len(_checked) >= MOST_REMEMBERED:
            _checked.clear()
        _checked.add(field)


def write(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The block that holds these fields."""
    return b"".join([_written.get(field) or _write(field) for field in fields])


def _write(field: tuple[bytes, bytes]) -> bytes:
    name, value = field
    known = _NAMES.get(name)
    written = b"".join((b"\x10", _length(name), name) if known is None else (known,))
    written += _length(value) + value
    if len(written) <= _LONGEST_REMEMBERED:
        if len(_written) >= MOST_REMEMBERED:
            _written.clear()
            _written.update(_WHOLE)
        _written[field] = written
    return written


def _length(text: bytes) -> bytes:
    """How long a string is that is not Huffman coded, in seven bits and more."""
    size = len(text)
    if size < _MORE - 1:
        return bytes((size,))
    size -= _MORE - 1
    octets = bytearray((_MORE - 1,))
    while size >= _MORE:
        octets.append(size & (_MORE - 1) | _MORE)
        size >>= 7
    octets.append(size)
    return bytes(octets)


_checked: set[tuple[bytes, bytes]] = set()
_written: dict[tuple[bytes, bytes], bytes] = dict(_WHOLE)
