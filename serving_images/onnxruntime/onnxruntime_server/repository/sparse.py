"""An ONNX file in memory without the values of its large tensors, which nobody looks at who only inspects it.

Memory that is never written to costs nothing: reading a model of a hundred megabytes takes as long as its graph is
large. Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, TypeAlias

LARGE: Final = 64 * 1024
"""Bytes of a field from which on it is worth a look inside."""

_HEADER_BYTES: Final = 20
"""Of a field's number and length together, at most."""

_VARINT: Final = 0
_LENGTH: Final = 2
_FIXED: Final = {1: 8, 5: 4}
"""The wire's kinds of fields; kind and size of those of fixed size."""

_MORE_FOLLOWS: Final = 0x80
_PIECE: Final = 4 * 1024 * 1024

_Places: TypeAlias = Mapping[int, "_Places | None"]
_VALUES: Final[_Places] = {7: {5: {9: None}}}
"""Where large values lie, field by field: in the graph, in an initializer, as raw data."""


def read(file: BinaryIO, size: int) -> mmap.mmap | bytes:
    """The file as it is, with zeros for the values of large initializers. Bytes that are no ONNX are read whole."""
    if not size:
        return b""
    memory = mmap.mmap(-1, size)
    _Copy(file, memory).message(0, size, _VALUES)
    return memory


class _Copy:
    """Copies messages from a file to the same places in memory."""

    def __init__(self, file: BinaryIO, memory: mmap.mmap) -> None:
        self._file = file
        self._memory = memory

    def message(self, start: int, end: int, places: _Places) -> None:
        """All fields but what ``places`` leads to."""
        done = start
        for number, payload, stop in self._fields(start, end):
            if stop - payload < LARGE or number not in places:
                continue
            self._bytes(done, payload)
            done = stop
            if (inner := places[number]) is not None:
                self.message(payload, stop, inner)
        self._bytes(done, end)

    def _fields(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Number, beginning and end of the fields that have a length, up to the first that can't be read."""
        while start < end:
            self._file.seek(start)
            header = self._file.read(min(_HEADER_BYTES, end - start))
            tag, used = _number(header, 0)
            size, after = _number(header, used)
            kind = tag & 7
            if not used or (kind in {_VARINT, _LENGTH} and not after) or kind not in {_VARINT, _LENGTH, *_FIXED}:
                return
            payload = start + (after if kind == _LENGTH else used)
            stop = payload + (size if kind == _LENGTH else after - used if kind == _VARINT else _FIXED[kind])
            if stop > end:
                return
            if kind == _LENGTH:
                yield tag >> 3, payload, stop
            start = stop

    def _bytes(self, start: int, end: int) -> None:
        self._file.seek(start)
        while start < end and (piece := self._file.read(min(_PIECE, end - start))):
            self._memory[start : start + len(piece)] = piece
            start += len(piece)


def _number(data: bytes, start: int) -> tuple[int, int]:
    """The whole number at a place and where it ends; 0 for the end where it has none."""
    value = 0
    for at in range(start, len(data)):
        value |= (data[at] & ~_MORE_FOLLOWS) << (7 * (at - start))
        if data[at] < _MORE_FOLLOWS:
            return value, at + 1
    return 0, 0
