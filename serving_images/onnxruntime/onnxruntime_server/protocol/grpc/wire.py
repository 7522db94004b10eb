"""Inference requests as bytes: where their raw tensors lie, found before anything is made of them.

Raw tensors are most of a message. They are handed on as views of the bytes that arrived; only what is left is parsed.
Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from typing import Final

from onnxruntime_server.errors import InvalidArgumentError, TooLargeError

MOST_FIELDS: Final = 4096
"""Most inputs, outputs, parameters and raw tensors together: empty ones would be parsed into many times their bytes."""

_RAW_INPUT_CONTENTS: Final = 7
_RAW_OUTPUT_CONTENTS: Final = 6
_INFER_RESPONSE: Final = 2
_VARINT: Final = 0
_LENGTH_DELIMITED: Final = 2
_FIXED: Final = {1: 8, 5: 4}
_MORE: Final = 0x80
_LONGEST_VARINT: Final = 10


def split(message: bytes) -> tuple[bytes, list[memoryview]]:
    """A ModelInferRequest without its raw tensors, and those. Refuses what is cut short or has too many fields."""
    view = memoryview(message)
    rest: list[bytes] = []
    raw: list[memoryview] = []
    position = kept_from = fields = 0
    while position < len(message):
        start = position
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        if kind == _LENGTH_DELIMITED:
            length, position = _varint(message, position)
            if position + length > len(message):
                raise _malformed()
            if number == _RAW_INPUT_CONTENTS:
                rest.append(message[kept_from:start])
                raw.append(view[position : position + length])
                kept_from = position + length
            position += length
        elif kind == _VARINT:
            _, position = _varint(message, position)
        elif kind in _FIXED:
            position += _FIXED[kind]
        else:
            raise _malformed()
        fields += 1
        if fields > MOST_FIELDS:
            raise TooLargeError(f"the request has more than {MOST_FIELDS} inputs, outputs and parameters together")
    rest.append(message[kept_from:])
    return b"".join(rest), raw


def with_raw_outputs(answer: bytes, raw: list[bytes]) -> bytes:
    """A ModelInferResponse followed by its raw tensors."""
    parts = [answer]
    for tensor in raw:
        parts += (_head(_RAW_OUTPUT_CONTENTS, len(tensor)), tensor)
    return b"".join(parts)


def streamed(answer: bytes) -> bytes:
    """A ModelInferResponse as a ModelStreamInferResponse."""
    return _head(_INFER_RESPONSE, len(answer)) + answer


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """A number and where it ends."""
    value = 0
    for index, octet in enumerate(message[position : position + _LONGEST_VARINT]):
        value |= (octet & ~_MORE) << (7 * index)
        if octet < _MORE:
            return value, position + index + 1
    raise _malformed()


def _head(number: int, length: int) -> bytes:
    """What stands before the bytes of a field."""
    octets = bytearray((number << 3 | _LENGTH_DELIMITED,))
    while length >= _MORE:
        octets.append(length & ~_MORE & 0xFF | _MORE)
        length >>= 7
    octets.append(length)
    return bytes(octets)


def _malformed() -> InvalidArgumentError:
    return InvalidArgumentError("the message is not a ModelInferRequest")
