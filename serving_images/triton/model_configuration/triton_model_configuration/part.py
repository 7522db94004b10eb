"""What every part of a configuration has in common."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

T = TypeVar("T", bound=Hashable)
Items = TypeVar("Items", bound=Collection[Any])


class Part(BaseModel):
    """A message of Triton's configuration. Refuses a key that is none of it.

    What is left out has the default of Triton's messages: nothing, zero or false, which Triton then reads as its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataType(StrEnum):
    """What the elements of a tensor are."""

    BOOL = "TYPE_BOOL"
    UINT8 = "TYPE_UINT8"
    UINT16 = "TYPE_UINT16"
    UINT32 = "TYPE_UINT32"
    UINT64 = "TYPE_UINT64"
    INT8 = "TYPE_INT8"
    INT16 = "TYPE_INT16"
    INT32 = "TYPE_INT32"
    INT64 = "TYPE_INT64"
    FP16 = "TYPE_FP16"
    FP32 = "TYPE_FP32"
    FP64 = "TYPE_FP64"
    STRING = "TYPE_STRING"
    BF16 = "TYPE_BF16"


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""A model's name, which is also its folder's."""
TensorName = Annotated[str, Field(min_length=1, max_length=1024)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
"""Zero leaves it to Triton."""
Positive = Annotated[int, Field(ge=1, lt=2**31)]
Microseconds = Annotated[int, Field(ge=0, lt=2**63)]
Size = Annotated[int, Field(ge=1, lt=2**63)]
"""A dimension that is known."""
Label = Annotated[str, Field(max_length=1024)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$")]
"""A file beside the model's, in no other folder."""


def _single(value: float) -> float:
    """The nearest number of single precision, which is what Triton's messages hold."""
    (nearest,) = struct.unpack("<f", struct.pack("<f", value))
    return float(nearest)


Single = Annotated[float, Field(allow_inf_nan=False, ge=-3.4e38, le=3.4e38), AfterValidator(_single)]


def dimension(value: int) -> int:
    """A dimension that is known, or -1 for one that is open. Refuses zero and other negative numbers."""
    if value == -1 or value > 0:
        return value
    raise ValueError(f"dimension {value}: write -1 for an open dimension, or a whole number from 1")


def filled(values: Items) -> Items:
    """The values. Refuses none at all."""
    if not values:
        raise ValueError("give at least one")
    return values


def repeated(values: Iterable[T]) -> list[T]:
    """Whatever comes more than once."""
    return [value for value, count in Counter(values).items() if count > 1]
