"""The protocol's tensor datatypes and what each is in numpy and in ONNX."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np


class Datatype(StrEnum):
    """A datatype name as it stands in requests and metadata."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    BF16 = "BF16"
    FP32 = "FP32"
    FP64 = "FP64"
    BYTES = "BYTES"


NUMPY: Final[dict[Datatype, np.dtype[np.generic]]] = {
    Datatype.BOOL: np.dtype(np.bool_),
    Datatype.UINT8: np.dtype(np.uint8),
    Datatype.UINT16: np.dtype("<u2"),
    Datatype.UINT32: np.dtype("<u4"),
    Datatype.UINT64: np.dtype("<u8"),
    Datatype.INT8: np.dtype(np.int8),
    Datatype.INT16: np.dtype("<i2"),
    Datatype.INT32: np.dtype("<i4"),
    Datatype.INT64: np.dtype("<i8"),
    Datatype.FP16: np.dtype("<f2"),
    Datatype.BF16: np.dtype("<u2"),
    Datatype.FP32: np.dtype("<f4"),
    Datatype.FP64: np.dtype("<f8"),
    Datatype.BYTES: np.dtype(np.object_),
}
"""The array type that holds each datatype; strings are Python ``str`` in an object array, BF16 its 16 bits."""

ONNX: Final[dict[str, Datatype]] = {
    "tensor(bool)": Datatype.BOOL,
    "tensor(uint8)": Datatype.UINT8,
    "tensor(uint16)": Datatype.UINT16,
    "tensor(uint32)": Datatype.UINT32,
    "tensor(uint64)": Datatype.UINT64,
    "tensor(int8)": Datatype.INT8,
    "tensor(int16)": Datatype.INT16,
    "tensor(int32)": Datatype.INT32,
    "tensor(int64)": Datatype.INT64,
    "tensor(float16)": Datatype.FP16,
    "tensor(bfloat16)": Datatype.BF16,
    "tensor(float)": Datatype.FP32,
    "tensor(double)": Datatype.FP64,
    "tensor(string)": Datatype.BYTES,
}
"""ONNX Runtime's own type names, for the types the protocol can carry."""

JSON_TYPES: Final[dict[Datatype, tuple[frozenset[type], str]]] = {
    datatype: (
        (frozenset({bool}), "booleans")
        if datatype is Datatype.BOOL
        else (frozenset({str}), "strings")
        if datatype is Datatype.BYTES
        else (frozenset({int, float}), "numbers")
        if datatype.startswith(("FP", "BF"))
        else (frozenset({int}), "integers")
    )
    for datatype in Datatype
}
"""What JSON values a datatype is written with, and the plural noun for them."""
