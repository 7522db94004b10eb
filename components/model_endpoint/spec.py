"""What may be asked of an endpoint that is answered on CPU and on GPU."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.gateway.spec import ImageByDigest, PullPolicy
from components.model_endpoint.routing import RoutingSpec
from components.serving.spec import DnsLabel, OnnxRuntimeServerSpec, ServerSpec
from components.serving.triton_spec import GpuRequest, TritonServerSpec
from falaj.catalog.gpus import gpu_families
from falaj.catalog.tiers import Disruption, Resources

SHARED = ("tenant", "namespace", "tier", "owner", "region", "data_class", "own_machines", "governance")
"""What both sides have to say alike: they are one endpoint."""
LONGEST_NAME = 59
"""Of the endpoint: its sides add four letters to it."""


class GpuPoolFacts(BaseModel):
    """What a pool with GPUs of the environment offers to pods."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Its name in the environment's stack file.")
    family: str = Field(description="Kind of its cards, as a key of the catalog.")
    resources: tuple[str, ...] = Field(
        min_length=1, description="What pods may ask for there, such as `nvidia.com/gpu` or `nvidia.com/mig-1g.10gb`."
    )
    tenant: DnsLabel | None = Field(default=None, description="The only tenant that it is for; any if absent.")

    @model_validator(mode="after")
    def _is_in_the_catalog(self) -> Self:
        if self.family not in gpu_families():
            raise ValueError(f"family {self.family} is not in the catalog; there are: {', '.join(gpu_families())}")
        return self

    def offers(self, wish: GpuRequest, tenant: str) -> bool:
        """Return whether a pod of the tenant finds what it asks for."""
        return (
            wish.resource in self.resources
            and wish.family in {None, self.family}
            and (self.tenant is None or self.tenant == tenant)
        )


class RouterSpec(BaseModel):
    """The router's own pods. Refuses a single one, whose end would be that of the endpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: ImageByDigest
    pull_policy: PullPolicy
    replicas: int = Field(default=2, ge=2, le=50, description="Pods that route.")
    resources: Resources = Field(description="One pod's size.")
    disruption: Disruption = Field(
        default=Disruption(max_unavailable=1), description="How many of them planned work may take away."
    )


class ModelEndpointSpec(BaseModel):
    """One model with a runtime on each side, behind one host name.

    Refuses sides that are not of one endpoint, and a GPU side that would find no GPU in the environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: DnsLabel = Field(
        max_length=LONGEST_NAME, description="Name of the endpoint: the first label of its host name."
    )
    cpu: OnnxRuntimeServerSpec = Field(description="The runtime on CPU, named `<endpoint>-cpu`, behind the endpoint.")
    gpu: TritonServerSpec = Field(description="The runtime on GPU, named `<endpoint>-gpu`, behind the endpoint.")
    router: RouterSpec
    routing: RoutingSpec = Field(description="How requests are divided between the sides.")
    gpu_pools: tuple[GpuPoolFacts, ...] = Field(default=(), description="Pools with GPUs that the environment has.")

    @model_validator(mode="after")
    def _has_sides_of_one_endpoint(self) -> Self:
        for side, spec in (("cpu", self.cpu), ("gpu", self.gpu)):
            expected = f"{self.endpoint}-{side}"
            if spec.endpoint != expected:
                raise ValueError(f"{side}.endpoint is {spec.endpoint}; call it {expected}")
            if spec.behind != self.endpoint:
                raise ValueError(
                    f"{side}.behind is {spec.behind}; say {self.endpoint}, so that only its router calls it"
                )
        for field in SHARED:
            ours, theirs = getattr(self.cpu, field), getattr(self.gpu, field)
            if ours != theirs:
                raise ValueError(
                    f"cpu.{field} is {ours} and gpu.{field} {theirs}; both sides are one endpoint: say one"
                )
        return self

    @model_validator(mode="after")
    def _finds_gpus(self) -> Self:
        wish = self.gpu.gpu
        if wish is None:
            if self.gpu.variant == "official":
                raise ValueError(
                    "the GPU side asks for no GPU; say gpu.gpu, such as {resource: nvidia.com/gpu}, or serve the model "
                    "on CPU alone with OnnxRuntimeServer"
                )
            return self
        if not self.gpu_pools:
            raise ValueError(
                f"the GPU side asks for {wish.resource} and the environment has no pool with GPUs; add a pool with "
                "role gpu to its stack file, or serve the model on CPU alone with OnnxRuntimeServer"
            )
        if not any(pool.offers(wish, self.gpu.tenant) for pool in self.gpu_pools):
            asked = wish.resource if wish.family is None else f"{wish.resource} of {wish.family}"
            raise ValueError(
                f"no pool offers {asked} to {self.gpu.tenant}; there are: {'; '.join(map(_told, self.gpu_pools))}"
            )
        return self

    @property
    def own(self) -> ServerSpec:
        """The endpoint as clients meet it: its router."""
        shared = {field: getattr(self.cpu, field) for field in SHARED}
        return ServerSpec(
            **shared,
            endpoint=self.endpoint,
            image=self.router.image,
            pull_policy=self.router.pull_policy,
            model=self.cpu.model,
            model_pull_policy=self.cpu.model_pull_policy,
            replicas=self.router.replicas,
            resources=self.router.resources,
            disruption=self.router.disruption,
            spread=self.cpu.spread,
        )


def _told(pool: GpuPoolFacts) -> str:
    kept = "" if pool.tenant is None else f", kept for {pool.tenant}"
    return f"{pool.name} ({pool.family}: {', '.join(pool.resources)}{kept})"
