"""What may be asked of a cluster."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from components.azure_groups import misplaced
from components.cloud_spec import CloudSpec
from components.network.spec import PRIVATE, TAKEN, Egress, PodSpace
from components.node_pools.spec import KubernetesMinor, NodePoolSpec

WIDEST_SERVICES, NARROWEST_SERVICES = 12, 24
"""EKS takes no other sizes for the addresses of Services."""
WIDEST_CLIENTS = 16
"""The widest network that may reach the API server."""


def _private_network(address: str, *, widest: int, narrowest: int) -> str:
    try:
        network = IPv4Network(address)
    except ValueError:
        raise ValueError(f"{address}, allowed: an IPv4 network such as 10.1.0.0/16, its host bits zero") from None
    if not any(network.subnet_of(private) for private in PRIVATE):
        raise ValueError(f"{address}, allowed: inside {', '.join(map(str, PRIVATE))}")
    if not widest <= network.prefixlen <= narrowest:
        raise ValueError(f"{address}, allowed: a network of /{widest} to /{narrowest}")
    if taken := [str(block) for block in TAKEN if network.overlaps(block)]:
        raise ValueError(f"{address} overlaps {', '.join(taken)}, which Kubernetes nodes use, allowed: any other")
    return address


def _service_network(address: str) -> str:
    return _private_network(address, widest=WIDEST_SERVICES, narrowest=NARROWEST_SERVICES)


def _client_network(address: str) -> str:
    return _private_network(address, widest=WIDEST_CLIENTS, narrowest=32)


ServiceNetwork = Annotated[str, AfterValidator(_service_network)]
ClientNetwork = Annotated[str, AfterValidator(_client_network)]
Role = Annotated[str, Field(pattern=r"^arn:aws:iam::\d{12}:role/[\w+=,.@/-]{1,128}$")]
Identifier = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
ReservationGroup = Annotated[
    str,
    Field(
        pattern=r"^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]{1,90}/providers/Microsoft\.Compute/"
        r"capacityReservationGroups/[^/]{1,80}$"
    ),
]
Support = Literal["standard", "extended"]


class LocalClusterSpec(BaseModel):
    """A Kubernetes that already runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context: str | None = Field(default=None, description="Context within it; its current one if absent.")
    identifier: str = Field(min_length=1, description="Fixed name of the cluster; a new kubeconfig replaces nothing.")


class EksSpec(CloudSpec):
    """A managed Kubernetes on AWS. A public API server, unencrypted Secrets and silent logs can't be asked for."""

    kubernetes_version: KubernetesMinor
    administrators: tuple[Role, ...] = Field(
        min_length=1, max_length=10, description="IAM roles that administer it, the one that deploys among them."
    )
    service_cidr: ServiceNetwork = Field(description="Addresses of Services; never those of a network it talks to.")
    api_clients: tuple[ClientNetwork, ...] = Field(
        default=(), max_length=10, description="Networks besides the nodes' own that may reach the API server."
    )
    support: Support = Field(
        default="standard", description="Whether a minor past its standard support is upgraded for us or paid for."
    )
    zonal_shift: bool = Field(default=True, description="Whether traffic may be moved away from one zone.")
    log_retention_days: int = Field(ge=1, le=36_600, description="How long logs of the control plane are kept.")


class MaintenanceSpec(BaseModel):
    """When the cloud may work on a cluster. Refuses a window too short for an upgrade."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] = Field(
        default="Sunday", description="Day of the week; the UAE's weekend is Saturday and Sunday."
    )
    start: str = Field(default="01:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Beginning, local time.")
    hours: int = Field(default=6, ge=4, le=24, description="Length; AKS needs four hours for an upgrade.")
    utc_offset: str = Field(default="+04:00", pattern=r"^[+-]\d{2}:\d{2}$", description="Local time: the UAE's.")


class AksSpec(CloudSpec):
    """A managed Kubernetes on Azure. A public API server, local accounts and unencrypted Secrets can't be asked for."""

    tenant_id: Identifier = Field(description="Entra tenant whose users and groups it knows.")
    kubernetes_version: KubernetesMinor
    administrators: tuple[Identifier, ...] = Field(
        min_length=1, max_length=10, description="Entra groups that administer it, the one that deploys among them."
    )
    service_cidr: ServiceNetwork = Field(description="Addresses of Services; never those of a network it talks to.")
    pod_cidr: PodSpace = Field(
        default="100.64.0.0/14", description="Addresses of pods, an overlay that no network outside ever sees."
    )
    egress: Egress = Field(description="The way out, as the network was asked for it.")
    first_pool: NodePoolSpec | None = Field(
        description="Shape of the one machine it starts with; none once that was removed by hand."
    )
    support: Support = Field(default="standard", description="One year for a minor, or two that are paid for.")
    gpu_minutes: int | None = Field(
        default=None, ge=1, le=60, description="How long a machine with GPUs may take to come; none without such pools."
    )
    reservations: tuple[ReservationGroup, ...] = Field(
        default=(), max_length=10, description="Capacity reservation groups in which it starts machines."
    )
    maintenance: MaintenanceSpec = MaintenanceSpec()

    @model_validator(mode="after")
    def _starts_with_a_system_pool(self) -> Self:
        if self.first_pool is not None and self.first_pool.role != "system":
            raise ValueError(f"first_pool has role {self.first_pool.role}, allowed: system; AKS starts with no other")
        region = self.placement.region
        if self.first_pool is not None and self.first_pool.placement.region != region:
            lies = self.first_pool.placement.region
            raise ValueError(f"first_pool lies in {lies}, allowed: {region}, where the cluster lies")
        return self

    @model_validator(mode="after")
    def _reservations_lie_apart(self) -> Self:
        for reservation in self.reservations:
            if reason := misplaced(reservation, self.placement.stack):
                raise ValueError(reason)
        return self

    @model_validator(mode="after")
    def _networks_are_apart(self) -> Self:
        if IPv4Network(self.service_cidr).overlaps(IPv4Network(self.pod_cidr)):
            raise ValueError(
                f"pod_cidr {self.pod_cidr} overlaps service_cidr {self.service_cidr}, "
                "allowed: networks that share no address"
            )
        return self
