"""What a model takes and gives, as Triton's configuration writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

Configuration: TypeAlias = dict[str, Any]
"""A model's configuration, as Triton hands it over in JSON."""

TYPES: Final = {
    "tensor(bool)": "TYPE_BOOL",
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(uint16)": "TYPE_UINT16",
    "tensor(uint32)": "TYPE_UINT32",
    "tensor(uint64)": "TYPE_UINT64",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int16)": "TYPE_INT16",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(float16)": "TYPE_FP16",
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(string)": "TYPE_STRING",
    "tensor(bfloat16)": "TYPE_BF16",
}


class SignatureError(Exception):
    """A model that can't be served, or a configuration that is not the model's."""


class Node(Protocol):
    """What ONNX Runtime says about an input or output."""

    name: str
    type: str
    shape: list[int | str | None]


@dataclass(frozen=True, slots=True)
class Signature:
    """A model's inputs and outputs by name, each with its type in Triton's words and all of its dimensions."""

    inputs: dict[str, tuple[str, tuple[int, ...]]]
    outputs: dict[str, tuple[str, tuple[int, ...]]]

    @classmethod
    def of(cls, inputs: Sequence[Node], outputs: Sequence[Node]) -> Signature:
        """The signature of a session. Refuses a type that Triton has not."""
        return cls(dict(map(_tensor, inputs)), dict(map(_tensor, outputs)))

    @property
    def takes_batches(self) -> bool:
        """Whether the first dimension of every tensor is open, so that it may count requests' rows."""
        shapes = [shape for _, shape in (*self.inputs.values(), *self.outputs.values())]
        return all(shape and shape[0] == -1 for shape in shapes)


def complete(configuration: Configuration, signature: Signature, default_rows: int) -> None:
    """Write into a configuration what it leaves out, by the rules of Triton's own backend.

    Where it names no largest batch and every tensor's first dimension is open, that is ``default_rows``; dynamic
    batching is switched on where no other scheduler is. Refuses a largest batch of a model that takes none.
    """
    if configuration["input"] and configuration["output"]:
        return
    if signature.takes_batches:
        configuration["max_batch_size"] = configuration["max_batch_size"] or default_rows
        schedulers = ("dynamic_batching", "sequence_batching", "ensemble_scheduling")
        if configuration["max_batch_size"] > 1 and not any(each in configuration for each in schedulers):
            configuration["dynamic_batching"] = {}
    elif configuration["max_batch_size"]:
        raise SignatureError(
            f"max_batch_size is {configuration['max_batch_size']}, but not every tensor of the model has an open first "
            "dimension: set it to 0"
        )
    batching = configuration["max_batch_size"] > 0
    for key, tensors in (("input", signature.inputs), ("output", signature.outputs)):
        if not configuration[key]:
            configuration[key] = [_entry(name, each, batching=batching) for name, each in tensors.items()]


def check(configuration: Configuration, signature: Signature) -> None:
    """Refuse a configuration that names another tensor or type than the model has, or leaves out an input."""
    for key, tensors in (("input", signature.inputs), ("output", signature.outputs)):
        for entry in configuration[key]:
            if (known := tensors.get(entry["name"])) is None:
                raise SignatureError(f"{key} '{entry['name']}' is none of the model's: {', '.join(sorted(tensors))}")
            if entry["data_type"] != known[0]:
                raise SignatureError(f"{key} '{entry['name']}' is {known[0]} in the model, not {entry['data_type']}")
    missing = signature.inputs.keys() - {entry["name"] for entry in configuration["input"]}
    if missing:
        raise SignatureError(f"the configuration leaves out the model's input '{min(missing)}'")


def _tensor(node: Node) -> tuple[str, tuple[str, tuple[int, ...]]]:
    if (kind := TYPES.get(node.type)) is None:
        raise SignatureError(f"'{node.name}' has type {node.type}, which Triton has not")
    return node.name, (kind, tuple(size if isinstance(size, int) else -1 for size in node.shape))


def _entry(name: str, tensor: tuple[str, tuple[int, ...]], *, batching: bool) -> Configuration:
    """Triton knows no tensor without dimensions: such a one is told as having a single element."""
    kind, shape = tensor
    dimensions = shape[1:] if batching else shape
    entry: Configuration = {"name": name, "data_type": kind, "dims": list(dimensions) or [1]}
    if batching and not dimensions:
        entry["reshape"] = {"shape": []}
    return entry
