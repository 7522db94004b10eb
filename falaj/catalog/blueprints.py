"""Blueprints: the machines an environment starts with where its stack file names none."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.facts import Fact, read_rows
from falaj.catalog.tags import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping


class PoolBlueprint(BaseModel):
    """Machines of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizes: tuple[str, ...] = Field(min_length=1, description="Machine sizes, the first preferred.")
    minimum: int = Field(ge=0, description="Fewest machines.")
    maximum: int = Field(ge=1, description="Most machines.")
    disk_gib: int = Field(ge=50, description="Each machine's disk in GiB.")


class Pools(BaseModel):
    """The pools of one stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: PoolBlueprint = Field(description="Runs what the cluster itself needs.")
    cpu: PoolBlueprint = Field(description="Runs gateway and model servers.")
    tenant: PoolBlueprint = Field(description="Runs one tenant's model servers, where its tier asks for that.")


class Blueprint(Fact):
    """What one provider's environments start with, by stage."""

    prod: Pools = Field(description="Where real requests are served.")
    dr: Pools = Field(description="Where they are served when production is gone.")
    dev: Pools = Field(description="Where nothing is lost.")

    def pools(self, stage: Stage) -> Pools:
        """Return the pools of a stage."""
        return {Stage.PRODUCTION: self.prod, Stage.RECOVERY: self.dr, Stage.DEVELOPMENT: self.dev}[stage]


@cache
def blueprints() -> Mapping[str, Blueprint]:
    """Return every blueprint by the name of its provider."""
    return read_rows("blueprints.yaml", Blueprint)
