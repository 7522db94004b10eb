"""What each release of the GPU operator is made of: its chart and the images it starts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from falaj.catalog.facts import Fact, read_rows


class Part(StrEnum):
    """What the operator starts that has an image of its own."""

    OPERATOR = "operator"
    """The operator; its image validates nodes and holds the definitions too."""
    DRIVER = "driver"
    """The driver, where the operator installs it."""
    DRIVER_MANAGER = "driver_manager"
    """What clears a node before the driver is installed."""
    TOOLKIT = "toolkit"
    """The container toolkit, where the operator installs it."""
    DEVICE_PLUGIN = "device_plugin"
    """What hands GPUs to pods; its image finds their features too."""
    DCGM_EXPORTER = "dcgm_exporter"
    """What measures GPUs."""
    MIG_MANAGER = "mig_manager"
    """What divides cards into parts."""
    NODE_FEATURE_DISCOVERY = "node_feature_discovery"
    """What labels nodes with their hardware."""


class PublishedImage(BaseModel):
    """An image as its makers publish it, wherever that is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$", description="The last part of its name.")
    tag: str | None = Field(default=None, description="Its tag; none where more than the release decides it.")


class PublishedChart(BaseModel):
    """A Helm chart as its makers publish it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$", description="Its name.")
    version: str = Field(pattern=r"^v\d+\.\d+\.\d+$", description="Its version, as it says itself.")


class GpuOperatorImages(Fact):
    """One release of the operator. Refuses a release of which a part has no image."""

    chart: PublishedChart = Field(description="Its chart.")
    images: Mapping[Part, PublishedImage] = Field(description="Its images, by part.")
    definitions: tuple[str, ...] = Field(
        min_length=1, description="Files of the definitions of its kinds, in the operator's own image."
    )
    chooses_policy: bool = Field(
        default=False, description="Whether its chart asks which of ClusterPolicy and GPUCluster it is to make."
    )
    user: int = Field(gt=0, description="The user id of the operator's own image.")

    @model_validator(mode="after")
    def _has_every_part(self) -> Self:
        if missing := [part for part in Part if part not in self.images]:
            raise ValueError(f"no image for {', '.join(missing)}, allowed: one for every part")
        return self

    def published(self, part: Part, *, driver: str | None, system: str | None) -> str:
        """Return name and tag under which a part is published; the driver's follows from its version and system."""
        image = self.images[part]
        tag = image.tag or f"{driver or '<driver>'}-{system or '<system>'}"
        return f"{image.name}:{tag}"


@cache
def gpu_operator_images() -> Mapping[str, GpuOperatorImages]:
    """Return what each release of the operator is made of, by its version."""
    return read_rows("gpu_operator_images.yaml", GpuOperatorImages)
