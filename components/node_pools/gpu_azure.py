"""How AKS is told of machines with GPUs: who installs the driver, how cards are divided, what boots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from falaj.catalog.availability import Availability
from falaj.catalog.gpus import Sharing
from falaj.catalog.offers import machine_sizes
from falaj.catalog.recipes import DriverOwner, MigBy, node_images

if TYPE_CHECKING:
    from components.gpu.spec import GpuSpec
    from components.node_pools.spec import NodePoolSpec

DRIVERS = {DriverOwner.IMAGE: "Install", DriverOwner.OPERATOR: "None"}
"""What AKS does about the driver; never left to its default, which is Install and can't be changed later."""


def gpu_profile(spec: NodePoolSpec, gpu: GpuSpec) -> dict[str, Any]:
    """Return the part of an agent pool that is fixed with its GPUs, in Azure's own words."""
    row, size = node_images()[gpu.image], machine_sizes(spec.placement.region)[spec.sizes[0]]
    measured = size.trusted_launch is not Availability.NO
    found: dict[str, Any] = {
        "gpu_profile": {"driver": DRIVERS[gpu.driver_owner]},
        "security_profile": {
            "ssh_access": "Disabled",
            # A driver that is not signed loads only without Secure Boot; what did start is still measured.
            "enable_secure_boot": measured and row.secure_boot is Availability.YES,
            "enable_vtpm": measured,
        },
    }
    if gpu.sharing is Sharing.MIG and row.mig_by is MigBy.PROVIDER:
        (profile,) = gpu.mig_layout
        found["gpu_instance_profile"] = f"MIG{profile.partition('.')[0]}"
    if gpu.reservation is not None:
        found["capacity_reservation_group_id"] = gpu.reservation.id
    return found


def gpu_identity(gpu: GpuSpec) -> dict[str, Any]:
    """Return what makes another pool of one with GPUs although AKS is not told of it: what the operator does there."""
    return gpu.model_dump(mode="json", include={"image", "driver_owner", "sharing", "mig_layout", "replicas"})
