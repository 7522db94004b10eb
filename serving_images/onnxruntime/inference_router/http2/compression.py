"""Header fields out of the blocks of one connection.

The table and Huffman's code are those of the package hpack; the loop over a block is ours, since most blocks only point
into the table and a call has three of them.
Source: https://www.rfc-editor.org/rfc/rfc7541
"""

from __future__ import annotations

from typing import Final

from hpack.exceptions import HPACKError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from inference_router.http2.fields import MOST_FIELD_BYTES, FieldList, Fields

TABLE_BYTES: Final = 4096
"""What the other end may keep in the table: as much as it may without being told."""

MOST_REMEMBERED: Final = 1024
"""Strings whose decoding is remembered, of all connections."""

MOST_BLOCKS: Final = 64
"""Blocks of one connection that are remembered."""

_LONGEST_REMEMBERED: Final = 64
_FIELD_OVERHEAD: Final = 32
_INDEXED, _INCREMENTAL, _RESIZED, _HUFFMAN, _MORE = 0x80, 0x40, 0x20, 0x80, 0x80
_LONGEST_NUMBER: Final = 5
_decoded: dict[bytes, bytes] = {}


class CompressionError(Exception):
    """A block that can't be decoded; nothing more can be read on its connection."""


class TooManyFieldsError(Exception):
    """More fields than are taken in."""


class FieldReader:
    """Decodes the blocks of one connection, in their order."""

    def __init__(self) -> None:
        self._table = HeaderTable()
        self._known = HeaderTable.STATIC_TABLE
        self._changed = False
        self._read_before: dict[bytes, Fields] = {}

    def read(self, block: bytes) -> Fields:
        """The fields of a block, not to be changed.

        As long as the table stays as it is, the same block has the same fields. Raises a CompressionError or a
        TooManyFieldsError, and is then not to be used.
        """
        if (known := self._read_before.get(block)) is not None:
            return known
        self._changed = False
        try:
            fields = self._read(block)
        except (IndexError, HPACKError):
            raise CompressionError from None
        if self._changed or len(self._read_before) >= MOST_BLOCKS:
            self._read_before.clear()
        if not self._changed and len(block) <= _LONGEST_REMEMBERED:
            self._read_before[block] = fields
        return fields

    def _read(self, block: bytes) -> Fields:
        fields = FieldList()
        position, end, size, static = 0, len(block), 0, self._known
        while position < end:
            octet = block[position]
            if octet >= _INDEXED:
                index, position = _number(block, position, 0x7F)
                field = static[index - 1] if 0 < index <= len(static) else self._table.get_by_index(index)
            elif octet & _RESIZED and not octet & _INCREMENTAL:
                if fields:
                    raise CompressionError
                position = self._resize(block, position)
                continue
            else:
                field, position = self._literal(block, position, keeps=bool(octet & _INCREMENTAL))
            fields.append(field)
            size += len(field[0]) + len(field[1]) + _FIELD_OVERHEAD
            if size > MOST_FIELD_BYTES:
                raise TooManyFieldsError
        return fields

    def _literal(self, block: bytes, position: int, *, keeps: bool) -> tuple[tuple[bytes, bytes], int]:
        index, position = _number(block, position, 0x3F if keeps else 0x0F)
        if index:
            name = self._table.get_by_index(index)[0]
        else:
            name, position = _string(block, position)
        value, position = _string(block, position)
        if keeps:
            self._table.add(name, value)
            self._changed = True
        return (name, value), position

    def _resize(self, block: bytes, position: int) -> int:
        size, position = _number(block, position, 0x1F)
        if size > TABLE_BYTES:
            raise CompressionError
        self._table.maxsize = size
        self._changed = True
        return position


def _number(block: bytes, position: int, mask: int) -> tuple[int, int]:
    """A number that begins in some bits of an octet, and where it ends."""
    value = block[position] & mask
    position += 1
    if value < mask:
        return value, position
    for shift in range(0, 7 * _LONGEST_NUMBER, 7):
        octet = block[position]
        position += 1
        value += (octet & ~_MORE) << shift
        if octet < _MORE:
            return value, position
    raise CompressionError


def _string(block: bytes, position: int) -> tuple[bytes, int]:
    """A string and where it ends."""
    huffman = block[position] & _HUFFMAN
    length, position = _number(block, position, 0x7F)
    raw = block[position : position + length]
    if len(raw) < length:
        raise CompressionError
    return (_expanded(raw) if huffman else raw), position + length


def _expanded(raw: bytes) -> bytes:
    """A string that was Huffman coded. The same ones come again and again."""
    if (known := _decoded.get(raw)) is not None:
        return known
    found = decode_huffman(raw)
    if len(raw) <= _LONGEST_REMEMBERED:
        if len(_decoded) >= MOST_REMEMBERED:
            _decoded.clear()
        _decoded[raw] = found
    return found
