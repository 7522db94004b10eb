"""A model's `config.pbtxt` as Triton gets it: parsed, held to what this image does, and written anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from triton_server.errors import StartError

FILE_NAME: Final = "config.pbtxt"
ENSEMBLE: Final = "ensemble"
BACKENDS: Final = {"onnxruntime": ("onnxruntime_onnx", "model.onnx"), "tensorrt": ("tensorrt_plan", "model.plan")}
"""What computes a model, each with its platform and the file it reads. No other runs: some execute what they read."""
REFUSED_FIELDS: Final = ("model_repository_agents", "model_operations", "cc_model_filenames", "runtime")
REFUSED_PARAMETERS: Final = ("EXECUTION_ENV_PATH", "trt_extra_plugin_lib_paths")

Configuration: TypeAlias = Any
"""`inference.ModelConfig`, which has no types."""


def of(model: str, path: Path, text: bytes | None, names: Iterable[str], *, cpu_only: bool) -> Configuration:
    """A model's configuration, its backend and instances written out; ``names`` are those of its versions' files.

    Refuses what is none, is another model's, or would have this image run a backend or code of the model's choice.
    """
    configuration = _parsed(path, text or b"")
    if configuration.name not in ("", model):
        raise StartError(f"{path}: has name '{configuration.name}'; expected '{model}', as its folder")
    _refuse(path, configuration)
    if configuration.platform != ENSEMBLE:
        _settle_backend(path, configuration, set(names))
        _settle_instances(path, configuration, cpu_only=cpu_only)
    return configuration


def written(configuration: Configuration) -> bytes:
    """The text that Triton reads."""
    text: str = text_format.MessageToString(configuration)
    return text.encode()


def _parsed(path: Path, text: bytes) -> Configuration:
    try:
        return text_format.Parse(text.decode(), ModelConfig())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise StartError(f"{path}: no model configuration: {error}") from None


def _refuse(path: Path, configuration: Configuration) -> None:
    for field in REFUSED_FIELDS:
        if field in {descriptor.name for descriptor, _ in configuration.ListFields()}:
            raise StartError(f"{path}: {field} would run code of the model's own; leave it out")
    accelerators = configuration.optimization.execution_accelerators
    given = {*configuration.parameters}
    for each in (*accelerators.gpu_execution_accelerator, *accelerators.cpu_execution_accelerator):
        given |= {*each.parameters}
    for name in sorted(given.intersection(REFUSED_PARAMETERS)):
        raise StartError(f"{path}: parameter {name} would run code of the model's own; leave it out")


def _settle_backend(path: Path, configuration: Configuration, names: set[str]) -> None:
    asked = (configuration.backend, configuration.platform)
    for backend, (platform, file) in BACKENDS.items():
        if (asked == ("", "") and file in names) or (
            asked != ("", "") and asked[0] in ("", backend) and asked[1] in ("", platform)
        ):
            if configuration.default_model_filename not in ("", file):
                raise StartError(
                    f"{path}: default_model_filename is '{configuration.default_model_filename}'; expected '{file}'"
                )
            configuration.backend = backend
            return
    allowed = " or ".join(BACKENDS)
    if asked == ("", ""):
        raise StartError(f"{path}: no version holds model.onnx or model.plan; add one")
    raise StartError(f"{path}: backend '{asked[0]}' with platform '{asked[1]}' is not run here; expected {allowed}")


def _settle_instances(path: Path, configuration: Configuration, *, cpu_only: bool) -> None:
    """One instance where none is asked for: two on a CPU, Triton's own default, would share the same cores."""
    if not configuration.instance_group:
        configuration.instance_group.add(count=1)
    if not cpu_only:
        return
    if configuration.backend == "tensorrt":
        raise StartError(f"{path}: TensorRT needs a GPU and this image has none; use the official base")
    for group in configuration.instance_group:
        if group.kind == ModelInstanceGroup.KIND_GPU or group.gpus:
            raise StartError(f"{path}: an instance group asks for a GPU and this image has none; make it KIND_CPU")
