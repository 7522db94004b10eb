"""What a stack asks for, as plain data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.private_access import Feature
from falaj.catalog.providers import Provider
from falaj.catalog.tags import Stage

Capacity = Literal["reserved", "on_demand", "spot"]
"""How machines are paid for."""
Egress = Literal["none", "firewall", "nat"]
"""The way out of a network."""


class WantedPool(BaseModel):
    """Machines of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Its name.")
    sizes: tuple[str, ...] = Field(min_length=1, description="Machine sizes, the first preferred.")
    minimum: int = Field(ge=0, description="Fewest machines.")
    maximum: int = Field(ge=1, description="Most machines.")
    capacity: Capacity = Field(default="on_demand", description="How they are paid for.")
    surge_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        default=33, description="Share of the machines that an upgrade replaces at a time."
    )
    zones: tuple[str, ...] | None = Field(default=None, description="Zones it spans; the environment's if absent.")


class Site(BaseModel):
    """Another environment of the same project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack: str = Field(min_length=1, description="Its stack.")
    region: str = Field(description="Catalog key of its region.")
    stage: Stage = Field(description="What it is for.")


class State(BaseModel):
    """Where Pulumi keeps the state of a stack and what encrypts its secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: str | None = Field(default=None, description="Address of the backend; none where nobody has chosen one.")
    backend_from: str | None = Field(default=None, description="Where the address was read.")
    secrets: str | None = Field(default=None, description="The secrets provider; none where nobody has chosen one.")
    secrets_from: str | None = Field(default=None, description="Where the secrets provider was read.")


class PulumiCommand(BaseModel):
    """What Pulumi's own command is told by its variables. Holds no token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left_out: tuple[str, ...] = Field(default=(), description="Variables that keep it from calling out, not set.")
    calls_out: tuple[str, ...] = Field(default=(), description="Variables that let it call out, set.")


class Wanted(BaseModel):
    """Everything a stack asks of its provider before the first resource."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack: str = Field(min_length=1, description="Name of the stack.")
    region: str = Field(description="Catalog key of the region.")
    provider: Provider = Field(description="Who runs the region.")
    stage: Stage | None = Field(
        default=None, description="What the environment is for; none on a cluster of one's own."
    )
    account: str = Field(default="", description="The provider's account or subscription.")
    zones: tuple[str, ...] = Field(default=(), description="Zones it spans, by their ids.")
    kubernetes: str | None = Field(default=None, description="Kubernetes minor; the recipe's if absent.")
    pools: tuple[WantedPool, ...] = Field(default=(), description="Its pools.")
    features: frozenset[Feature] = Field(default=frozenset(), description="What it uses of the provider.")
    egress: Egress = Field(default="none", description="The way out of its network.")
    profiles: tuple[str, ...] = Field(default=(), description="Profiles it keeps.")
    sites: tuple[Site, ...] = Field(default=(), description="The other environments of the project.")
    state: State = Field(default=State(), description="Where its state is kept.")
    pulumi: PulumiCommand = Field(default=PulumiCommand(), description="What Pulumi's command is told.")

    def zones_of(self, pool: WantedPool) -> tuple[str, ...]:
        """Return the zones a pool spans: its own, or the environment's."""
        return self.zones if pool.zones is None else pool.zones

    @property
    def relaxed(self) -> bool:
        """Whether state may lie anywhere: on a cluster of one's own, and in an environment without anybody's data."""
        return self.provider is Provider.LOCAL or self.stage is Stage.DEVELOPMENT
