"""What may be asked of a cluster."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LocalClusterSpec(BaseModel):
    """A Kubernetes that already runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context: str | None = Field(default=None, description="Context within it; its current one if absent.")
    identifier: str = Field(min_length=1, description="Fixed name of the cluster; a new kubeconfig replaces nothing.")
