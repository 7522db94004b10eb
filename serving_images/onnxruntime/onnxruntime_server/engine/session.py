"""One ONNX Runtime session: what its model takes and gives, and its runs."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import, whatever the environment says

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

from onnxruntime_server.errors import ClientGoneError, InvalidArgumentError, ModelFailedError, RepositoryError
from onnxruntime_server.protocol.datatypes import NUMPY, ONNX, Datatype
from onnxruntime_server.protocol.messages import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnxruntime_server.protocol.messages import Array

onnxruntime.disable_telemetry_events()

_SHRINK: Final = ("memory.enable_memory_arena_shrinkage", "cpu:0")
_SHRINKING: Final = onnxruntime.RunOptions()
_SHRINKING.add_run_config_entry(*_SHRINK)
_SIGNS_OF_FULL_MEMORY: Final = ("Failed to allocate memory", "bad_alloc", "bad allocation")
_BFLOAT16: Final = 16
"""ONNX's number for the type that numpy has not; its values are held as 16-bit integers."""


class Halt:
    """Breaks off a run, from any thread: between two of the model's operators, or before it begins."""

    def __init__(self) -> None:
        self.asked_for = False
        self._options: onnxruntime.RunOptions | None = None

    def now(self) -> None:
        """Break off the run that goes on, and all that follow."""
        self.asked_for = True
        if (options := self._options) is not None:
            options.terminate = True

    def options(self, *, shrink: bool) -> onnxruntime.RunOptions:
        """What the next run is to be given."""
        options = onnxruntime.RunOptions()
        if shrink:
            options.add_run_config_entry(*_SHRINK)
        self._options = options
        options.terminate = self.asked_for
        return options


class Session:
    """A loaded model. Refuses signatures that the protocol can't carry.

    ``model`` is the file, or its bytes where they were checked before; ``external`` are then the files beside it. Its
    threads sleep between runs: spinning gained nothing that could be measured and costs up to three times where the
    container's quota is below them. The pool that ONNX Runtime has for all sessions can't be told from Python not to
    spin, so each session has its own; the scheduler has them take turns, and a pool whose turn it is not only sleeps.
    """

    def __init__(
        self, name: str, model: Path | bytes, threads: int, external: Mapping[str, bytes] | None = None
    ) -> None:
        self._name = name
        options = _options(threads)
        if isinstance(model, bytes):
            _take_nothing_from_disk(options, external or {})
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            self._session._model_bytes = None  # noqa: SLF001 - it would hold them for good and has no other way
        except Exception as error:
            raise RepositoryError(f"onnxruntime can't load it: {_first_line(error)}") from error
        self.inputs = tuple(_spec("input", node) for node in self._session.get_inputs())
        self.outputs = tuple(_spec("output", node) for node in self._session.get_outputs())
        specs = (*self.inputs, *self.outputs)
        self._bfloat16 = {spec.name for spec in specs if spec.datatype is Datatype.BF16}

    def run(
        self, inputs: dict[str, Array], outputs: Sequence[str], *, shrink: bool = False, halt: Halt | None = None
    ) -> list[Array]:
        """The outputs asked for. With ``shrink``, memory that no run holds is given back after it.

        A run depends on its inputs alone, so a run that fails is the inputs' fault, unless memory ran out. One that was
        halted has no answer for anybody.
        """
        options = halt.options(shrink=shrink) if halt is not None else _SHRINKING if shrink else None
        try:
            return self._run(inputs, outputs, options)
        except (InvalidArgument, RuntimeException, Fail) as error:
            if halt is not None and halt.asked_for:
                raise ClientGoneError from None
            reason = _first_line(error)
            if any(sign in reason for sign in _SIGNS_OF_FULL_MEMORY):
                self._forget_how_much_was_wanted()
                raise ModelFailedError(f"model '{self._name}' ran out of memory on these inputs") from None
            raise InvalidArgumentError(f"model '{self._name}' can't compute these inputs: {reason}") from None

    def _run(
        self, inputs: dict[str, Array], outputs: Sequence[str], options: onnxruntime.RunOptions | None
    ) -> list[Array]:
        if self._bfloat16:
            return self._run_with_bfloat16(inputs, outputs, options)
        return cast("list[Array]", self._session.run(outputs, inputs, options))

    def _forget_how_much_was_wanted(self) -> None:
        """Shrink the arena: it would take as much for the next run, however small, and leave nothing for others."""
        with suppress(InvalidArgument, RuntimeException, Fail):
            self._run(self.sample(rows=1, ones=False), [self.outputs[0].name], _SHRINKING)

    def _run_with_bfloat16(
        self, inputs: dict[str, Array], outputs: Sequence[str], options: onnxruntime.RunOptions | None
    ) -> list[Array]:
        value = onnxruntime.OrtValue
        given = {
            name: value.ortvalue_from_numpy_with_onnx_type(np.ascontiguousarray(array), _BFLOAT16)
            if name in self._bfloat16
            else value.ortvalue_from_numpy(array)
            for name, array in inputs.items()
        }
        found = self._session.run_with_ort_values(outputs, given, options)
        return [
            _bits(each) if name in self._bfloat16 else each.numpy() for name, each in zip(outputs, found, strict=True)
        ]

    def sample(self, *, rows: int, ones: bool) -> dict[str, Array]:
        """Inputs of zeros or ones; open dimensions have one element, the leading ones ``rows``."""
        return {spec.name: _filled(spec, rows, ones=ones) for spec in self.inputs}


class _Node(Protocol):
    """What ONNX Runtime says about an input or output."""

    name: str
    type: str
    shape: list[int | str | None]


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; the log must not repeat tensor contents
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # Weights are as large as they are; the arena would round each of its pieces up.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    return options


def _take_nothing_from_disk(options: onnxruntime.SessionOptions, external: Mapping[str, bytes]) -> None:
    """Weights outside the model come from the bytes that were checked, or from nowhere."""
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", "/nonexistent")
    if external:
        sizes = [len(data) for data in external.values()]
        options.add_external_initializers_from_files_in_memory(list(external), list(external.values()), sizes)


def _spec(kind: str, node: _Node) -> TensorSpec:
    if (datatype := ONNX.get(node.type)) is None:
        raise RepositoryError(f"{kind} '{node.name}' has type {node.type}, which the protocol can't carry")
    return TensorSpec(
        name=node.name,
        datatype=datatype,
        shape=tuple(size if isinstance(size, int) else -1 for size in node.shape),
        symbols=tuple(size if isinstance(size, str) else None for size in node.shape),
    )


def _filled(spec: TensorSpec, rows: int, *, ones: bool) -> Array:
    shape = tuple((rows if axis == 0 else 1) if size == -1 else size for axis, size in enumerate(spec.shape))
    if spec.datatype is Datatype.BYTES:
        return np.full(shape, "1" if ones else "", dtype=np.object_)
    return np.full(shape, int(ones), dtype=NUMPY[spec.datatype])


def _bits(found: Any) -> Array:  # noqa: ANN401 - an OrtValue, which has no types
    """A copy of a tensor of bfloat16, which numpy has no type for, as 16-bit integers."""
    shape = tuple(found.shape())
    count = int(np.prod(shape, dtype=np.int64))
    if not count:
        return np.empty(shape, dtype=NUMPY[Datatype.BF16])
    view = (ctypes.c_uint16 * count).from_address(found.data_ptr())
    return np.array(np.ctypeslib.as_array(view), dtype=NUMPY[Datatype.BF16]).reshape(shape)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
