"""What may be asked of the gateway and of the certificate authority behind it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from components.gateway.load_balancer import LoadBalancerSpec
from falaj.catalog.tiers import Resources

Owner = Annotated[str, Field(pattern=r"^[a-z0-9-]{2,40}$", description="Team that answers for it; becomes a label.")]
ImageByDigest = Annotated[
    str, Field(pattern=r"^[^@\s]+@sha256:[0-9a-f]{64}$", description="Image as name@sha256:<64 hex>.")
]
PullPolicy = Literal["Never", "IfNotPresent"]
"""`Never` where images are loaded onto the nodes, `IfNotPresent` where a registry serves them."""


class CertificateAuthoritySpec(BaseModel):
    """A certificate authority of the platform's own. Its key is made in the cluster and has no field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: Owner
    region: str = Field(description="Catalog key of the region it runs in.")
    common_name: str = Field(min_length=1, max_length=64, description="Name on the authority's own certificate.")
    image: ImageByDigest
    pull_policy: PullPolicy
    resources: Resources = Resources(cpu_request="20m", cpu_limit="500m", memory_request="64Mi", memory_limit="192Mi")


class GatewayPlatformSpec(BaseModel):
    """The platform's gateway. HTTPS is not optional, and plain HTTP has no field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: Owner
    region: str = Field(description="Catalog key of the region it runs in.")
    image: ImageByDigest
    pull_policy: PullPolicy
    replicas: int = Field(default=1, ge=1, le=10, description="Pods that answer.")
    load_balancer: LoadBalancerSpec = Field(default=LoadBalancerSpec(), description="What stands in front of it.")
    resources: Resources = Resources(cpu_request="50m", cpu_limit="2", memory_request="128Mi", memory_limit="384Mi")


class TenantGatewaySpec(BaseModel):
    """A tenant's own door: one HTTPS listener for its host names, routes from its own namespace only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", description="The tenant's name.")
    tier: str = Field(description="The tenant's tier.")
    owner: Owner
