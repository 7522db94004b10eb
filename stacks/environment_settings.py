"""What a stack file may say of an environment, one model for each place it can lie in."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from components.alerts.spec import Receiver
from components.gateway.spec import ImageByDigest
from falaj.catalog.data_flows import DataClass
from falaj.catalog.providers import Provider
from falaj.catalog.tags import Stage
from stacks.fields import (
    CostCentre,
    Domain,
    Ipv4Network,
    PrivateAddresses,
    PrivateNetwork,
    ProcessingRecord,
    RegionKey,
    Team,
)
from stacks.gpu_settings import GpuPoolName, GpuPoolSettings, GpuRuntimeSettings, LocalGpuSettings

PoolName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,11}$")]
"""Name of a pool: AKS takes at most twelve lower-case letters and digits."""
MachineSizeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,39}$", examples=["m7i.2xlarge"])]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", examples=["platform@example.ae"])]
HostName = Annotated[
    str,
    Field(
        pattern=r"^(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,}$",
        description="Host name that may be reached, a leading *. for all below it.",
        examples=["api.example.ae"],
    ),
]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws:iam::\d{12}:role/[\w+=,.@/-]{1,128}$")]
Identifier = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="A UUID in lower case.",
        examples=["00000000-0000-4000-8000-000000000001"],
    ),
]


class LocalEnvironment(BaseModel):
    """A cluster's shared part on a Kubernetes that already runs: certificate authority and gateway."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="local")

    region: RegionKey = Field(description="Where it lies, as a region of the catalog.")
    owner: Team = Field(description="Team that answers for it: 2 to 40 of a-z, 0-9 and -.")
    domain: Domain = Field(
        description="Domain under which every endpoint answers, in lower case, at least two labels.",
    )
    gpus: LocalGpuSettings | None = Field(
        default=None,
        description="Simulated GPUs of its second node, as falaj cluster up --gpu-node made them; none if absent.",
    )


class NetworkSettings(BaseModel):
    """The environment's network and what may leave it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cidr: PrivateNetwork = Field(description="Its addresses, unlike those of any other environment.")
    further_cidrs: tuple[Ipv4Network, ...] = Field(
        default=(), max_length=4, description="Addresses added later, such as 10.120.0.0/16; what is there stays."
    )
    internal_domains: tuple[HostName, ...] = Field(
        default=(), max_length=50, description="Domains of your own that nodes may resolve, such as corp.example.ae."
    )
    egress: Literal["none", "firewall", "nat"] = Field(
        default="none", description="Way out: none, through a firewall with an allow-list, or address translation."
    )
    allowed_names: tuple[HostName, ...] = Field(
        default=(), max_length=100, description="Host names such as api.example.ae that the firewall lets through."
    )
    operators: tuple[PrivateAddresses, ...] = Field(
        default=(),
        max_length=20,
        description="Networks from which people and pipelines reach it, such as 10.200.0.0/24.",
    )


class PoolSettings(BaseModel):
    """Machines of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizes: tuple[MachineSizeName, ...] = Field(
        min_length=1, max_length=10, description="Machine sizes, the first preferred; Azure takes one."
    )
    minimum: int = Field(ge=0, le=1000, description="Fewest machines.")
    maximum: int = Field(ge=1, le=1000, description="Most machines.")
    capacity: Literal["on_demand", "spot"] = Field(default="on_demand", description="How they are paid for.")
    disk_gib: int = Field(default=100, ge=50, le=2048, description="Each machine's disk in GiB.")


