"""One version of a model, held by an ONNX Runtime session."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol, cast

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

from onnxruntime_server.engine.inline import InlineBudget
from onnxruntime_server.errors import InvalidArgumentError, ModelFailedError, RepositoryError
from onnxruntime_server.protocol.datatypes import NUMPY, ONNX, Datatype
from onnxruntime_server.protocol.messages import ModelMetadata, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onnxruntime_server.protocol.messages import Array

onnxruntime.disable_telemetry_events()

_SHRINK_AFTER_RUN: Final = onnxruntime.RunOptions()
_SHRINK_AFTER_RUN.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
_SIGNS_OF_FULL_MEMORY: Final = ("Failed to allocate memory", "bad_alloc", "bad allocation")


class Model:
    """A model that is loaded and warmed up. Refuses signatures that the protocol can't carry."""

    name: str
    """The folder name in the repository."""

    version: str
    """The version folder's name."""

    metadata: ModelMetadata
    """What it takes and gives."""

    inline: InlineBudget
    """Which requests are small enough to run on the event loop."""

    def __init__(self, name: str, version: str, path: Path, threads: int) -> None:
        self.name = name
        self.version = version
        try:
            self._session = onnxruntime.InferenceSession(
                path, _session_options(threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise RepositoryError(f"{path}: onnxruntime can't load it: {_first_line(error)}") from error
        self.metadata = ModelMetadata(
            name=name,
            versions=(version,),
            inputs=tuple(_spec(f"{path}: input", node) for node in self._session.get_inputs()),
            outputs=tuple(_spec(f"{path}: output", node) for node in self._session.get_outputs()),
        )
        self.inline = InlineBudget()

    def warm_up(self) -> float:
        """Run once on zeros, open dimensions at one, then time a second run; the processor seconds it took."""
        sample = {spec.name: _zeros(spec) for spec in self.metadata.inputs}
        names = [spec.name for spec in self.metadata.outputs]
        self.run(sample, names)
        started = time.thread_time()
        self.run(sample, names)
        seconds = time.thread_time() - started
        self.inline.observe(sum(array.size for array in sample.values()), seconds)
        return seconds

    def run(self, inputs: dict[str, Array], outputs: Sequence[str], *, shrink: bool = False) -> list[Array]:
        """The outputs asked for. With ``shrink``, memory that only this run needed is given back.

        A run depends on its inputs alone, so a run that fails is the inputs' fault, unless memory ran out.
        """
        options = _SHRINK_AFTER_RUN if shrink else None
        try:
            return cast("list[Array]", self._session.run(outputs, inputs, options))
        except (InvalidArgument, RuntimeException, Fail) as error:
            reason = _first_line(error)
            if any(sign in reason for sign in _SIGNS_OF_FULL_MEMORY):
                raise ModelFailedError(f"model '{self.name}' ran out of memory on these inputs") from None
            raise InvalidArgumentError(f"model '{self.name}' can't compute these inputs: {reason}") from None


class _Node(Protocol):
    """What ONNX Runtime says about an input or output."""

    name: str
    type: str
    shape: list[int | str | None]


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; the log must not repeat tensor contents
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def _spec(where: str, node: _Node) -> TensorSpec:
    if (datatype := ONNX.get(node.type)) is None:
        raise RepositoryError(f"{where} '{node.name}' has type {node.type}, which the protocol can't carry")
    return TensorSpec(
        name=node.name,
        datatype=datatype,
        shape=tuple(size if isinstance(size, int) else -1 for size in node.shape),
        symbols=tuple(size if isinstance(size, str) else None for size in node.shape),
    )


def _zeros(spec: TensorSpec) -> Array:
    shape = tuple(1 if size == -1 else size for size in spec.shape)
    if spec.datatype is Datatype.BYTES:
        return np.full(shape, "", dtype=np.object_)
    return np.zeros(shape, dtype=NUMPY[spec.datatype])


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
