"""Tensor values from and to JSON lists and raw bytes. What does not fit is refused, never cut or guessed."""

from __future__ import annotations

import math
import struct
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from onnxruntime_server.errors import InvalidArgumentError
from onnxruntime_server.protocol.datatypes import JSON_TYPES, NUMPY, Datatype

if TYPE_CHECKING:
    from onnxruntime_server.protocol.messages import Array

_LENGTH = struct.Struct("<I")
_BFLOAT16_SHIFT = 16
_BELOW_HALF = np.uint32(0x7FFF)
_INFINITE = 0x7F80
_SHOWN_TYPES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def from_json(where: str, datatype: Datatype, shape: tuple[int, ...], data: object) -> Array:
    """The array that ``data`` holds, flat in row order or nested like the shape.

    Refuses another number of elements, ragged lists, values of another JSON type and values out of range.
    """
    if not isinstance(data, list):
        raise InvalidArgumentError(f"{where}: expected data as a list, got {_shown(data)}")
    flat = _flattened(where, shape, data)
    allowed, noun = JSON_TYPES[datatype]
    if strange := set(map(type, flat)) - allowed:
        found = ", ".join(sorted(_SHOWN_TYPES.get(kind, "null") for kind in strange))
        raise InvalidArgumentError(f"{where}: expected {noun} for {datatype}, got {found}")
    try:
        with np.errstate(over="raise"):
            if datatype is Datatype.BF16:
                return _to_bfloat16(np.array(flat, dtype=np.float32)).reshape(shape)
            return np.array(flat, dtype=NUMPY[datatype]).reshape(shape)
    except (OverflowError, FloatingPointError):
        raise InvalidArgumentError(f"{where}: a value is out of the range of {datatype}") from None


def _flattened(where: str, shape: tuple[int, ...], data: list[Any]) -> list[Any]:
    """All elements in row order; nested lists must have exactly the given shape."""
    expected = math.prod(shape)
    if not (data and isinstance(data[0], list)):
        if len(data) != expected:
            raise InvalidArgumentError(f"{where}: shape {list(shape)} has {expected} elements, got {len(data)}")
        return data
    level: list[Any] = [data]
    for axis, size in enumerate(shape):
        for row in level:
            if not isinstance(row, list):
                raise InvalidArgumentError(
                    f"{where}: expected a list at depth {axis} of {len(shape)}, got {_shown(row)}"
                )
            if len(row) != size:
                raise InvalidArgumentError(f"{where}: expected {size} entries along axis {axis}, got {len(row)}")
        level = list(chain.from_iterable(level))
    return level


def _shown(value: object) -> str:
    return _SHOWN_TYPES.get(type(value), "null")


def from_bytes(where: str, datatype: Datatype, shape: tuple[int, ...], data: memoryview) -> Array:
    """The array that raw little-endian ``data`` holds in row order; strings are length-prefixed UTF-8.

    Refuses another number of bytes than the shape needs, booleans other than 0 and 1, and text that is not UTF-8.
    The array is a view of ``data`` where that is aligned for its type.
    """
    if datatype is Datatype.BYTES:
        return _strings_from_bytes(where, shape, data)
    dtype = NUMPY[datatype]
    expected = math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        needed = f"shape {list(shape)} of {datatype} takes {expected} bytes"
        raise InvalidArgumentError(f"{where}: {needed}, got {len(data)}")
    if datatype is Datatype.BOOL:
        octets = np.frombuffer(data, dtype=np.uint8)
        if octets.size and octets.max() > 1:
            raise InvalidArgumentError(f"{where}: expected bytes 0 and 1 for BOOL, got {octets.max()}")
    return np.require(np.frombuffer(data, dtype=dtype).reshape(shape), requirements="A")


def _strings_from_bytes(where: str, shape: tuple[int, ...], data: memoryview) -> Array:
    expected = math.prod(shape)
    texts: list[str] = []
    position = 0
    while position < len(data) and len(texts) < expected:
        start = position + _LENGTH.size
        length = _LENGTH.unpack_from(data, position)[0] if start <= len(data) else 0
        position = start + length
        if position > len(data):
            raise InvalidArgumentError(f"{where}: string {len(texts)} is cut short")
        try:
            texts.append(str(data[start:position], "utf-8"))
        except UnicodeDecodeError:
            raise InvalidArgumentError(f"{where}: string {len(texts)} is not UTF-8") from None
    if len(texts) != expected or position != len(data):
        more = "more" if position != len(data) else str(len(texts))
        raise InvalidArgumentError(f"{where}: shape {list(shape)} has {expected} strings, got {more}")
    array = np.empty(expected, dtype=np.object_)
    array[:] = texts
    return array.reshape(shape)


def to_json(datatype: Datatype, array: Array) -> Array | list[str]:
    """What the JSON writer is given: all values flat, in row order."""
    if datatype is Datatype.BYTES:
        return cast("list[str]", array.ravel().tolist())
    if datatype is Datatype.BF16:
        array = (array.astype(np.uint32) << _BFLOAT16_SHIFT).view(np.float32)
    return array.ravel()


def refuse_unspeakable(where: str, values: object) -> None:
    """Refuse numbers that JSON has no word for, rather than write ``null`` in their place."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InvalidArgumentError(f"{where}: JSON can't carry its NaN or infinity; ask for it with binary_data")


def _to_bfloat16(values: npt.NDArray[np.float32]) -> Array:
    """The upper 16 bits of each number, rounded to the nearest, to the even one of two."""
    bits = values.view(np.uint32)
    odd = (bits >> _BFLOAT16_SHIFT) & 1
    rounded = ((bits + _BELOW_HALF + odd) >> _BFLOAT16_SHIFT).astype(NUMPY[Datatype.BF16])
    if ((rounded & _INFINITE) == _INFINITE).any():
        raise OverflowError
    return rounded


def to_bytes(datatype: Datatype, array: Array) -> bytes:
    """The values as raw little-endian bytes in row order; strings as length-prefixed UTF-8."""
    if datatype is not Datatype.BYTES:
        return array.tobytes()
    encoded = [str(text).encode() for text in array.ravel()]
    return b"".join(chain.from_iterable((_LENGTH.pack(len(text)), text) for text in encoded))
