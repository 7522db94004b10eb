"""A model's whole configuration."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from triton_model_configuration.acceleration import Optimization
from triton_model_configuration.batching import DynamicBatching
from triton_model_configuration.ensembles import EnsembleScheduling
from triton_model_configuration.instances import InstanceGroup, Kind, check_groups
from triton_model_configuration.part import Count, Label, Name, Part, repeated
from triton_model_configuration.sequences import SequenceBatching
from triton_model_configuration.tensors import Input, Output
from triton_model_configuration.versions import VersionPolicy
from triton_model_configuration.warm_up import WarmUp

SCHEDULERS: Final = ("dynamic_batching", "sequence_batching", "ensemble_scheduling")


class Backend(StrEnum):
    """What computes a model; an ensemble has none."""

    NONE = ""
    ONNXRUNTIME = "onnxruntime"
    TENSORRT = "tensorrt"
    OPENVINO = "openvino"
    PYTORCH = "pytorch"
    PYTHON = "python"


class Platform(StrEnum):
    """The form of a model's file, in Triton's older words."""

    NONE = ""
    ONNX = "onnxruntime_onnx"
    TENSORRT = "tensorrt_plan"
    PYTORCH = "pytorch_libtorch"
    ENSEMBLE = "ensemble"


PLATFORMS: Final = {
    Backend.ONNXRUNTIME: Platform.ONNX,
    Backend.TENSORRT: Platform.TENSORRT,
    Backend.PYTORCH: Platform.PYTORCH,
}
ONE_ANSWER: Final = (Backend.ONNXRUNTIME, Backend.TENSORRT, Backend.OPENVINO, Backend.PYTORCH)
"""Backends that give one answer to each request."""


class ModelTransactionPolicy(Part):
    """Whether a model may give no answer to a request, or several."""

    decoupled: bool = False


class ResponseCache(Part):
    """Whether answers for the same inputs may be given again."""

    enable: bool = False


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever stands there; pydantic says what is wrong with it
    """A parameter's text, also where it comes as Triton's message."""
    return value.get("string_value", "") if isinstance(value, dict) and value.keys() <= {"string_value"} else value


def _as_message(value: str) -> dict[str, str]:
    return {"string_value": value}


Parameter = Annotated[str, Field(max_length=4096), BeforeValidator(_plain), PlainSerializer(_as_message)]


class Model(Part):
    """The configuration of one model. Refuses what Triton would refuse when it loads it, and says how to mend it.

    Inputs and outputs may be left out where the backend reads them from the model.
    """

    name: Name
    platform: Platform = Platform.NONE
    backend: Backend = Backend.NONE
    version_policy: VersionPolicy | None = None
    max_batch_size: Count = 0
    input: tuple[Input, ...] = ()
    output: tuple[Output, ...] = ()
    optimization: Optimization | None = None
    dynamic_batching: DynamicBatching | None = None
    sequence_batching: SequenceBatching | None = None
    ensemble_scheduling: EnsembleScheduling | None = None
    instance_group: tuple[InstanceGroup, ...] = ()
    metric_tags: dict[Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")], Label] = Field(default={})
    parameters: dict[Annotated[str, Field(min_length=1, max_length=128)], Parameter] = Field(default={})
    model_warmup: tuple[WarmUp, ...] = ()
    model_transaction_policy: ModelTransactionPolicy | None = None
    response_cache: ResponseCache | None = None

    @property
    def is_ensemble(self) -> bool:
        """Whether it is made of other models."""
        return self.platform is Platform.ENSEMBLE

    @model_validator(mode="after")
    def _is_computed_by_something(self) -> Self:
        if self.is_ensemble:
            if self.backend is not Backend.NONE:
                raise ValueError(f"an ensemble has no backend; leave '{self.backend}' out")
        elif self.backend is Backend.NONE and self.platform is Platform.NONE:
            raise ValueError("backend is missing; write backend: onnxruntime, or platform: ensemble")
        elif self.backend is not Backend.NONE and self.platform not in (Platform.NONE, PLATFORMS.get(self.backend)):
            raise ValueError(f"platform '{self.platform}' is not that of backend '{self.backend}'; leave it out")
        return self

    @model_validator(mode="after")
    def _has_one_scheduler(self) -> Self:
        chosen = [name for name in SCHEDULERS if getattr(self, name) is not None]
        if len(chosen) > 1:
            raise ValueError(f"{' and '.join(chosen)} exclude each other; leave one of them out")
        if self.dynamic_batching is not None:
            self.dynamic_batching.check(self.max_batch_size)
        if self.sequence_batching is not None:
            self.sequence_batching.check(self.max_batch_size)
        return self

    @model_validator(mode="after")
    def _names_each_tensor_once(self) -> Self:
        for kind, tensors in (("input", self.input), ("output", self.output)):
            for name in repeated(each.name for each in tensors):
                raise ValueError(f"{kind} '{name}' comes twice; name each once")
            for each in tensors:
                if not self.max_batch_size and each.reshape is not None and not each.reshape.shape:
                    raise ValueError(
                        f"{kind} '{each.name}': an empty reshape needs a batch; raise max_batch_size or leave it out"
                    )
                if (each.is_shape_tensor or each.is_non_linear_format_io) and not self._is_tensorrt:
                    raise ValueError(f"{kind} '{each.name}': shape tensors and non-linear formats are TensorRT's alone")
        return self

    @model_validator(mode="after")
    def _is_a_whole_ensemble_or_none(self) -> Self:
        if not self.is_ensemble:
            if self.ensemble_scheduling is not None:
                raise ValueError("ensemble_scheduling needs platform: ensemble; add it or leave the steps out")
            return self
        if self.ensemble_scheduling is None:
            raise ValueError("an ensemble has steps; add ensemble_scheduling")
        for field in ("instance_group", "optimization", "model_warmup"):
            if getattr(self, field):
                raise ValueError(f"an ensemble has no {field}; leave it out, or write it for its models")
        if not self.input or not self.output:
            raise ValueError("an ensemble has no model to read inputs and outputs from; write both")
        self.ensemble_scheduling.check((each.name for each in self.input), (each.name for each in self.output))
        return self

    @model_validator(mode="after")
    def _has_instances_that_can_be(self) -> Self:
        check_groups(self.instance_group)
        for group in self.instance_group:
            if group.profile and not self._is_tensorrt:
                raise ValueError("instance_group: profile is for TensorRT engines alone; leave it out")
        accelerators = self.optimization.execution_accelerators if self.optimization else None
        if accelerators is None:
            return self
        if self.backend is not Backend.ONNXRUNTIME and self.platform is not Platform.ONNX:
            raise ValueError("execution_accelerators are those of the onnxruntime backend; leave them out")
        kinds = {group.kind for group in self.instance_group}
        if accelerators.gpu_execution_accelerator and kinds == {Kind.CPU}:
            raise ValueError("a GPU accelerator needs an instance on a GPU; make an instance_group KIND_GPU")
        if accelerators.cpu_execution_accelerator and kinds == {Kind.GPU}:
            raise ValueError("a CPU accelerator needs an instance on a CPU; make an instance_group KIND_CPU")
        return self

    @model_validator(mode="after")
    def _answers_as_it_says(self) -> Self:
        cached = self.response_cache is not None and self.response_cache.enable
        decoupled = self.model_transaction_policy is not None and self.model_transaction_policy.decoupled
        if cached and self.sequence_batching is not None:
            raise ValueError("response_cache knows no sequences; switch it off or leave sequence_batching out")
        if cached and decoupled:
            raise ValueError("response_cache knows no decoupled models; switch one of them off")
        if decoupled and (self.backend in ONE_ANSWER or self.platform in PLATFORMS.values()):
            raise ValueError("this backend gives one answer to each request; leave decoupled out")
        return self

    @model_validator(mode="after")
    def _warms_up_with_what_it_takes(self) -> Self:
        for name in repeated(each.name for each in self.model_warmup):
            raise ValueError(f"model_warmup '{name}' comes twice; name each once")
        inputs = frozenset(each.name for each in self.input) if self.input else None
        optional = frozenset(each.name for each in self.input if each.optional)
        for each in self.model_warmup:
            each.check(self.max_batch_size, None if self.sequence_batching else inputs, optional)
        return self

    @property
    def _is_tensorrt(self) -> bool:
        return self.backend is Backend.TENSORRT or self.platform is Platform.TENSORRT
