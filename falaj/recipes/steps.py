"""The steps of an upgrade: what each changes, when it may begin, how it is done, seen to be done, and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from falaj.recipes.state import ClusterVersions


class Part(StrEnum):
    """What a step changes, in the order in which parts are changed."""

    DEFINITIONS = "definitions"
    """Custom resource definitions of the GPU operator."""
    OPERATOR = "operator"
    """The GPU operator, with its container toolkit and device plugin."""
    CONTROL_PLANE = "control-plane"
    """API server and controllers."""
    SYSTEM_POOL = "system-pool"
    """Nodes of what the cluster itself needs."""
    CPU_POOLS = "cpu-pools"
    """Nodes that serve without GPUs."""
    GPU_DRIVER = "gpu-driver"
    """The driver, where the operator installs it."""
    GPU_POOLS = "gpu-pools"
    """Nodes with GPUs, and the driver that their image brings."""
    OLD_GPU_POOLS = "old-gpu-pools"
    """What the new nodes with GPUs replace."""
    TRITON = "triton"
    """The GPU model server."""


ORDER = tuple(Part)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an upgrade. It is done when its check says so, and not before."""

    part: Part
    """What it changes; its name."""
    change: str
    """From which version to which."""
    precondition: str
    """What must hold before it begins."""
    command: str
    """What to run."""
    check: str
    """What to run afterwards, and what it has to show."""
    rollback: str | None
    """How it is taken back; None where nothing takes it back."""
    no_rollback: str
    """Why nothing takes it back; empty where something does."""
    after: ClusterVersions
    """The cluster once it is done."""

    @property
    def name(self) -> str:
        """What it is marked by."""
        return self.part.value
