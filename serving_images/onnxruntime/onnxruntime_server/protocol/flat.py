"""Requests in their commonest form, read in one typed pass: JSON with flat data, and nothing that is asked for beside.

What is not in that form, or is wrong in any way, is left to `onnxruntime_server.protocol.codec`, which says what is
wrong. A request that both read is the same request.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from onnxruntime_server.protocol import checks
from onnxruntime_server.protocol.datatypes import NUMPY, Datatype
from onnxruntime_server.protocol.messages import InferRequest, Tensor

if TYPE_CHECKING:
    from onnxruntime_server.protocol.messages import Array, Limits

MOST_ELEMENTS: Final = 4096
"""Of an input; for more the full reader is as quick."""

_FORMATS: Final = {
    Datatype.BOOL: "?",
    Datatype.UINT8: "B",
    Datatype.UINT16: "H",
    Datatype.UINT32: "I",
    Datatype.UINT64: "Q",
    Datatype.INT8: "b",
    Datatype.INT16: "h",
    Datatype.INT32: "i",
    Datatype.INT64: "q",
    Datatype.FP32: "f",
    Datatype.FP64: "d",
}
"""How `struct` writes a value; it refuses one that is out of range."""

_BY_NAME: Final = {datatype.value: datatype for datatype in _FORMATS}


class _Input(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    shape: list[int]
    datatype: str
    data: msgspec.Raw


class _Request(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    inputs: list[_Input]
    id: str | None = None


_REQUEST: Final = msgspec.json.Decoder(_Request)
_FLOATS: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(list[float])
_INTEGERS: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(list[int])
_TRUTHS: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(list[bool])
_LISTS: Final = {
    datatype: _TRUTHS if datatype is Datatype.BOOL else _FLOATS if datatype.startswith("FP") else _INTEGERS
    for datatype in _FORMATS
}


def read(body: bytes, limits: Limits) -> InferRequest | None:
    """The request, where it has this form. Refuses what is over a limit, as the full reader does."""
    try:
        found = _REQUEST.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    room = checks.Room(len(found.inputs), limits)
    inputs: list[Tensor] = []
    for each in found.inputs:
        datatype = _BY_NAME.get(each.datatype)
        if datatype is None or not each.name or min(each.shape, default=0) < 0:
            return None
        count = math.prod(each.shape)
        if count > MOST_ELEMENTS or len(each.shape) > checks.MOST_DIMENSIONS:
            return None
        shape = tuple(each.shape)
        room.take(f"input '{each.name}'", shape)
        if (array := _array(datatype, shape, count, each.data)) is None:
            return None
        inputs.append(Tensor(each.name, datatype, array))
    return InferRequest(tuple(inputs), id=found.id)


def _array(datatype: Datatype, shape: tuple[int, ...], count: int, data: msgspec.Raw) -> Array | None:
    try:
        values = _LISTS[datatype].decode(data)
        raw = struct.pack(f"<{count}{_FORMATS[datatype]}", *values)
    except (msgspec.MsgspecError, struct.error, OverflowError):
        return None
    return np.frombuffer(raw, NUMPY[datatype]).reshape(shape)