class BudgetSettings(BaseModel):
    """What a month may cost, and who hears when it nears that."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    monthly: int = Field(gt=0, le=100_000_000, description="Cost of a month, in whole units of the currency.")
    currency: Literal["USD", "AED"] = Field(default="USD", description="Currency the account is billed in.")
    starts: date = Field(description="First month it counts, as its first day.", examples=["2026-12-01"])
    alerts: tuple[Email, ...] = Field(
        min_length=1, max_length=10, description="Mail addresses that are told at 80 and 100 percent."
    )


class CloudEnvironment(BaseModel):
    """What environments in every cloud have in common. What is left out follows from stage and profiles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: RegionKey = Field(description="Where it lies, as a region of the catalog.")
    stage: Stage = Field(description="What it is for.")
    profiles: tuple[str, ...] = Field(
        default=("baseline",),
        min_length=1,
        max_length=7,
        description="Rules it has to keep, as profiles of the catalog.",
    )
    owner: Team = Field(description="Team that answers for it: 2 to 40 of a-z, 0-9 and -.")
    cost_centre: CostCentre = Field(description="Where its cost is booked: 2 to 40 letters, digits and -.")
    data_class: DataClass = Field(description="The highest class of data it may hold.")
    processing_record: ProcessingRecord | None = Field(
        default=None, description="Entry of the record of processing activities; needed for data about persons."
    )
    documents: dict[Annotated[str, Field(pattern=r"^[a-z][a-z-]{2,40}$")], ProcessingRecord] = Field(
        default_factory=dict,
        max_length=10,
        description="Ids of the documents that its profiles ask for, by their kind.",
    )
    domain: Domain = Field(
        description="Domain under which every endpoint answers, in lower case, at least two labels.",
        examples=["prod.example.ae"],
    )
    kubernetes: str | None = Field(
        default=None,
        pattern=r"^\d\.\d{1,2}$",
        description="Kubernetes minor, in quotes; the recipe's if absent.",
        examples=["'1.35'"],
    )
    api_access: Literal["private", "public"] = Field(
        default="private", description="From where the API server answers; only private is made."
    )
    zones: tuple[str, ...] | None = Field(
        default=None, max_length=3, description="Availability zones by their ids; all of the region's if absent."
    )
    network: NetworkSettings = Field(description="Its addresses and its way out.")
    pools: dict[PoolName, PoolSettings] = Field(
        default_factory=dict,
        max_length=20,
        description="Pools by name, up to twelve of a-z and 0-9; the stage's own where not named.",
    )
    gpu_pools: dict[GpuPoolName, GpuPoolSettings] = Field(
        default_factory=dict,
        max_length=10,
        description="Pools with GPUs by name, up to six of a-z and 0-9; none if absent, and models answer on CPUs.",
    )
    gpu_runtime: GpuRuntimeSettings | None = Field(
        default=None, description="Chart and images of the GPU operator; needed with gpu_pools."
    )
    triton_image: ImageByDigest | None = Field(
        default=None,
        description="Triton on NVIDIA's base, as you built it (serving_images/triton), as name@sha256:<64 hex>.",
        examples=["registry.example.ae/triton@sha256:<64 hex>"],
    )
    budget: BudgetSettings = Field(description="What a month may cost.")
    last_verified_restore: date | None = Field(
        default=None,
        description="Day on which somebody last brought back a backup and looked at it, as YYYY-MM-DD.",
        examples=["2026-12-01"],
    )


class AwsEnvironment(CloudEnvironment):
    """An environment in one AWS account."""

    model_config = ConfigDict(title="aws")

    account: str = Field(
        pattern=r"^\d{12}$", description="AWS account, twelve digits in quotes.", examples=["'123456789012'"]
    )
    administrators: tuple[Annotated[str, Field(pattern=r"^arn:aws:iam::\d{12}:role/[\w+=,.@/-]{1,128}$")], ...] = Field(
        min_length=1,
        max_length=10,
        description="IAM roles that administer cluster and keys, as ARNs.",
        examples=["arn:aws:iam::123456789012:role/platform-administrators"],
    )
    publishers: tuple[RoleArn, ...] = Field(
        default=(), max_length=10, description="IAM roles that put model files into the store, as ARNs."
    )
    alert_receivers: tuple[Receiver, ...] = Field(
        default=(),
        max_length=10,
        description="Who is told of alarms, in the country: mail addresses of teams, or https://…; needed but in dev.",
        examples=["security@example.ae"],
    )
    autoscaler_image: ImageByDigest | None = Field(
        default=None,
        description="Kubernetes' cluster autoscaler of the cluster's own minor, as name@sha256:<64 hex>; needed with "
        "gpu_pools, and pools stay at their minimum without it.",
        examples=["registry.example.ae/autoscaling/cluster-autoscaler:v1.36.1@sha256:<64 hex>"],
    )
    organizational_unit: str | None = Field(
        default=None,
        pattern=r"^(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})$",
        description="Where the region guardrail is attached; only with credentials of the organization's own account.",
        examples=["ou-ab12-cd34ef56"],
    )

    @property
    def provider(self) -> Provider:
        """AWS."""
        return Provider.AWS


class AzureEnvironment(CloudEnvironment):
    """An environment in one Azure subscription."""

    model_config = ConfigDict(title="azure")

    subscription: Identifier = Field(description="Azure subscription, a UUID.")
    directory: Identifier = Field(description="Entra tenant the subscription trusts, a UUID.")
    administrators: tuple[Identifier, ...] = Field(
        min_length=1, max_length=10, description="Entra groups that administer cluster and keys, as object ids."
    )
    publishers: tuple[Identifier, ...] = Field(
        default=(), max_length=10, description="Managed identities that put model files into the store, as object ids."
    )
    redundancy: Literal["LRS", "ZRS", "GRS", "GZRS", "RA-GRS", "RA-GZRS"] | None = Field(
        default=None,
        description="How storage is copied; ZRS where there are zones, LRS where there are none, if absent.",
    )
    access_grant: ProcessingRecord | None = Field(
        default=None, description="Azure's answer that opens a restricted region to the subscription."
    )

    @property
    def provider(self) -> Provider:
        """Azure."""
        return Provider.AZURE


EnvironmentSettings = LocalEnvironment | AwsEnvironment | AzureEnvironment
"""An environment, wherever it lies."""
