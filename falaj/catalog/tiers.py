"""Tiers: what a tenant of each kind gets in compute, isolation, keys, availability and retention."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from falaj.catalog.facts import Fact, read_rows
from falaj.catalog.quantities import Cpu, Memory, mebibytes, millicores

if TYPE_CHECKING:
    from collections.abc import Mapping


class Isolation(StrEnum):
    """What stands between two tenants."""

    NAMESPACE = "namespace"
    """Namespace, network policies, quota and the `restricted` pod standard, on shared nodes."""
    DEDICATED_NODES = "dedicated_nodes"
    """All of that, on nodes that run nobody else's pods."""


class EncryptionKeys(StrEnum):
    """Whose keys encrypt data at rest."""

    PLATFORM = "platform"
    """One key of the platform."""
    TENANT = "tenant"
    """A key of the tenant's own in the provider's key service."""
    HARDWARE = "hardware"
    """A key of the tenant's own in a hardware security module."""


class Resources(BaseModel):
    """CPU and memory of one replica. Refuses a request above its limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu_request: Cpu = Field(description="CPU kept free for it.")
    cpu_limit: Cpu = Field(description="CPU it may use at most.")
    memory_request: Memory = Field(description="Memory kept free for it.")
    memory_limit: Memory = Field(description="Memory above which it is stopped.")

    @model_validator(mode="after")
    def _requests_fit_limits(self) -> Self:
        if millicores(self.cpu_request) > millicores(self.cpu_limit):
            raise ValueError(f"cpu_request {self.cpu_request} is above cpu_limit {self.cpu_limit}")
        if mebibytes(self.memory_request) > mebibytes(self.memory_limit):
            raise ValueError(f"memory_request {self.memory_request} is above memory_limit {self.memory_limit}")
        return self


class Quota(BaseModel):
    """The most a tenant's namespace may hold, rolling updates included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu_requests: Cpu = Field(description="Sum of CPU requests.")
    cpu_limits: Cpu = Field(description="Sum of CPU limits.")
    memory_requests: Memory = Field(description="Sum of memory requests.")
    memory_limits: Memory = Field(description="Sum of memory limits.")
    pods: int = Field(gt=0, le=1000, description="Pods at once.")


class Disruption(BaseModel):
    """How many replicas planned work may take away at once. Refuses both bounds, or none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_unavailable: int | None = Field(default=None, ge=1, description="Replicas that may be away.")
    min_available: int | None = Field(default=None, ge=1, description="Replicas that must stay.")

    @model_validator(mode="after")
    def _exactly_one_bound(self) -> Self:
        if (self.max_unavailable is None) == (self.min_available is None):
            raise ValueError("set max_unavailable or min_available, not both")
        return self


class Tier(Fact):
    """What a tenant of this tier gets."""

    summary: str = Field(description="For whom it is.")
    replicas: int = Field(ge=1, description="Replicas of an endpoint, unless the stack file asks for more.")
    most_replicas: int = Field(ge=1, description="The most replicas an endpoint may ask for.")
    resources: Resources = Field(description="One replica's size, unless the stack file says otherwise.")
    quota: Quota = Field(description="The most its namespace may hold.")
    gpus: int = Field(ge=0, description="The most GPUs or parts of GPUs its namespace may hold.")
    isolation: Isolation = Field(description="What stands between it and other tenants.")
    disruption: Disruption = Field(description="How many replicas planned work may take away.")
    spread: tuple[str, ...] = Field(description="Node labels over which replicas are spread.")
    encryption_keys: EncryptionKeys = Field(description="Whose keys encrypt its data at rest.")
    log_retention_days: int = Field(ge=1, description="How long its logs are kept.")
    latency_objective_ms: int = Field(
        ge=1, le=60_000, description="How long the slowest of a hundred predictions may take at the server."
    )
    availability_objective: str = Field(pattern=r"^\d{2}(\.\d+)?$", description="Percent of good requests, monthly.")


@cache
def tiers() -> Mapping[str, Tier]:
    """Return every tier by its name."""
    return read_rows("tiers.yaml", Tier)
