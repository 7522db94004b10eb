"""Requests, answers and metadata as plain values, the same for every transport."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from onnxruntime_server.protocol.datatypes import Datatype

Array: TypeAlias = "npt.NDArray[np.generic]"
"""A tensor's values; strings are ``str`` in an object array."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for. Decided before memory is taken for it."""

    body_bytes: int = 16 * 1024 * 1024
    """Most bytes of a request body."""

    tensors: int = 64
    """Most inputs of a request."""

    elements: int = 4 * 1024 * 1024
    """Most elements of all inputs of a request together."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor of a model's signature."""

    name: str
    """Its name in the model."""

    datatype: Datatype
    """The only datatype it takes."""

    shape: tuple[int, ...]
    """Its dimensions; -1 where any size is taken."""

    symbols: tuple[str | None, ...] = ()
    """Names of the open dimensions as the model gives them; dimensions of one name must agree."""

    def as_json(self) -> dict[str, Any]:
        """The form it has in model metadata."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What a model is called, which versions are served and what it takes and gives."""

    name: str
    """The folder name in the repository."""

    versions: tuple[str, ...]
    """All served versions, oldest first."""

    inputs: tuple[TensorSpec, ...]
    """What it takes, in the model's order."""

    outputs: tuple[TensorSpec, ...]
    """What it gives, in the model's order."""

    platform: str = "onnxruntime_onnx"
    """Triton's name for this kind of model."""

    takes: Mapping[str, TensorSpec] = field(init=False, repr=False, compare=False)
    """The inputs by name."""

    gives: Mapping[str, Datatype] = field(init=False, repr=False, compare=False)
    """The outputs' datatypes by name."""

    def __post_init__(self) -> None:
        """Have at hand what every request asks for."""
        object.__setattr__(self, "takes", {spec.name: spec for spec in self.inputs})
        object.__setattr__(self, "gives", {spec.name: spec.datatype for spec in self.outputs})

    def as_json(self) -> dict[str, Any]:
        """The body of a model metadata answer."""
        return {
            "name": self.name,
            "versions": list(self.versions),
            "platform": self.platform,
            "inputs": [spec.as_json() for spec in self.inputs],
            "outputs": [spec.as_json() for spec in self.outputs],
        }


@dataclass(slots=True)
class Tensor:
    """A named tensor with its values."""

    name: str
    """Its name in the model."""

    datatype: Datatype
    """Its datatype on the wire."""

    array: Array
    """Its values, of the numpy type that belongs to the datatype."""


@dataclass(slots=True)
class RequestedOutput:
    """An output the client asks for."""

    name: str
    """Its name in the model."""

    binary: bool
    """Whether its values come after the JSON as raw bytes."""


@dataclass(slots=True)
class InferRequest:
    """A prediction that is asked for."""

    inputs: tuple[Tensor, ...]
    """The given tensors, in the request's order."""

    outputs: tuple[RequestedOutput, ...] = ()
    """The outputs asked for; empty means all."""

    id: str | None = None
    """The client's own name for it, sent back with the answer."""

    binary_output: bool = False
    """Whether outputs that are not named one by one come as raw bytes."""

    priority: int = 0
    """1 comes first, as in Triton; 0 leaves it to the model."""

    timeout_seconds: float | None = None
    """How long it may wait to be begun."""

    @property
    def elements(self) -> int:
        """How many elements all inputs hold together."""
        return sum(tensor.array.size for tensor in self.inputs)


@dataclass(slots=True)
class InferResponse:
    """A model's answer."""

    model_name: str
    """The model that answered."""

    model_version: str
    """The version that answered."""

    outputs: tuple[Tensor, ...]
    """The outputs, in the order asked for or in the model's own."""

    id: str | None = None
    """The request's id."""
