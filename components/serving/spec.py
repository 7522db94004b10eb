"""What may be asked of a model server."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from components.gateway.names import API_SERVER_END, CLIENTS_END
from components.gateway.spec import ImageByDigest, Owner, PullPolicy
from components.serving.governance import GovernanceSpec
from falaj.catalog.data_flows import DataClass, Encryption, Port
from falaj.catalog.tiers import Disruption, Resources

DnsLabel = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""A name that may stand in a host name and name a Service."""

ManifestDigest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
"""What sealing a model repository prints."""

WIDEST_PREFIX = 24
"""The widest network that a call may open: 256 addresses."""


def _narrow_network(address: str) -> str:
    try:
        network = IPv4Network(address)
    except ValueError:
        raise ValueError("allowed: an IPv4 network such as 10.1.2.3/32") from None
    if network.prefixlen < WIDEST_PREFIX:
        raise ValueError(f"allowed: a network of /{WIDEST_PREFIX} or narrower")
    if network.is_loopback or network.is_link_local or network.is_multicast or network.is_unspecified:
        raise ValueError("allowed: a network that packets can be routed to, so no loopback, link-local or multicast")
    return address


def _distinct(calls: tuple[CallSpec, ...]) -> tuple[CallSpec, ...]:
    names = [call.name for call in calls]
    taken = {CLIENTS_END, API_SERVER_END}
    if len({*names}) < len(names) or taken & {*names}:
        raise ValueError(f"allowed: a name of its own for each, and not {' or '.join(sorted(taken))}")
    return calls


class CallSpec(BaseModel):
    """A service outside the cluster that a model server may call, and what it sends there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: DnsLabel = Field(description="The service's name, for the evidence.")
    address: Annotated[str, AfterValidator(_narrow_network)] = Field(
        description="Where it answers, as IPv4 network such as 10.1.2.3/32, /24 at the widest."
    )
    port: Port = Field(description="TCP port it answers on.")
    region: str = Field(min_length=1, description="Region where it lies, by the provider's own id.")
    data_class: DataClass = Field(description="What kind of data is sent.")
    encryption: Encryption = Field(description="What protects the data on the way.")
    purpose: str = Field(min_length=3, description="Why, for the reader of the evidence.")


Calls = Annotated[tuple[CallSpec, ...], AfterValidator(_distinct)]
"""Services outside that an endpoint may call, each under a name of its own."""


class ServerSpec(BaseModel):
    """One model behind one host name, whatever runs it. Refuses images without digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: DnsLabel = Field(description="Name of the endpoint: the first label of its host name.")
    tenant: DnsLabel = Field(description="The tenant it serves.")
    namespace: DnsLabel = Field(description="The tenant's namespace.")
    tier: str = Field(description="The tenant's tier.")
    owner: Owner
    region: str = Field(description="Catalog key of the region it runs in.")
    data_class: DataClass = Field(description="What kind of data its requests hold.")
    image: ImageByDigest
    pull_policy: PullPolicy
    model: ImageByDigest
    model_pull_policy: PullPolicy
    manifest_digest: ManifestDigest | None = Field(
        default=None, description="Digest of the manifest that the model's files are held to before they are loaded."
    )
    replicas: int = Field(ge=1, le=100, description="Pods that answer.")
    resources: Resources = Field(description="One pod's size.")
    disruption: Disruption = Field(description="How many pods planned work may take away.")
    spread: tuple[str, ...] = Field(description="Node labels over which pods are spread.")
    calls: Calls = Field(default=(), description="Services outside that it may call; none by default.")
    governance: GovernanceSpec | None = Field(default=None, description="What is said of its model.")
    own_machines: bool = Field(default=False, description="Whether it runs on machines of its tenant alone.")
    behind: DnsLabel | None = Field(
        default=None,
        description="Workload of the same namespace that alone calls it, in place of the gateway; no host name then.",
    )

    @model_validator(mode="after")
    def _leaves_room_for_a_drain(self) -> Self:
        least = self.disruption.min_available
        if least is not None and least >= self.replicas:
            raise ValueError(f"min_available {least} of {self.replicas} replicas would stop every node drain")
        return self


class OnnxRuntimeServerSpec(ServerSpec):
    """One model on ONNX Runtime. Refuses an image or model without digest, and a budget that stops every drain."""
