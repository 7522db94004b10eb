"""The vocabulary of data flows: what moves, from where to where, in which region and how it is protected.

Components declare their flows as the ``dataFlows`` input of the component resource; the residency control reads them
there, and network walls are derived from them. One model, so that both sides mean the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=1, le=65535)]


class DataClass(StrEnum):
    """What kind of data moves, by the law that governs it."""

    PUBLIC = "public"
    """Anyone may read it."""
    INTERNAL = "internal"
    """The organisation's own, about no person: model files, settings."""
    OPERATIONAL = "operational"
    """Metrics, logs and control traffic without content of requests."""
    PERSONAL = "personal"
    """About a person; Federal Decree-Law 45/2021 and the free zones' data protection laws."""
    HEALTH = "health"
    """About a patient; Federal Law 2/2019 keeps it in the country."""
    FINANCIAL = "financial"
    """About a bank's or insurer's customer; the Central Bank's rules keep it in the country."""
    GOVERNMENT = "government"
    """Classified by a government entity; the National Cloud Security Policy decides where it may lie."""


class Channel(StrEnum):
    """How the data travels."""

    HTTPS = "https"
    """HTTP over TLS."""
    HTTP = "http"
    """HTTP in the clear, legal only inside a cluster network."""
    GRPC = "grpc"
    """gRPC; `encryption` says whether over TLS."""
    DNS = "dns"
    """Name resolution."""
    IMAGE_VOLUME = "image_volume"
    """An OCI image mounted read-only into a pod."""
    LOG = "log"
    """Log lines."""
    METRICS = "metrics"
    """Measurements scraped or pushed."""
    IMAGE_PULL = "image_pull"
    """Container images fetched from a registry."""
    OBJECT = "object"
    """Objects read from or written to an object store."""
    COPY = "copy"
    """A replica kept in step with its original."""
    BACKUP = "backup"
    """A copy that outlives its original."""
    CONTROL = "control"
    """Calls of a cloud's management interfaces: names, sizes and states, no content."""
    IDENTITY = "identity"
    """Sign-ins and tokens."""
    TELEMETRY = "telemetry"
    """What the cloud itself learns from running the service."""


class Encryption(StrEnum):
    """What protects the data on its way."""

    TLS = "tls"
    """TLS 1.2 or later, end to end of this flow."""
    MUTUAL_TLS = "mutual_tls"
    """TLS 1.2 or later with certificates on both ends."""
    CLUSTER_NETWORK = "cluster_network"
    """Never leaves the cluster's own network, where network policies decide who may listen and speak."""
    NODE = "node"
    """Never leaves the node."""
    NONE = "none"
    """Nothing."""


class DataFlow(BaseModel):
    """One movement of data between two named ends. Refuses a port out of range and unknown words.

    An end inside the cluster is ``namespace/workload``; an end outside is a word such as ``clients`` or a service name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1, description="Who sends.")
    sink: str = Field(min_length=1, description="Who receives.")
    data_class: DataClass = Field(description="What kind of data moves.")
    region: str = Field(min_length=1, description="Catalog key of the region where the sink lies.")
    channel: Channel = Field(description="How it travels.")
    port: Port | None = Field(default=None, description="TCP port of the sink, where there is one.")
    encryption: Encryption = Field(description="What protects it on the way.")
    global_service: str | None = Field(
        default=None, description="Catalog key of the global service that the sink is, where its region is not its own."
    )
    key: str | None = Field(default=None, description="Which key protects it, where a named key does.")
    purpose: str = Field(min_length=1, description="Why it moves, for the reader of the evidence.")

    def as_input(self) -> dict[str, Any]:
        """Return the plain form a component passes to the engine in its ``dataFlows`` input."""
        return self.model_dump(mode="json", exclude_none=True)
