"""What may be asked of a walled namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.tiers import Quota, Resources

GpuName = Annotated[str, Field(pattern=r"^nvidia\.com/(gpu|mig-[1-7]g\.[0-9]{1,3}gb(\.me)?)$")]
Count = Annotated[int, Field(ge=0, le=10_000)]


class NamespaceSpec(BaseModel):
    """A room in the cluster: its name, its size and who owns it. Walls are not optional and have no field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", description="Its name in the cluster.")
    owner: str = Field(pattern=r"^[a-z0-9-]{2,40}$", description="Team that answers for it; becomes a label.")
    role: Literal["platform", "tenant"] = Field(description="Whether the platform or a tenant lives there.")
    tenant: str | None = Field(default=None, description="The tenant who lives there.")
    tier: str | None = Field(default=None, description="The tenant's tier.")
    quota: Quota = Field(description="The most it may hold.")
    gpus: Mapping[GpuName, Count] = Field(
        default={}, max_length=20, description="The most GPUs it may hold, by the names pods ask for; 0 for none."
    )
    default_resources: Resources = Field(description="What a container gets that asks for nothing.")
    node_ports: int = Field(default=0, ge=0, le=8, description="Ports on the nodes its Services may hold.")
    load_balancers: int = Field(default=0, ge=0, le=4, description="Services of type LoadBalancer it may hold.")
