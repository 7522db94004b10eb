"""What may be asked of a model server that is Triton."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.serving.spec import ServerSpec
from falaj.catalog.gpus import gpu_families
from falaj.catalog.quantities import Memory, mebibytes

WHOLE = "nvidia.com/gpu"
"""What a device plugin calls its GPUs, whole or shared by turns."""
LOCAL_REGION = "local"
"""The catalog's key of the local cluster."""
GpuResource = Annotated[str, Field(pattern=r"^nvidia\.com/(gpu|mig-[1-7]g\.[0-9]{1,3}gb(\.me)?)$")]


class GpuRequest(BaseModel):
    """The GPUs of one pod. Refuses several parts of cards: a process of CUDA's sees one of them only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resource: GpuResource = Field(
        default=WHOLE, description="What it is called: `nvidia.com/gpu`, or a part such as `nvidia.com/mig-1g.10gb`."
    )
    count: int = Field(default=1, ge=1, le=16, description="How many.")
    family: str | None = Field(default=None, description="Kind of card, as a key of the catalog; any if absent.")

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if self.resource != WHOLE and self.count > 1:
            raise ValueError(
                f"{self.count} of {self.resource}: a process sees one part of a card; ask for 1 and more replicas, or "
                "for a larger part"
            )
        if self.family is not None and self.family not in gpu_families():
            raise ValueError(f"family {self.family} is not in the catalog; there are: {', '.join(gpu_families())}")
        return self


class TritonServerSpec(ServerSpec):
    """One model, or an ensemble, on Triton. Refuses the local variant anywhere but on the local cluster."""

    variant: Literal["official", "local-cpu"] = Field(
        default="official", description="Which of the two images it is: `local-cpu` has no GPU code and known holes."
    )
    gpu: GpuRequest | None = Field(default=None, description="GPUs of each pod; none by default.")
    spot: bool = Field(
        default=False,
        description="Whether it may run on spot machines with GPUs, which are taken away when others pay.",
    )
    shared_memory: Memory = Field(
        default="256Mi", description="For tensors between the processes of one pod; part of its memory limit."
    )
    work: Memory = Field(default="2Gi", description="Room for the checked copy of the model on the node's disk.")
    rollout: Literal["surge", "replace"] = Field(
        default="surge",
        description="`surge` starts a new pod first and needs room, and GPUs, for it; `replace` takes an old one away.",
    )

    @model_validator(mode="after")
    def _runs_where_it_may(self) -> Self:
        if self.variant == "local-cpu" and self.region != LOCAL_REGION:
            raise ValueError(
                f"the local variant is a Triton with known holes and not for {self.region}; build the image on the "
                "official base and say variant: official"
            )
        return self

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if mebibytes(self.shared_memory) >= mebibytes(self.resources.memory_limit):
            raise ValueError(
                f"shared_memory {self.shared_memory} leaves nothing of memory_limit {self.resources.memory_limit}; "
                "lower it or raise that"
            )
        if self.rollout == "replace" and self.replicas == 1 and self.behind is None:
            raise ValueError("rollout replace takes the only replica away; ask for 2, or say surge")
        return self
