"""What holds for a request however it is written: each check with the sentence that refuses."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from onnxruntime_server.errors import InvalidArgumentError, TooLargeError
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.messages import Limits

MOST_DIMENSIONS: Final = 32
LARGEST_PARAMETER: Final = 2**53
UNSUPPORTED_PARAMETERS: Final = ("classification", "shared_memory_region", "sequence_id")


def name_of(kind: str, name: object) -> str:
    """The name of an input or output. Refuses none."""
    if not isinstance(name, str) or not name:
        raise InvalidArgumentError(f"every {kind} needs a 'name' that is a non-empty string")
    return name


def datatype_of(where: str, name: object) -> Datatype:
    """The datatype of this name. Refuses what is not one of the protocol's."""
    if isinstance(name, str) and name in Datatype.__members__:
        return Datatype[name]
    shown = f"'{name[:32]}'" if isinstance(name, str) else "none"
    raise InvalidArgumentError(f"{where}: expected a datatype of {', '.join(Datatype)}; got {shown}")


def shape_of(where: str, sizes: Sequence[Any]) -> tuple[int, ...]:
    """The shape that these sizes make. Refuses negative sizes, what is no size and too many of them."""
    if len(sizes) > MOST_DIMENSIONS:
        raise InvalidArgumentError(f"{where}: expected at most {MOST_DIMENSIONS} dimensions, got {len(sizes)}")
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise InvalidArgumentError(f"{where}: 'shape' must be a list of non-negative integers")
    return tuple(sizes)


def check_parameters(where: str, names: Collection[str]) -> None:
    """Refuse parameters that ask for an extension this server has not."""
    for name in UNSUPPORTED_PARAMETERS:
        if name in names:
            raise InvalidArgumentError(f"{where}: parameter '{name}' is not supported by this server")


def urgency(parameters: Mapping[str, Any]) -> tuple[int, float | None]:
    """The request's priority and the seconds it may wait, from Triton's parameters; 0 and nothing where not given."""
    found = []
    for name in ("priority", "timeout"):
        value = parameters.get(name, 0)
        if type(value) is not int or not 0 <= value <= LARGEST_PARAMETER:
            raise InvalidArgumentError(f"request: parameter '{name}' must be an integer from 0 to {LARGEST_PARAMETER}")
        found.append(value)
    priority, microseconds = found
    return priority, microseconds / 1e6 if microseconds else None


class Room:
    """What the inputs of one request may still take, counted before memory is taken for them."""

    def __init__(self, inputs: int, limits: Limits) -> None:
        """Refuse no inputs, and more of them than the limit."""
        if not inputs:
            raise InvalidArgumentError("the request has no inputs")
        if inputs > limits.tensors:
            raise TooLargeError(f"the request has {inputs} inputs, more than the {limits.tensors} allowed")
        self._most = self._left = limits.elements

    def take(self, where: str, shape: tuple[int, ...]) -> None:
        """Count the elements of an input. Refuses more than the limit, of one dimension or of all inputs together."""
        if any(size > self._most for size in shape):
            raise TooLargeError(f"{where}: expected no dimension above {self._most}, got {max(shape)}")
        self._left -= math.prod(shape)
        if self._left < 0:
            raise TooLargeError(f"{where}: the request has more than the {self._most} elements allowed")
