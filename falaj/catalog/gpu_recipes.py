"""Recipes with GPUs: what is locked together on nodes that have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import Field

from falaj.catalog.facts import Fact, read_rows
from falaj.catalog.gpu_software import Cuda, DriverVersion, ReleaseVersion
from falaj.catalog.recipes import Minor, Target


class GpuRecipe(Fact):
    """Versions that are known from their makers' documents to work together. None was run on a GPU by this project."""

    target: Target = Field(description="Where the cluster runs.")
    kubernetes: Minor = Field(description="Kubernetes of the control plane and of every pool.")
    node_image: str = Field(description="Operating system of the nodes with GPUs, a key of node_images.")
    gpu_families: tuple[str, ...] = Field(min_length=1, description="GPUs it is locked for, keys of gpus.")
    gpu_operator: ReleaseVersion = Field(description="The GPU operator and its definitions.")
    driver: DriverVersion = Field(description="The driver on the nodes, whoever installs it.")
    cuda_from: Cuda = Field(description="Oldest CUDA toolkit of a container on these nodes.")
    cuda_to: Cuda = Field(description="Newest CUDA toolkit of a container on these nodes.")
    triton: str = Field(pattern=r"^\d{2}\.\d{2}$", description="Tag of the Triton image.")
    onnxruntime: ReleaseVersion = Field(description="ONNX Runtime inside Triton, in which every model has to load.")
    notes: str = Field(default="", description="What else to know before choosing it.")


@cache
def gpu_recipes() -> Mapping[str, GpuRecipe]:
    """Return every recipe with GPUs by its name."""
    return read_rows("gpu_recipes.yaml", GpuRecipe)
