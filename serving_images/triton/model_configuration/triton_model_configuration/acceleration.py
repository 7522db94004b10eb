"""Optimisation: of the graph, and by execution providers of the onnxruntime backend.

Source: https://github.com/triton-inference-server/onnxruntime_backend#onnx-runtime-with-tensorrt-optimization
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from triton_model_configuration.part import Count, Part, repeated

FLAGS: Final = frozenset(
    {
        "int8_use_native_calibration_table",
        "trt_build_heuristics_enable",
        "trt_context_memory_sharing_enable",
        "trt_cuda_graph_enable",
        "trt_detailed_build_log",
        "trt_dla_enable",
        "trt_dump_ep_context_model",
        "trt_dump_subgraphs",
        "trt_engine_cache_enable",
        "trt_force_sequential_engine_build",
        "trt_force_timing_cache",
        "trt_layer_norm_fp32_fallback",
        "trt_sparsity_enable",
        "trt_timing_cache_enable",
    }
)
NUMBERS: Final = frozenset(
    {
        "max_workspace_size_bytes",
        "trt_auxiliary_streams",
        "trt_builder_optimization_level",
        "trt_dla_core",
        "trt_ep_context_embed_mode",
        "trt_max_partition_iterations",
        "trt_min_subgraph_size",
    }
)
TEXTS: Final = frozenset(
    {
        "int8_calibration_table_name",
        "precision_mode",
        "trt_engine_cache_path",
        "trt_engine_cache_prefix",
        "trt_ep_context_file_path",
        "trt_profile_max_shapes",
        "trt_profile_min_shapes",
        "trt_profile_opt_shapes",
        "trt_tactic_sources",
        "trt_timing_cache_path",
    }
)
PRECISIONS: Final = ("FP32", "FP16", "BF16", "INT8")
SHAPES: Final = ("trt_profile_min_shapes", "trt_profile_opt_shapes", "trt_profile_max_shapes")
Parameters = dict[Annotated[str, Field(min_length=1, max_length=128)], Annotated[str, Field(max_length=4096)]]


class GpuProvider(StrEnum):
    """What computes on a GPU instead of ONNX Runtime's own kernels."""

    TENSORRT = "tensorrt"
    CUDA = "cuda"


class CpuProvider(StrEnum):
    """What computes on a CPU instead of ONNX Runtime's own kernels."""

    OPENVINO = "openvino"


class GpuAccelerator(Part):
    """An execution provider on GPUs. Refuses parameters that Triton would not understand or this image not allow."""

    name: GpuProvider
    parameters: Parameters = Field(default={})

    @model_validator(mode="after")
    def _has_parameters_that_triton_knows(self) -> Self:
        if self.name is GpuProvider.TENSORRT:
            for name, value in self.parameters.items():
                _check_parameter(name, value)
            _check_together(self.parameters)
        return self


class CpuAccelerator(Part):
    """An execution provider on CPUs."""

    name: CpuProvider
    parameters: Parameters = Field(default={})


class ExecutionAccelerators(Part):
    """Execution providers, tried in this order. Refuses two of one kind."""

    gpu_execution_accelerator: tuple[GpuAccelerator, ...] = ()
    cpu_execution_accelerator: tuple[CpuAccelerator, ...] = ()

    @model_validator(mode="after")
    def _has_one_of_each_kind(self) -> Self:
        names: list[str] = [each.name for each in self.gpu_execution_accelerator]
        for name in repeated([*names, *(each.name for each in self.cpu_execution_accelerator)]):
            raise ValueError(f"accelerator '{name}' comes twice; put its parameters into one")
        return self


class Graph(Part):
    """How far ONNX Runtime rewrites the graph: -1 basic, 0 all, 1 extended, 2 nothing."""

    level: Annotated[int, Field(ge=-1, le=2)] = 0


class ModelPriority(StrEnum):
    """Which model's work on a GPU goes first."""

    DEFAULT = "PRIORITY_DEFAULT"
    MAX = "PRIORITY_MAX"
    MIN = "PRIORITY_MIN"


class PinnedMemory(Part):
    """Whether tensors pass through memory that a GPU reads directly."""

    enable: bool = False


class Cuda(Part):
    """How a TensorRT engine uses CUDA."""

    graphs: bool = False
    busy_wait_events: bool = False
    output_copy_stream: bool = False


class Optimization(Part):
    """What may be changed about how a model runs, and not about what it computes."""

    graph: Graph | None = None
    priority: ModelPriority = ModelPriority.DEFAULT
    cuda: Cuda | None = None
    execution_accelerators: ExecutionAccelerators | None = None
    input_pinned_memory: PinnedMemory | None = None
    output_pinned_memory: PinnedMemory | None = None
    gather_kernel_buffer_threshold: Count = 0
    eager_batching: bool = False


def _check_parameter(name: str, value: str) -> None:
    if name == "trt_extra_plugin_lib_paths":
        raise ValueError("trt_extra_plugin_lib_paths would run libraries of the model's own; leave it out")
    if name not in FLAGS | NUMBERS | TEXTS:
        raise ValueError(f"TensorRT has no parameter '{name}'; known are {', '.join(sorted(FLAGS | NUMBERS | TEXTS))}")
    if name in FLAGS and value not in ("0", "1", "true", "false"):
        raise ValueError(f"{name} is '{value}'; write '1' or '0'")
    if name in NUMBERS and not value.removeprefix("-").isdecimal():
        raise ValueError(f"{name} is '{value}'; write a whole number")
    if name == "precision_mode" and value not in PRECISIONS:
        raise ValueError(f"precision_mode is '{value}'; write one of {', '.join(PRECISIONS)}")


def _check_together(parameters: Parameters) -> None:
    for cache in ("engine", "timing"):
        enabled = parameters.get(f"trt_{cache}_cache_enable") in ("1", "true")
        if enabled and not parameters.get(f"trt_{cache}_cache_path"):
            raise ValueError(
                f"trt_{cache}_cache_enable needs trt_{cache}_cache_path, because the image's root is read-only; "
                "name a folder below /tmp"
            )
    given = [name for name in SHAPES if name in parameters]
    if given and len(given) < len(SHAPES):
        missing = next(name for name in SHAPES if name not in parameters)
        raise ValueError(f"{given[0]} is given without {missing}; give all of {', '.join(SHAPES)}")
