"""What a stack file may say of a tenant."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from components.model_endpoint.routing import RoutingSpec
from components.serving.governance import GovernanceSpec
from components.serving.spec import Calls, DnsLabel, ManifestDigest
from components.serving.triton_spec import GpuRequest
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tiers import Resources
from stacks.environment_settings import BudgetSettings, PoolSettings
from stacks.fields import CostCentre, ProcessingRecord, RegionKey, Team, TierName


class EndpointSettings(BaseModel):
    """One model behind one host name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        min_length=1,
        description="Image that holds the model: a name in the image lock, or name@sha256:<64 hex>.",
        examples=["falaj.local/models/iris"],
    )
    model_name: DnsLabel | None = Field(
        default=None, description="Name of the model inside the image; the endpoint's own name if absent."
    )
    manifest_digest: ManifestDigest | None = Field(
        default=None,
        description="Digest of the manifest inside the image, which the model's files are held to before they are "
        "loaded; without it the image's own digest has to do.",
    )
    data_class: DataClass = Field(description="What kind of data its requests hold.")
    runtime: Literal["onnxruntime", "triton", "routed"] = Field(
        default="onnxruntime",
        description="What runs the model: ONNX Runtime on CPUs, Triton on CPUs or GPUs, or both with a router before "
        "them.",
    )
    routing: RoutingSpec | None = Field(
        default=None,
        description="How a router divides requests: what a pod of each side costs, rules, the latency that is wanted.",
    )
    gpu: GpuRequest | None = Field(
        default=None,
        description="GPUs of each pod, on triton: a resource that the environment's pools offer, and how many.",
    )
    replicas: int | None = Field(default=None, ge=1, description="Pods that answer; the tier's number if absent.")
    gpu_replicas: int | None = Field(
        default=None,
        ge=1,
        description="Pods on the GPU side of a routed endpoint, for which CPUs answer when none is there; as many as "
        "on CPUs if absent.",
    )
    resources: Resources | None = Field(default=None, description="One pod's size; the tier's if absent.")
    expected_rate: float | None = Field(
        default=None,
        gt=0,
        le=1_000_000,
        description="Predictions a second that are expected of it, by which falaj place sizes it.",
    )
    calls: Calls = Field(default=(), description="Services outside the cluster that it may call.")
    governance: GovernanceSpec | None = Field(
        default=None, description="What is said of the model: version, purpose, risk, training data."
    )


class TenantSettings(BaseModel):
    """One tenant of an environment, and the models it serves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Stack of the environment it lives in.", examples=["local"]
    )
    region: RegionKey = Field(description="Where the tenant's data must stay; the environment has to lie there.")
    tier: TierName = Field(description="Decides compute, isolation, availability and retention.")
    profiles: tuple[str, ...] = Field(
        default=(), max_length=7, description="Rules it has to keep besides those of its environment, as profiles."
    )
    owner: Team = Field(description="Team that answers for it: 2 to 40 of a-z, 0-9 and -.")
    cost_centre: CostCentre | None = Field(
        default=None, description="Where its cost is booked; the environment's if absent. Clouds only."
    )
    processing_record: ProcessingRecord | None = Field(
        default=None, description="Entry of the record of processing activities; the environment's if absent."
    )
    budget: BudgetSettings | None = Field(default=None, description="What a month of it may cost. Clouds only.")
    pool: PoolSettings | None = Field(
        default=None, description="Machines of its own, where the tier asks for them; the stage's if absent."
    )
    endpoints: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")], EndpointSettings],
        Field(description="The models it serves, by the first label of their host names.", max_length=50),
    ] = {}
