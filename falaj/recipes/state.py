"""The versions of a cluster at one moment, half-way through an upgrade too."""

from __future__ import annotations

from dataclasses import dataclass

from falaj.catalog.gpu_recipes import GpuRecipe


@dataclass(frozen=True, slots=True)
class GpuPool:
    """Nodes with GPUs that are all alike."""

    minor: str
    """Their Kubernetes minor."""
    node_image: str
    """Their operating system, a key of node_images."""
    driver: str
    """Their driver, whoever installed it."""


@dataclass(frozen=True, slots=True)
class ClusterVersions:
    """What runs in a cluster with GPUs."""

    target: str
    """Where it runs."""
    gpu_families: tuple[str, ...]
    """The GPUs it has, keys of gpus."""
    definitions: str
    """Release whose custom resource definitions are installed."""
    gpu_operator: str
    """Release of the GPU operator."""
    control_plane: str
    """Kubernetes minor of the API server."""
    system: str
    """Kubernetes minor of the system pool."""
    cpu: str
    """Kubernetes minor of the pools without GPUs."""
    gpu: tuple[GpuPool, ...]
    """Pools with GPUs: one kind, or the old beside the new."""
    triton: str
    """Tag of the Triton image."""


def at(recipe: GpuRecipe, families: tuple[str, ...] | None = None) -> ClusterVersions:
    """Return a cluster that is as a recipe says, for all of its GPU families or for these alone."""
    minor = recipe.kubernetes
    return ClusterVersions(
        target=recipe.target,
        gpu_families=recipe.gpu_families if families is None else families,
        definitions=recipe.gpu_operator,
        gpu_operator=recipe.gpu_operator,
        control_plane=minor,
        system=minor,
        cpu=minor,
        gpu=(GpuPool(minor, recipe.node_image, recipe.driver),),
        triton=recipe.triton,
    )
