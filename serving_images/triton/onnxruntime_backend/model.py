"""The model as Triton's Python backend calls it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import, whatever the environment says

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton

from onnxruntime_backend.batch import Array, Tensors, run_together
from onnxruntime_backend.options import session_options
from onnxruntime_backend.signature import Configuration, Signature, SignatureError, check, complete

onnxruntime.disable_telemetry_events()

DEFAULT_ROWS = "TRITON_DEFAULT_MAX_BATCH_SIZE"
"""The largest batch of models that name none, told by whoever started Triton."""

Request: TypeAlias = Any
Response: TypeAlias = Any
Tensor: TypeAlias = Any
"""Triton's own, which have no types."""


class OnnxModel:
    """One instance of one version of an ONNX model."""

    @staticmethod
    def auto_complete_config(configuration: Any) -> Any:  # noqa: ANN401 - Triton's own type
        """Write the model's signature into its configuration. Triton calls this before the first instance is made."""
        told = configuration.as_dict()
        session = _session(_model_file(), told)
        signature = Signature.of(session.get_inputs(), session.get_outputs())
        complete(told, signature, int(os.environ.get(DEFAULT_ROWS, "32")))
        return configuration

    def initialize(self, arguments: Mapping[str, str]) -> None:
        """Make the session. Refuses a configuration that is not the model's."""
        configuration = json.loads(arguments["model_config"])
        folder = Path(arguments["model_repository"], arguments["model_version"])
        self._session = _session(folder / configuration["default_model_filename"], configuration)
        signature = Signature.of(self._session.get_inputs(), self._session.get_outputs())
        check(configuration, signature)
        self._batches = configuration["max_batch_size"] > 0
        self._inputs = {name: kind for name, (kind, _) in signature.inputs.items()}
        self._outputs = {name: kind for name, (kind, _) in signature.outputs.items()}
        self._flat = {name for name, (_, shape) in signature.inputs.items() if not shape}

    def execute(self, requests: Sequence[Request]) -> list[Response]:
        """The answer to each request, in their order."""
        if "TYPE_BF16" in (*self._inputs.values(), *self._outputs.values()):
            return [self._respond_with_bfloat16(request) for request in requests]
        together = [requests] if self._batches else [[request] for request in requests]
        return [response for each in together for response in self._respond(each)]

    def _respond(self, requests: Sequence[Request]) -> list[Response]:
        wanted = [name for name in self._outputs if any(name in each.requested_output_names() for each in requests)]
        taken = [self._taken(request) for request in requests]
        readable = [each for each in taken if not isinstance(each, SignatureError)]
        found = iter(run_together(readable, lambda inputs: self._run(wanted, inputs)))
        answers = [each if isinstance(each, SignatureError) else next(found) for each in taken]
        return [
            _refusal(answer) if isinstance(answer, Exception) else _response(request, answer)
            for request, answer in zip(requests, answers, strict=True)
        ]

    def _run(self, wanted: Sequence[str], inputs: Tensors) -> Tensors:
        return dict(zip(wanted, self._session.run(wanted, inputs), strict=True))

    def _taken(self, request: Request) -> Tensors | SignatureError:
        try:
            return {name: self._array(request, name) for name in self._inputs}
        except SignatureError as error:
            return error

    def _array(self, request: Request, name: str) -> Array:
        array: Array = triton.get_input_tensor_by_name(request, name).as_numpy()
        if self._inputs[name] == "TYPE_STRING":
            array = _text(name, array)
        return array.reshape(()) if name in self._flat else array

    def _respond_with_bfloat16(self, request: Request) -> Response:
        """NumPy has no such type: tensors of it are handed from Triton to ONNX Runtime and back as they lie there."""
        wanted = [name for name in self._outputs if name in request.requested_output_names()]
        try:
            inputs = {name: self._value(request, name) for name in self._inputs}
            found = self._session.run_with_ort_values(wanted, inputs)
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            return _refusal(error)
        tensors = [
            triton.Tensor.from_dlpack(name, value._ortvalue)  # noqa: SLF001 - the only one of its faces with DLPack
            if self._outputs[name] == "TYPE_BF16"
            else triton.Tensor(name, value.numpy())
            for name, value in zip(wanted, found, strict=True)
        ]
        return triton.InferenceResponse(tensors)

    def _value(self, request: Request, name: str) -> onnxruntime.OrtValue:
        if self._inputs[name] != "TYPE_BF16":
            return onnxruntime.OrtValue.ortvalue_from_numpy(self._array(request, name))
        tensor = triton.get_input_tensor_by_name(request, name)
        inner = onnxruntime.capi.onnxruntime_pybind11_state.OrtValue.from_dlpack(tensor.to_dlpack(), False)
        return onnxruntime.OrtValue(inner)


def _session(file: Path, configuration: Configuration) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(file, session_options(configuration), providers=["CPUExecutionProvider"])


def _model_file() -> Path:
    """The model's file. Before there is an instance, only the command line of the process that Triton began says it."""
    return Path(Path("/proc/self/cmdline").read_bytes().split(b"\0")[1].decode())


def _text(name: str, array: Array) -> Array:
    try:
        texts = [each.decode() for each in array.ravel()]
    except UnicodeDecodeError as error:
        raise SignatureError(f"input '{name}' holds bytes that are no UTF-8 text: {error.reason}") from None
    found = np.empty(len(texts), dtype=np.object_)
    found[:] = texts
    return found.reshape(array.shape)


def _response(request: Request, answer: Tensors) -> Response:
    names = request.requested_output_names()
    tensors = [triton.Tensor(name, np.atleast_1d(array)) for name, array in answer.items() if name in names]
    return triton.InferenceResponse(tensors)


def _refusal(error: Exception) -> Response:
    """A run depends on its inputs alone, so one that fails is their fault. The first line says what was wrong."""
    reason = str(error).strip().partition("\n")[0]
    return triton.InferenceResponse([], triton.TritonError(reason, triton.TritonError.INVALID_ARG))
