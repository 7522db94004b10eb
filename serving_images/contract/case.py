"""A model with known answers: what the contract is tried on."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BFLOAT16_BYTES: Final = 2
_FORMATS: Final = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}


@dataclass(frozen=True, slots=True)
class Case:
    """What a server must say of one model, and what it must answer to one request."""

    model: str
    """The model's name."""

    version: str
    """A version that the server has."""

    inputs: list[dict[str, Any]]
    """The inputs as they stand in the model's metadata."""

    outputs: list[dict[str, Any]]
    """The outputs as they stand in the model's metadata."""

    request: dict[str, Any]
    """A request with flat JSON data for every input."""

    answer: list[dict[str, Any]]
    """The outputs that answer it, with flat JSON data."""

    further: list[dict[str, list[dict[str, Any]]]] = field(default_factory=list)
    """Further requests, each as ``inputs`` with the ``answer`` to them; tensors without elements stand here."""

    @classmethod
    def read(cls, file: Path) -> Case:
        """The case that a JSON file holds; its keys are the attributes of this class."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))


def to_bytes(datatype: str, data: Iterable[Any]) -> bytes:
    """Flat JSON data as the binary tensor extension carries it."""
    if datatype == "BYTES":
        texts = [text.encode() for text in data]
        return b"".join(chain.from_iterable((struct.pack("<I", len(text)), text) for text in texts))
    if datatype == "BF16":  # the upper half of a single-precision number
        return b"".join(struct.pack("<f", value)[_BFLOAT16_BYTES:] for value in data)
    return b"".join(struct.pack(f"<{_FORMATS[datatype]}", value) for value in data)


def from_bytes(datatype: str, raw: bytes) -> list[Any]:
    """Flat JSON data from the binary tensor extension's bytes."""
    if datatype == "BYTES":
        texts = []
        while raw:
            (length,) = struct.unpack_from("<I", raw)
            texts.append(raw[4 : 4 + length].decode())
            raw = raw[4 + length :]
        return texts
    if datatype == "BF16":
        halves = [raw[at : at + _BFLOAT16_BYTES] for at in range(0, len(raw), _BFLOAT16_BYTES)]
        return [struct.unpack("<f", bytes(_BFLOAT16_BYTES) + half)[0] for half in halves]
    return [value for (value,) in struct.iter_unpack(f"<{_FORMATS[datatype]}", raw)]


def nested(shape: list[int], data: list[Any]) -> list[Any]:
    """Flat data as lists nested like the shape."""
    for size in reversed(shape[1:]):
        data = [data[start : start + size] for start in range(0, len(data), size)]
    return data
