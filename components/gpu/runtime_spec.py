"""What may be asked of the software that makes the GPUs of a cluster usable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.gpu.reasons import Reason, listed
from components.gpu.runtime_legality import driver_reasons, reasons
from components.gpu.sources import missing, parts_of
from components.gpu.spec import GpuSpec
from falaj.catalog.gpu_operator_images import GpuOperatorImages, Part, gpu_operator_images
from falaj.catalog.recipes import DriverOwner, NodeImage, node_images

ByDigest = Annotated[
    str, Field(pattern=r"^[^@\s]+@sha256:[0-9a-f]{64}$", description="Image or chart as name@sha256:<64 hex>.")
]
PoolName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,11}$")]


class PackageMirror(BaseModel):
    """Where the driver's container finds the packages of the nodes' system: the headers of their kernel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        pattern=r"^https://[a-z0-9.-]+(:\d{1,5})?(/[\w./-]*)?$", description="Its address, in the country."
    )
    address: str = Field(
        pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$", description="The network it lies in, such as 10.60.0.10/32."
    )
    port: int = Field(default=443, ge=1, le=65535, description="The port of its address.")


class GpuRuntimeSpec(BaseModel):
    """The GPU operator of one cluster. Which of its parts run follows from the pools alone and has no field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str = Field(pattern=r"^[a-z0-9-]{2,40}$", description="Team that answers for it; becomes a label.")
    region: str = Field(description="Catalog key of the region it runs in.")
    target: Literal["eks", "aks"] = Field(description="The kind of cluster.")
    kubernetes: str = Field(pattern=r"^1\.\d{2}$", description="Kubernetes minor.")
    operator: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="Release of the operator, as the recipe names it.")
    registry: str = Field(min_length=3, description="What names in the environment's own registry begin with.")
    chart: ByDigest = Field(description="The operator's chart, in that registry.")
    images: Mapping[Part, ByDigest] = Field(description="The operator's images, by part, in that registry.")
    gate_image: ByDigest = Field(description="Image with Python in that registry, such as the default model server's.")
    pools: Mapping[PoolName, GpuSpec] = Field(description="The cluster's pools with GPUs, by name.")
    machines: int = Field(ge=1, le=2000, description="Most machines with GPUs, in all pools together.")
    driver: str | None = Field(
        default=None, pattern=r"^\d{3}(\.\d+){1,2}$", description="The driver, where the operator installs it."
    )
    packages: PackageMirror | None = Field(
        default=None, description="Mirror of the system's packages; needed where the operator installs the driver."
    )

    @model_validator(mode="after")
    def _is_legal(self) -> Self:
        if found := list(self._reasons()):
            raise ValueError(" ".join(map(str, found)))
        return self

    def _reasons(self) -> Iterator[Reason]:
        first = list(reasons(self.pools, target=self.target, kubernetes=self.kubernetes, operator=self.operator))
        yield from first
        if first:
            return
        yield from driver_reasons(self.pools, operator=self.operator, driver=self.driver)
        yield from package_reasons(self.pools, self.packages)
        yield from missing(self.pools.values(), self.operator, chart=self.chart, images=self.images, driver=self.driver)
        strangers = [
            name
            for name in (self.chart, self.gate_image, *self.images.values())
            if not name.startswith(f"{self.registry.removesuffix('/')}/")
        ]
        if strangers:
            yield Reason("images", f"{listed(strangers)}, allowed: below {self.registry}; run: falaj mirror -s STACK.")

    @property
    def release(self) -> GpuOperatorImages:
        """What the operator's release is made of."""
        return gpu_operator_images()[self.operator]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that run."""
        return parts_of(self.pools.values())

    @property
    def node_images(self) -> Mapping[str, NodeImage]:
        """The row of every pool's operating system, by the pool's name."""
        return {name: node_images()[gpu.image] for name, gpu in self.pools.items()}

    @property
    def unhidden(self) -> tuple[str, ...]:
        """The pools on which a pod sees GPUs it did not ask for, unless something of ours hides them."""
        return tuple(name for name, image in self.node_images.items() if image.hides_gpus_by == "daemon_set")


def package_reasons(pools: Mapping[str, GpuSpec], packages: PackageMirror | None) -> Iterator[Reason]:
    """Yield why the driver could not be built: its container finds no packages without a mirror of them."""
    owned = [name for name, gpu in pools.items() if gpu.driver_owner is DriverOwner.OPERATOR]
    if owned and packages is None:
        yield Reason(
            "packages",
            f"no mirror of packages for pools {listed(owned)}, whose driver the operator builds on the node, allowed: "
            "one in the country; or choose an image that brings its driver.",
        )
