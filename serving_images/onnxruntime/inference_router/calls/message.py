"""What the decision reads of a call's first message: the model, and the first dimension of the first tensor.

Nothing else is looked at, and nothing of tensors. What is not where it is expected is not known, and no fault.
Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from inference_router.decision.sides import Side

HEAD_BYTES: Final = 5
"""A flag and the length, before each message of a call."""

LOOKED_AT: Final = 2048
"""Bytes of a message that are looked at."""

_MODEL_NAME: Final = 0x0A
_INPUT: Final = 0x2A
_SHAPE_PACKED: Final = 0x1A
_SHAPE: Final = 0x18
_LENGTH_DELIMITED: Final = 2
_VARINT: Final = 0
_FIXED: Final = {1: 8, 5: 4}
_MORE: Final = 0x80
_LONGEST_VARINT: Final = 10
_WISH: Final = re.compile(rb"\n\x0bfalaj-route\x12.\x1a\x03(cpu|gpu)", re.DOTALL)


class Start(NamedTuple):
    """What is known of a message."""

    model: str = ""
    rows: int | None = None
    wish: Side | None = None


def length_of(data: bytes) -> int | None:
    """The length of the message that begins here; nothing where that has not come yet."""
    return int.from_bytes(data[1:HEAD_BYTES], "big") if len(data) >= HEAD_BYTES else None


def read(data: bytes) -> Start:
    """What the first bytes of a call say. Nothing of a message that is compressed."""
    if len(data) <= HEAD_BYTES or data[0]:
        return Start()
    message = data[HEAD_BYTES : HEAD_BYTES + LOOKED_AT]
    wish = _WISH.search(message) if b"falaj-route" in message else None
    try:
        model, rows = _fields(message)
    except IndexError:
        return Start(wish=Side(wish[1].decode()) if wish else None)
    return Start(model, rows, Side(wish[1].decode()) if wish else None)


def _fields(message: bytes) -> tuple[str, int | None]:
    """The fields up to the first input, as far as they lie in what is looked at. All that matter have short tags."""
    model, position, end = "", 0, len(message)
    while position < end:
        tag = message[position]
        length = message[position + 1]
        if tag & 7 != _LENGTH_DELIMITED or tag >= _MORE:
            position = _skip(message, position + 1, tag & 7)
            continue
        position += 2
        if length >= _MORE:
            length, position = _varint(message, position - 1)
        if tag == _INPUT:
            return model, _rows(message, position, min(position + length, end))
        if tag == _MODEL_NAME:
            model = message[position : position + length].decode(errors="replace")
        position += length
    return model, None


def _rows(message: bytes, position: int, end: int) -> int | None:
    """The first dimension of the input that lies there."""
    while position < end:
        tag = message[position]
        if tag == _SHAPE:
            return _varint(message, position + 1)[0]
        if tag & 7 != _LENGTH_DELIMITED or tag >= _MORE:
            position = _skip(message, position + 1, tag & 7)
            continue
        length = message[position + 1]
        position += 2
        if length >= _MORE:
            length, position = _varint(message, position - 1)
        if tag == _SHAPE_PACKED:
            rows = message[position]
            return None if not length else rows if rows < _MORE else _varint(message, position)[0]
        position += length
    return None


def _skip(message: bytes, position: int, kind: int) -> int:
    if kind == _VARINT:
        return _varint(message, position)[1]
    if kind not in _FIXED:
        raise IndexError
    return position + _FIXED[kind]


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """A number and where it ends. Raises an IndexError where it does not."""
    value = 0
    for index in range(_LONGEST_VARINT):
        octet = message[position + index]
        value |= (octet & ~_MORE) << (7 * index)
        if octet < _MORE:
            return value, position + index + 1
    raise IndexError
