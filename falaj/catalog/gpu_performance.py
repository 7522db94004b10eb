"""What GPUs can do at most by their data sheets, and published runs that show how far that is off."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.facts import Fact, read_rows


class GpuPerformance(Fact):
    """The peaks of one kind of card, with dense matrices."""

    memory_gb_per_s: float = Field(gt=0, description="Bandwidth of its memory.")
    fp32_tflops: float = Field(gt=0, description="Peak in float32 without tensor cores.")
    tf32_tflops: float = Field(gt=0, description="Peak of float32 models on tensor cores.")
    fp16_tflops: float = Field(gt=0, description="Peak of float16 models on tensor cores.")
    host_gb_per_s: float = Field(gt=0, description="Bandwidth to the host, one way.")


class Run(BaseModel):
    """One published measurement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(ge=1, description="Rows at once.")
    sequence: int = Field(ge=1, description="Tokens of each.")
    milliseconds: float = Field(gt=0, description="Mean time of one inference.")


class PublishedRuns(Fact):
    """Measurements of one encoder on one card, with the peaks of that card."""

    model: str = Field(description="What ran.")
    engine: str = Field(description="In what.")
    precision: Literal["fp32", "fp16"] = Field(description="With which numbers.")
    layers: int = Field(ge=1, description="Layers of the encoder.")
    hidden: int = Field(ge=1, description="Its width.")
    launches: int = Field(ge=1, description="Nodes of its optimised graph.")
    memory_gb_per_s: float = Field(gt=0, description="Bandwidth of the card's memory.")
    tflops: float = Field(gt=0, description="Peak of the card with these numbers.")
    runs: tuple[Run, ...] = Field(min_length=1, description="What was measured.")


@cache
def gpu_performance() -> Mapping[str, GpuPerformance]:
    """Return the peaks of every card that has a data sheet here, by its key in gpus."""
    return read_rows("gpu_performance.yaml", GpuPerformance)


@cache
def gpu_runs() -> Mapping[str, PublishedRuns]:
    """Return every published series of runs by its key."""
    return read_rows("gpu_runs.yaml", PublishedRuns)
