"""Instances of a model: how many, on which devices, and what each takes of a shared budget."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from triton_model_configuration.part import Count, Label, Part, Positive, repeated

Device = Annotated[int, Field(ge=0, lt=2**31)]
"""A GPU by its number in the container."""
Profile = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
"""An optimisation profile of a TensorRT engine."""


class Kind(StrEnum):
    """What an instance runs on."""

    AUTO = "KIND_AUTO"
    GPU = "KIND_GPU"
    CPU = "KIND_CPU"
    MODEL = "KIND_MODEL"


class Resource(Part):
    """A share of a budget that instances of all models draw on."""

    model_config = ConfigDict(populate_by_name=True)

    name: Annotated[str, Field(min_length=1, max_length=128)]
    is_global: Annotated[bool, Field(alias="global")] = False
    count: Positive


class RateLimiter(Part):
    """What an instance must get before it runs, and its turn among the others."""

    resources: tuple[Resource, ...] = ()
    priority: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _draws_on_each_budget_once(self) -> Self:
        for name in repeated(each.name for each in self.resources):
            raise ValueError(f"rate_limiter: resource '{name}' comes twice; name each once")
        return self


class InstanceGroup(Part):
    """Instances of one kind. Refuses GPUs for those that run on none."""

    name: Label = ""
    kind: Kind = Kind.AUTO
    count: Count = 0
    gpus: tuple[Device, ...] = ()
    profile: tuple[Profile, ...] = ()
    rate_limiter: RateLimiter | None = None
    passive: bool = False
    host_policy: Label = ""

    @model_validator(mode="after")
    def _has_gpus_only_where_it_uses_them(self) -> Self:
        if self.gpus and self.kind in (Kind.CPU, Kind.MODEL):
            raise ValueError(f"instance_group: {self.kind} names gpus; make it KIND_GPU or leave gpus out")
        for device in repeated(self.gpus):
            raise ValueError(f"instance_group: GPU {device} comes twice; raise count for more instances on it")
        return self

    @property
    def asks_for_a_gpu(self) -> bool:
        """Whether it can't run on a machine without."""
        return self.kind is Kind.GPU or bool(self.gpus)


def check_groups(groups: tuple[InstanceGroup, ...]) -> None:
    """Refuse groups that share a name, and a budget that is both each device's and the whole server's."""
    for name in repeated(each.name for each in groups if each.name):
        raise ValueError(f"instance_group '{name}' comes twice; name each once, or leave names out")
    resources = [each for group in groups if group.rate_limiter for each in group.rate_limiter.resources]
    shared = {each.name for each in resources if each.is_global}
    for name in sorted(shared & {each.name for each in resources if not each.is_global}):
        raise ValueError(f"rate_limiter: resource '{name}' is global in one group only; make both the same")
