"""What may be asked of the cluster autoscaler of an EKS cluster."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.autoscaler.versions import misfit
from components.cloud_spec import CloudSpec
from falaj.catalog.tiers import Resources


class AutoscalerIdentitySpec(CloudSpec):
    """Who may change how many machines the cluster of a stack has. What it may do is not optional and has no field."""


class ClusterAutoscalerSpec(BaseModel):
    """The cluster autoscaler of one EKS cluster. The bounds of pools and their order are the pools' own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str = Field(pattern=r"^[a-z0-9-]{2,40}$", description="Team that answers for it; becomes a label.")
    region: str = Field(description="Catalog key of the region it runs in.")
    cluster: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,52}$", description="Name of the cluster.")
    kubernetes: str = Field(pattern=r"^1\.\d{2}$", description="Kubernetes minor of the cluster.")
    image: str = Field(
        pattern=r"^[^@\s]+@sha256:[0-9a-f]{64}$",
        description="Kubernetes' cluster autoscaler of the cluster's own minor, as name@sha256:<64 hex>.",
    )
    in_order: bool = Field(
        default=False, description="Whether pools with GPUs are tried in the order of their capacity."
    )
    resources: Resources = Resources(cpu_request="100m", cpu_limit="1", memory_request="384Mi", memory_limit="1Gi")

    @model_validator(mode="after")
    def _fits_the_cluster(self) -> Self:
        if reason := misfit(self.image, self.kubernetes):
            raise ValueError(reason)
        return self
