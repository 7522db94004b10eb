"""What may be asked of a pool of machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.gpu.legality import problems
from components.gpu.spec import GpuPool, GpuSpec
from components.placement import Placement
from falaj.catalog.providers import Provider
from falaj.catalog.recipes import node_images
from falaj.catalog.regions import regions

KubernetesMinor = Annotated[str, Field(pattern=r"^1\.\d{1,2}$", description="Kubernetes minor, such as 1.35.")]


class NodeOs(StrEnum):
    """What runs on the machines. Which of them goes with which Kubernetes is a row of the recipes."""

    AMAZON_LINUX_2023 = "amazon_linux_2023"
    """Amazon Linux 2023 as EKS builds it."""
    BOTTLEROCKET = "bottlerocket"
    """Bottlerocket: no shell, no package manager, a second disk for containers."""
    AZURE_LINUX_3 = "azure_linux_3"
    """Azure Linux 3 as AKS builds it."""
    UBUNTU = "ubuntu"
    """Ubuntu as AKS builds it; on EKS as its maker does, for machines with GPUs."""


OFFERED = {
    Provider.AWS: (NodeOs.AMAZON_LINUX_2023, NodeOs.BOTTLEROCKET),
    Provider.AZURE: (NodeOs.AZURE_LINUX_3, NodeOs.UBUNTU),
}
"""Which operating systems each cloud builds for its nodes without GPUs."""


LEAST_SPOT_SIZES = 2
"""Sizes that a spot pool may choose from, so that it does not vanish when one of them runs short."""


class NodePoolSpec(BaseModel):
    """Machines of one kind. Refuses mixtures that a cloud would refuse late, and spot where it would take all down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    placement: Placement = Field(description="Where it lies and who answers for it; `tenant` here is for its cost.")
    pool: str = Field(
        pattern=r"^[a-z][a-z0-9]{0,11}$", description="Its name: at most twelve lower-case letters and digits."
    )
    role: Literal["system", "cpu", "gpu"] = Field(
        description="What the cluster itself needs, or what serves, without GPUs or with them."
    )
    kubernetes_version: KubernetesMinor
    os: NodeOs = Field(description="What runs on the machines.")
    architecture: Literal["x86_64", "arm64"] = Field(default="x86_64", description="Instruction set of every size.")
    sizes: tuple[str, ...] = Field(
        min_length=1, max_length=10, description="Machine sizes, the first preferred; Azure takes one."
    )
    minimum: int = Field(ge=0, le=1000, description="Fewest machines.")
    maximum: int = Field(ge=1, le=1000, description="Most machines.")
    zones: tuple[str, ...] = Field(max_length=3, description="Zones it spans, by id; empty where the region has none.")
    capacity: Literal["reserved", "on_demand", "spot"] = Field(
        default="on_demand", description="How the machines are paid for; reserved where they have GPUs."
    )
    disk_gib: int = Field(ge=50, le=2048, description="Each machine's disk in GiB.")
    tenant: str | None = Field(
        default=None, pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", description="The only tenant that runs on it."
    )
    surge_percent: int = Field(
        default=33,
        ge=0,
        le=100,
        description="Machines added or exchanged at once during an upgrade; counts in quotas. 0: one exchanged by one.",
    )
    gpu: GpuSpec | None = Field(default=None, description="What is asked of machines with GPUs, and of no others.")

    def wish(self, gpu: GpuSpec) -> GpuPool:
        """Return what decides whether the pool may be made with these GPUs."""
        return GpuPool(
            region=self.placement.region,
            kubernetes=self.kubernetes_version,
            sizes=self.sizes,
            minimum=self.minimum,
            maximum=self.maximum,
            zones=self.zones,
            surge_percent=self.surge_percent,
            tenant=self.tenant,
            gpu=gpu,
        )

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}, allowed: at most as many")
        if self.role == "system" and self.minimum < 1:
            raise ValueError("minimum 0 in a system pool, allowed: 1 or more; the cluster's own add-ons run there")
        return self

    @model_validator(mode="after")
    def _system_is_steady_and_shared(self) -> Self:
        if self.role == "system" and self.capacity == "spot":
            raise ValueError("capacity spot in a system pool, allowed: on_demand; all add-ons would go at once")
        if self.role == "system" and self.surge_percent == 0:
            raise ValueError("surge_percent 0 in a system pool, allowed: 1 or more; AKS takes none away from one")
        if self.role == "system" and self.tenant is not None:
            raise ValueError(f"tenant {self.tenant} in a system pool, allowed: none; the cluster's add-ons run there")
        return self

    @model_validator(mode="after")
    def _cloud_takes_it(self) -> Self:
        region = regions()[self.placement.region]
        offered = OFFERED.get(region.provider, ())
        if self.gpu is None and self.os not in offered:
            raise ValueError(f"os {self.os} on {region.provider}, allowed: {', '.join(offered) or 'no pools'}")
        if strangers := sorted({*self.zones} - {*region.zones}):
            allowed = ", ".join(region.zones) or "none, the region has no zones"
            raise ValueError(f"zones {', '.join(strangers)} in {self.placement.region}, allowed: {allowed}")
        if region.provider is Provider.AZURE and len(self.sizes) > 1:
            raise ValueError(f"{len(self.sizes)} sizes on azure, allowed: 1; make a pool for each further one")
        spot_on_aws = region.provider is Provider.AWS and self.capacity == "spot"
        if spot_on_aws and len({*self.sizes}) < LEAST_SPOT_SIZES:
            raise ValueError("1 size of capacity spot, allowed: 2 or more; one size is taken away all at once")
        return self

    @model_validator(mode="after")
    def _gpus_are_legal(self) -> Self:
        if (self.role == "gpu") is (self.gpu is None):
            found = "without GPUs described" if self.gpu is None else "with GPUs described"
            raise ValueError(f"role {self.role} {found}, allowed: role gpu with a gpu, any other role without")
        if self.gpu is None:
            if self.capacity == "reserved":
                raise ValueError("capacity reserved without GPUs, allowed: on_demand, spot")
            return self
        if reasons := problems(self.wish(self.gpu)):
            raise ValueError(" ".join(map(str, reasons)))
        system, steps = node_images()[self.gpu.image].system, [step.kind.value for step in self.gpu.machine_steps]
        if self.os != system:
            raise ValueError(f"os {self.os} with image {self.gpu.image}, allowed: {system}")
        if steps != [self.capacity]:
            raise ValueError(f"capacity {self.capacity} with steps {', '.join(steps)}, allowed: a pool for each step")
        return self


class StartupTaintSpec(BaseModel):
    """Who answers for the mark that new nodes with GPUs get."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str = Field(pattern=r"^[a-z0-9-]{2,40}$", description="Team that answers for it; becomes a label.")
