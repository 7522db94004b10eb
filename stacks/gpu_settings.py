"""What a stack file may say of pools with GPUs, and of the software that makes their GPUs usable."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from components.gpu.runtime_spec import ByDigest, PackageMirror
from components.gpu.spec import MOST_REPLICAS, CapacityKind, CapacityStep, Count, GpuSpec, Part, Reservation
from components.serving.triton_spec import GpuResource
from falaj.catalog.gpu_operator_images import Part as OperatorPart
from falaj.catalog.gpus import Sharing, gpu_families
from falaj.catalog.providers import Provider
from falaj.catalog.recipes import DriverOwner, node_images

DEFAULT_IMAGES = {Provider.AWS: "eks-al2023-nvidia", Provider.AZURE: "aks-ubuntu-driver-install"}
"""The node image of a pool that names none: the driver comes with it."""
GpuPoolName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,5}$")]
"""Name of a pool with GPUs: AKS takes twelve characters, of which an ending and a hash need six."""


def _known(family: str) -> str:
    allowed = [key for key, each in gpu_families().items() if each.vendor == "nvidia"]
    if family not in allowed:
        raise ValueError(f"allowed: {', '.join(allowed)}")
    return family


class LocalGpuSettings(BaseModel):
    """The simulated GPUs of a local cluster's second node; nothing computes on them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: Annotated[str, AfterValidator(_known)] = Field(
        description="Kind of card that is simulated, as a key of the catalog.", examples=["h100-80gb"]
    )
    resources: dict[GpuResource, Annotated[int, Field(ge=1, le=384)]] = Field(
        min_length=1,
        max_length=8,
        description="What the node offers to pods: whole cards, turns on them or parts, and how many.",
        examples=["{nvidia.com/gpu: 2}"],
    )


class GpuPoolSettings(BaseModel):
    """Machines with one kind of GPU. What is left out follows from the cloud; all of it is judged before it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizes: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,39}$")], ...] = Field(
        min_length=1,
        max_length=10,
        description="Machine sizes with one kind of GPU, the first preferred; Azure takes one.",
        examples=["g6.xlarge"],
    )
    minimum: int = Field(default=0, ge=0, le=1000, description="Fewest machines, of the first step of the capacity.")
    maximum: int = Field(ge=1, le=1000, description="Most machines, of each step of the capacity.")
    zones: tuple[str, ...] | None = Field(
        default=None,
        max_length=3,
        description="Zones it spans, among the environment's; all of these if absent.",
        examples=["[mec1-az1, mec1-az2]"],
    )
    tenant: str | None = Field(
        default=None,
        pattern=r"^[a-z]([-a-z0-9]{0,53}[a-z0-9])?$",
        description="The only tenant that runs on it, by the name of its stack; every tenant of a tier with GPUs if "
        "absent.",
        examples=["aws-sovereign"],
    )
    disk_gib: int = Field(default=200, ge=50, le=2048, description="Each machine's disk in GiB.")
    surge_percent: int = Field(
        default=0, ge=0, le=100, description="Machines started beside the others in an upgrade; 0: one after the other."
    )
    image: str | None = Field(
        default=None,
        description="Operating system, as a key of the catalog's node images; the one whose driver comes with it if "
        "absent.",
        examples=["eks-al2023-nvidia"],
    )
    image_id: str | None = Field(
        default=None, pattern=r"^ami-[0-9a-f]{8,17}$", description="The AMI, where EKS keeps none of that system."
    )
    driver_owner: DriverOwner | None = Field(
        default=None, description="Who installs the GPU driver; the image decides it if absent."
    )
    sharing: Sharing = Field(default=Sharing.WHOLE, description="How pods share the GPUs.")
    mig_layout: dict[Part, Count] = Field(
        default_factory=dict, max_length=4, description="Parts of each card by MIG profile, such as 1g.10gb: 7."
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

    def gpu(self, provider: Provider) -> GpuSpec:
        """Return what is asked beyond every pool; the image's own driver owner where none is named."""
        image = self.image or DEFAULT_IMAGES[provider]
        row = node_images().get(image)
        owner = self.driver_owner or (DriverOwner.IMAGE if row is None else row.driver_owner)
        asked = {name: getattr(self, name) for name in GpuSpec.model_fields if name not in {"image", "driver_owner"}}
        return GpuSpec(image=image, driver_owner=owner, **asked)


class GpuRuntimeSettings(BaseModel):
    """The GPU operator's chart and images, as you hold them; `falaj mirror` copies them to the environment's registry.

    Which of them are needed follows from the pools and is said where one is missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    chart: ByDigest = Field(
        description="The operator's chart, as name:version@sha256:<64 hex>.",
        examples=["registry.example.ae/charts/gpu-operator:v26.3.3@sha256:<64 hex>"],
    )
    images: dict[OperatorPart, ByDigest] = Field(
        description="The operator's images by part, each as name:tag@sha256:<64 hex>."
    )
    driver: str | None = Field(
        default=None, pattern=r"^\d{3}(\.\d+){1,2}$", description="The driver, where the operator installs it."
    )
    packages: PackageMirror | None = Field(
        default=None, description="Mirror of the system's packages; needed where the operator installs the driver."
    )

    def references(self) -> tuple[str, ...]:
        """Return chart and images, by name and digest."""
        return (self.chart, *(self.images[part] for part in OperatorPart if part in self.images))
