"""What may be asked of a pool of machines with GPUs, beyond what is asked of every pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.gpus import GpuFamily, Sharing, family_key, gpu_families, mig_resource
from falaj.catalog.offers import MachineSize, machine_sizes
from falaj.catalog.providers import Provider
from falaj.catalog.recipes import DriverOwner, NodeImage, node_images
from falaj.catalog.regions import regions

GPU = "nvidia.com/gpu"
"""What a pod asks for where cards are whole, shared, or divided into parts of one size."""
MOST_REPLICAS = 48
"""Pods on one GPU: as many as MPS has clients."""
TARGETS = {Provider.AWS: "eks", Provider.AZURE: "aks"}

Part = Annotated[str, Field(pattern=r"^\dg\.\d{1,3}gb(\+me)?$", examples=["1g.10gb"])]
Count = Annotated[int, Field(ge=1, le=7)]


class CapacityKind(StrEnum):
    """Where machines come from, or what serves when none come; in the only order in which they may be tried."""

    RESERVED = "reserved"
    """Machines that are kept for the account and paid for, used or not."""
    ON_DEMAND = "on_demand"
    """Machines that are free when asked for."""
    SPOT = "spot"
    """Spare machines, taken away when others want them."""
    CPU_ROUTE = "cpu_route"
    """No machine: models answer on CPUs."""


class CapacityStep(BaseModel):
    """One place where machines are looked for, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: CapacityKind = Field(description="Where machines come from.")
    minutes: int | None = Field(
        default=None, ge=1, le=60, description="How long a machine may take to come before the next step is tried."
    )


class Reservation(BaseModel):
    """Machines that a person has reserved; nothing here reserves or pays for any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(
        pattern=r"^(cr-[0-9a-f]{8,17}|/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]{1,90}/providers/"
        r"Microsoft\.Compute/capacityReservationGroups/[^/]{1,80})$",
        description="A capacity reservation or capacity block of AWS, or a capacity reservation group of Azure.",
        examples=["cr-0123456789abcdef0"],
    )
    zone: str | None = Field(default=None, description="The zone it lies in, by id; on AWS it has one.")
    block: bool = Field(default=False, description="Whether it is a capacity block of AWS, which begins and ends.")


class GpuSpec(BaseModel):
    """What the machines of one pool are made of and how their GPUs are shared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str = Field(description="Operating system, as a key of the catalog's node images.")
    image_id: str | None = Field(
        default=None, pattern=r"^ami-[0-9a-f]{8,17}$", description="The AMI, where EKS keeps none of that system."
    )
    driver_owner: DriverOwner = Field(description="Who installs the GPU driver; as the image says.")
    sharing: Sharing = Field(default=Sharing.WHOLE, description="How pods share the GPUs.")
    mig_layout: Mapping[Part, Count] = Field(
        default={}, max_length=4, description="Parts of each card by MIG profile, such as 1g.10gb: 7."
    )
    replicas: int | None = Field(
        default=None, ge=2, le=MOST_REPLICAS, description="Pods on each GPU under mps and time_slicing."
    )
    capacity: tuple[CapacityStep, ...] = Field(
        default=(
            CapacityStep(kind=CapacityKind.ON_DEMAND, minutes=15),
            CapacityStep(kind=CapacityKind.CPU_ROUTE),
        ),
        min_length=1,
        max_length=4,
        description="Where machines are looked for, in order and each with its time limit; cpu_route comes last.",
    )
    reservation: Reservation | None = Field(default=None, description="The machines reserved, where some are.")
    vcpu_quota: int | None = Field(
        default=None, ge=0, description="vCPUs the account may use of this kind, where somebody has looked."
    )
    acknowledge_unknown: bool = Field(
        default=False, description="Go ahead although nobody knows whether the zones sell the size."
    )
    acknowledge_experimental: bool = Field(
        default=False, description="Go ahead although provider or operator call the image experimental."
    )

    @property
    def machine_steps(self) -> tuple[CapacityStep, ...]:
        """The steps that start machines."""
        return tuple(step for step in self.capacity if step.kind is not CapacityKind.CPU_ROUTE)

    @property
    def mig_strategy(self) -> Literal["none", "single", "mixed"]:
        """What the device plugin calls it: `single` where all parts are of one size, `mixed` only where they differ."""
        if self.sharing is not Sharing.MIG:
            return "none"
        return "single" if len(self.mig_layout) == 1 else "mixed"

    def resources(self, gpus: int) -> dict[str, int]:
        """Return what a machine with so many GPUs offers to pods, by the names they ask for."""
        if self.mig_strategy == "mixed":
            return {mig_resource(part): gpus * count for part, count in self.mig_layout.items()}
        each = sum(self.mig_layout.values()) if self.sharing is Sharing.MIG else self.replicas or 1
        return {GPU: gpus * each}


@dataclass(frozen=True, slots=True)
class GpuPool:
    """Everything that decides whether a pool with GPUs may be made. It may be illegal: `problems` says why."""

    region: str
    """Catalog key of the region, one of a cloud."""
    kubernetes: str
    """Kubernetes minor."""
    sizes: tuple[str, ...]
    """Machine sizes, the first preferred."""
    minimum: int
    """Fewest machines."""
    maximum: int
    """Most machines, of each step of the capacity."""
    zones: tuple[str, ...]
    """Zones it spans; none where the region has none."""
    surge_percent: int
    """Machines started beside the others during an upgrade; none at 0."""
    tenant: str | None
    """The only tenant that runs on it."""
    gpu: GpuSpec
    """What is asked beyond every pool."""

    @property
    def provider(self) -> Provider:
        """Whose region it is."""
        return regions()[self.region].provider

    @property
    def target(self) -> str:
        """The kind of cluster."""
        return TARGETS[self.provider]

    @property
    def image(self) -> NodeImage | None:
        """The row of its image, where it can be had in this kind of cluster."""
        row = node_images().get(self.gpu.image)
        return row if row is not None and row.target == self.target else None

    @property
    def machines(self) -> Iterator[MachineSize]:
        """Its sizes, as far as the region sells them."""
        sold = machine_sizes(self.region)
        return (sold[size] for size in self.sizes if size in sold)

    @property
    def families(self) -> Mapping[str, GpuFamily]:
        """The kinds of GPUs in its machines, by key; one in a legal pool."""
        keys = (family_key(size.gpu) for size in self.machines if size.gpu is not None)
        return {key: gpu_families()[key] for key in keys if key is not None}


@cache
def images_of(target: str) -> tuple[str, ...]:
    """Return the node images that a pool with GPUs may have in one kind of cluster, those not experimental first."""
    rows = [
        (row.experimental, key)
        for key, row in node_images().items()
        if row.target == target and row.driver_owner in (DriverOwner.IMAGE, DriverOwner.OPERATOR)
    ]
    return tuple(key for _, key in sorted(rows, key=lambda row: row[0]))
