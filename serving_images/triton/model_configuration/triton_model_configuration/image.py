"""What an image can run, beyond what Triton as such can."""

from __future__ import annotations

from dataclasses import dataclass

from triton_model_configuration.model import Backend, Model, Platform


@dataclass(frozen=True, slots=True)
class Image:
    """A variant of the Triton image."""

    name: str
    gpus: bool
    accelerators: bool
    """Whether its onnxruntime backend has TensorRT and OpenVINO."""

    sequence_states: bool


OFFICIAL = Image("the official variant", gpus=True, accelerators=True, sequence_states=True)
LOCAL_CPU = Image("the local variant on CPU", gpus=False, accelerators=False, sequence_states=False)
RUN_HERE = (Backend.ONNXRUNTIME, Backend.TENSORRT)
"""Backends that read a model and execute none of its code."""


def check_image(model: Model, image: Image) -> None:
    """Raise `ValueError` where a variant can't run a model, with what to change."""
    if model.is_ensemble:
        return
    is_tensorrt = model.backend is Backend.TENSORRT or model.platform is Platform.TENSORRT
    if model.backend not in (Backend.NONE, *RUN_HERE) or model.platform is Platform.PYTORCH:
        raise ValueError(
            f"backend '{model.backend or model.platform}' executes code of the model's and is not in the image; export "
            "the model to ONNX"
        )
    if not image.gpus and (is_tensorrt or any(group.asks_for_a_gpu for group in model.instance_group)):
        raise ValueError(f"{image.name} has no GPU; make every instance_group KIND_CPU and the backend onnxruntime")
    optimization = model.optimization
    if not image.accelerators and optimization is not None and optimization.execution_accelerators is not None:
        raise ValueError(f"{image.name} has no accelerators; leave execution_accelerators out")
    if not image.sequence_states and model.sequence_batching is not None and model.sequence_batching.state:
        raise ValueError(f"{image.name} keeps no state of sequences; leave sequence_batching.state out")
