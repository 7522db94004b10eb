"""Whether a request fits what a model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnxruntime_server.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnxruntime_server.protocol.messages import Array, InferRequest, ModelMetadata, Tensor, TensorSpec


def bind(metadata: ModelMetadata, request: InferRequest) -> tuple[dict[str, Array], list[str]]:
    """The model's inputs by name, in its own order, and the names of the outputs to compute.

    Refuses missing, unknown and repeated tensors, other datatypes, other shapes, and open dimensions of one name
    that do not agree with each other.
    """
    specs = metadata.takes
    given: dict[str, Array] = {}
    sizes: dict[str, tuple[int, str]] = {}
    for tensor in request.inputs:
        if (spec := specs.get(tensor.name)) is None:
            raise InvalidArgumentError(
                f"model '{metadata.name}' has no input '{tensor.name}'; it takes {_names(specs)}"
            )
        if tensor.name in given:
            raise InvalidArgumentError(f"input '{tensor.name}' is given twice")
        _check(tensor, spec, sizes)
        given[tensor.name] = tensor.array
    if len(given) < len(specs):
        missing = [name for name in specs if name not in given]
        raise InvalidArgumentError(f"model '{metadata.name}' also needs {_names(missing)}")
    ordered = given if len(given) == 1 else {name: given[name] for name in specs}
    return ordered, _outputs(metadata, request)


def _check(tensor: Tensor, spec: TensorSpec, sizes: dict[str, tuple[int, str]]) -> None:
    if tensor.datatype is not spec.datatype:
        raise InvalidArgumentError(f"input '{spec.name}': expected datatype {spec.datatype}, got {tensor.datatype}")
    shape = tensor.array.shape
    fits = len(shape) == len(spec.shape)
    for expected, size in zip(spec.shape, shape, strict=False):
        if expected not in (-1, size):  # a set would be made anew each time
            fits = False
    if not fits:
        raise InvalidArgumentError(f"input '{spec.name}': expected shape {list(spec.shape)}, got {list(shape)}")
    for symbol, size in zip(spec.symbols, shape, strict=False):
        if symbol is None:
            continue
        agreed, first = sizes.setdefault(symbol, (size, spec.name))
        if agreed != size:
            raise InvalidArgumentError(
                f"input '{spec.name}': expected dimension '{symbol}' to be {agreed} as in '{first}', got {size}"
            )


def _outputs(metadata: ModelMetadata, request: InferRequest) -> list[str]:
    known = metadata.gives
    if not request.outputs:
        return list(known)
    wanted = [output.name for output in request.outputs]
    for name in wanted:
        if name not in known:
            raise InvalidArgumentError(f"model '{metadata.name}' has no output '{name}'; it gives {_names(known)}")
    if len(set(wanted)) != len(wanted):
        twice = next(name for name in wanted if wanted.count(name) > 1)
        raise InvalidArgumentError(f"output '{twice}' is asked for twice")
    return wanted


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
