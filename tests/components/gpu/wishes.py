"""Wishes for GPUs that are legal, for tests to change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from components.gpu.spec import GpuPool, GpuSpec

RESERVATION = "cr-0123456789abcdef0"
GROUP = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/gpus/providers/Microsoft.Compute/"
    "capacityReservationGroups/gpus"
)
ROUTE = {"kind": "cpu_route"}


def steps(*kinds: str, minutes: int = 15) -> list[dict[str, Any]]:
    """Steps with machines, each with the same limit, and the route to CPUs."""
    return [*({"kind": kind, "minutes": minutes} for kind in kinds), ROUTE]


def aws_wish(gpu: dict[str, Any] | None = None, **changes: Any) -> GpuPool:  # noqa: ANN401 - any field
    """Two kinds of machines with an A10G each, in the two zones that sell them."""
    asked = {"image": "eks-al2023-nvidia", "driver_owner": "image"} | (gpu or {})
    wish = GpuPool(
        region="me-central-1",
        kubernetes="1.36",
        sizes=("g5.xlarge", "g5.2xlarge"),
        minimum=1,
        maximum=4,
        zones=("mec1-az1", "mec1-az2"),
        surge_percent=0,
        tenant=None,
        gpu=GpuSpec.model_validate(asked),
    )
    return replace(wish, **changes)


def h200_wish(gpu: dict[str, Any] | None = None, **changes: Any) -> GpuPool:  # noqa: ANN401 - any field
    """Machines with eight H200 each, in a zone that sells them."""
    return aws_wish(gpu, **({"sizes": ("p5en.48xlarge",), "zones": ("mec1-az1",)} | changes))


def azure_wish(gpu: dict[str, Any] | None = None, **changes: Any) -> GpuPool:  # noqa: ANN401 - any field
    """Machines with one H100 NVL each, in zones of which nobody knows whether they sell them."""
    asked = {"image": "aks-ubuntu-driver-install", "driver_owner": "image", "acknowledge_unknown": True} | (gpu or {})
    wish = GpuPool(
        region="uaenorth",
        kubernetes="1.36",
        sizes=("Standard_NC40ads_H100_v5",),
        minimum=1,
        maximum=4,
        zones=("1", "2", "3"),
        surge_percent=0,
        tenant=None,
        gpu=GpuSpec.model_validate(asked),
    )
    return replace(wish, **changes)
