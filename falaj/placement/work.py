"""What one prediction of a model takes: counted from its graph, whatever runs it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Work(BaseModel):
    """Counts of one prediction; those of a batch are as many times as much, but for weights and launches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operations: float = Field(ge=0, description="Floating-point operations.")
    weight_bytes: float = Field(ge=0, description="Weights, read once for a batch.")
    activation_bytes: float = Field(ge=0, description="What nodes read and write besides weights.")
    transfer_bytes: float = Field(ge=0, description="Inputs and outputs.")
    launches: int = Field(ge=1, description="Nodes of the graph as ONNX Runtime optimises it.")
    precision: Literal["fp32", "fp16"] = Field(default="fp32", description="With which numbers it computes.")
    cpu_only: tuple[str, ...] = Field(default=(), description="Operators that ONNX Runtime has for CPUs alone.")
    uncounted: int = Field(
        default=0, ge=0, description="Nodes whose shapes the graph does not say; they count nothing."
    )
