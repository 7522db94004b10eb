"""Graphics processors: what each card can do, how it can be shared, and into which parts it can be divided."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from falaj.catalog.availability import Availability
from falaj.catalog.facts import Fact, Unknown, read_rows
from falaj.catalog.offers import Gpu

COMPUTE_SLICES = 7
"""Slices of computing that MIG divides a card into."""
MEMORY_SLICES = 8
"""Slices of memory that MIG divides a card into."""
_PROFILE = re.compile(r"(?P<compute>\d)g\.(?P<memory>\d+)gb(\+me)?")


class Sharing(StrEnum):
    """How the pods on a machine share its GPUs."""

    WHOLE = "whole"
    """Each pod has whole cards."""
    MIG = "mig"
    """Each pod has a part of a card with memory and faults of its own: NVIDIA's Multi-Instance GPU."""
    MPS = "mps"
    """Pods compute side by side on one card, each within its share of memory: one's fault ends them all."""
    TIME_SLICING = "time_slicing"
    """Pods take turns on one card, and nothing keeps them apart."""


class MigProfile(BaseModel):
    """One size of the parts of a card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most: int = Field(ge=1, le=COMPUTE_SLICES, description="Most parts of this size on one card.")
    compute: int = Field(ge=1, le=COMPUTE_SLICES, description="Slices of computing it takes, of seven.")
    memory: int = Field(ge=1, le=MEMORY_SLICES, description="Slices of memory it takes, of eight.")
    starts: tuple[int, ...] = Field(min_length=1, description="Slices of memory it may start at.")

    @model_validator(mode="after")
    def _stays_on_the_card(self) -> Self:
        if beyond := [start for start in self.starts if start + self.memory > MEMORY_SLICES]:
            raise ValueError(f"starts {beyond} with {self.memory} slices of memory, allowed: within {MEMORY_SLICES}")
        return self


class GpuFamily(Fact):
    """One kind of card. Refuses profiles whose names contradict their slices, and MIG without profiles."""

    model: str = Field(min_length=2, description="The maker's name, as the offers write it.")
    vendor: Literal["nvidia", "amd"] = Field(default="nvidia", description="Who makes it.")
    memory_gb: int = Field(gt=0, description="Its memory, as the maker counts it.")
    compute_capability: str = Field(pattern=r"^(\d{1,2}\.\d|none)$", description="What CUDA calls its generation.")
    runs_cuda_images: Availability = Field(
        description="Whether NVIDIA's present images of CUDA, and Triton's among them, run on it."
    )
    sharing: tuple[Sharing, ...] = Field(min_length=1, description="Ways in which pods can share it.")
    mig_profiles: Mapping[str, MigProfile] = Field(default={}, description="Parts it can be divided into, by name.")
    vgpu: bool = Field(default=False, description="Whether it is handed out through vGPU, which needs the GRID driver.")
    least_driver_branch: int | Unknown = Field(description="First driver branch that divides it, where it can be.")
    notes: str = Field(default="", description="What else to know before choosing it.")

    @model_validator(mode="after")
    def _profiles_agree(self) -> Self:
        for name, profile in self.mig_profiles.items():
            match = _PROFILE.fullmatch(name)
            if match is None or int(match["compute"]) != profile.compute:
                raise ValueError(f"profile {name} takes {profile.compute} slices of computing and is named otherwise")
        if (Sharing.MIG in self.sharing) is not bool(self.mig_profiles):
            found = len(self.mig_profiles)
            raise ValueError(f"{self.model} has {found} MIG profiles, allowed: some exactly where sharing names mig")
        return self

    def placement(self, layout: Mapping[str, int]) -> tuple[tuple[str, int], ...] | None:
        """Return where each part of a layout lies on one card, as profile and first slice of memory; None if nowhere.

        KeyError for a profile that the card does not have.
        """
        parts = [name for name, count in layout.items() for _ in range(count)]
        parts.sort(key=lambda name: (-self.mig_profiles[name].memory, name))
        too_many = any(count > self.mig_profiles[name].most for name, count in layout.items())
        if too_many or sum(self.mig_profiles[name].compute for name in parts) > COMPUTE_SLICES:
            return None
        return self._place(parts, 0)

    def _place(self, parts: Sequence[str], taken: int) -> tuple[tuple[str, int], ...] | None:
        if not parts:
            return ()
        name, *others = parts
        profile = self.mig_profiles[name]
        for start in profile.starts:
            slices = ((1 << profile.memory) - 1) << start
            if not taken & slices and (rest := self._place(others, taken | slices)) is not None:
                return ((name, start), *rest)
        return None


@cache
def gpu_families() -> Mapping[str, GpuFamily]:
    """Return every kind of card by its key, such as `h100-80gb`."""
    return read_rows("gpus.yaml", GpuFamily)


def mig_resource(profile: str) -> str:
    """Return what pods ask for that want a part of this size; a ``+`` is not for names of resources."""
    return f"nvidia.com/mig-{profile.replace('+', '.')}"


def mig_layout_name(layout: Mapping[str, int]) -> str:
    """Return the name of a layout of parts, such as `3x1g.10gb_1x4g.40gb`; it becomes a label, which knows no plus."""
    return "_".join(f"{count}x{profile.replace('+', '.')}" for profile, count in sorted(layout.items()))


def family_key(gpu: Gpu) -> str | None:
    """Return the key of the kind of card that a machine has, whole or in part; None for one that nobody described."""
    return _keys().get(gpu.model)


@cache
def _keys() -> Mapping[str, str]:
    return MappingProxyType({family.model: key for key, family in gpu_families().items()})
