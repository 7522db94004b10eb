"""Recipes: versions that work together, one row per target, and the Kubernetes minors a target offers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.availability import Availability
from falaj.catalog.facts import Fact, Unknown, read_rows
from falaj.catalog.gpus import Sharing

Version = Annotated[str, Field(pattern=r"^(\d+\.\d+(\.\d+)?|unknown)$")]
"""A version without a leading v, or `unknown`."""
Minor = Annotated[str, Field(pattern=r"^1\.\d{2}$")]
"""A Kubernetes minor, such as 1.36."""
Target = Literal["local", "eks", "aks"]
"""Where a cluster runs."""
System = Literal["amazon_linux_2023", "bottlerocket", "azure_linux_3", "ubuntu"]
"""A kind of node operating system."""


class Recipe(Fact):
    """The versions of every part of one target."""

    kubernetes: Version = Field(description="API server, controllers, scheduler, kubelet and proxy.")
    containerd: Version = Field(description="Container runtime; 2.1 or later for image volumes.")
    coredns: Version = Field(description="The cluster's resolver.")
    etcd: Version = Field(description="The cluster's store.")
    gateway_api: Version = Field(description="Gateway API definitions, standard channel.")
    traefik: Version = Field(description="Gateway implementation.")
    cert_manager: Version = Field(description="Certificate issuance and renewal.")
    onnxruntime: Version = Field(description="Inference engine of the default server.")
    gpu_operator: Version = Field(
        default="unknown", description="Operator of NVIDIA's GPUs, set for each node image as `node_images` says."
    )


class KubernetesMinor(Fact):
    """One Kubernetes minor that a provider offers, and until when."""

    target: Target = Field(description="Where it is offered.")
    minor: Minor = Field(description="The minor.")
    supported_until: date | Unknown = Field(description="Last day of the provider's standard support.")
    extended_until: date | Unknown = Field(description="Last day of support that costs extra or has to be asked for.")
    image_volumes: Availability = Field(
        description="Whether pods can mount images, which model servers need: Kubernetes 1.35 and containerd 2.1."
    )
    mutating_policies: Availability = Field(
        description="Whether policies that change what is admitted are served, which mark new nodes: Kubernetes 1.36."
    )
    add_ons: Mapping[str, str] = Field(default={}, description="Versions of the provider's add-ons, by their names.")
    cluster_autoscaler: Version = Field(
        default="unknown", description="Newest cluster autoscaler of this minor, where the provider runs none itself."
    )
    notes: str = Field(default="", description="What else to know before choosing it.")


class DriverOwner(StrEnum):
    """Who installs the GPU driver on a node. Two owners break each other."""

    NONE = "none"
    """Nobody: the node has no GPU."""
    IMAGE = "image"
    """The node image brings it."""
    OPERATOR = "operator"
    """The GPU operator installs it."""
    CLOUD = "cloud"
    """The provider installs and updates it; the operator must not be there."""


class MigBy(StrEnum):
    """What divides the cards of a node into parts."""

    MANAGER = "manager"
    """The operator's MIG manager, into any layout that fits."""
    IMAGE = "image"
    """The node image's own settings, into as many parts of one size as fit."""
    PROVIDER = "provider"
    """The provider when it makes the pool, into as many parts of one size as fit."""


class GpuOperator(BaseModel):
    """Which parts of the GPU operator run on the nodes of one image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: bool = Field(description="The operator installs the driver.")
    toolkit: bool = Field(description="The operator installs the container toolkit.")
    device_plugin: bool = Field(description="The operator runs the device plugin.")
    switched_off_by: Literal["values", "node_labels"] = Field(
        default="values", description="What switches the other parts off: the chart's values, or labels of each node."
    )
    settings: tuple[str, ...] = Field(default=(), description="What else has to be set.")


class NodeImage(Fact):
    """One node operating system of one target, with who owns the GPU driver on it."""

    target: Target = Field(description="Where it runs.")
    os: str = Field(description="The operating system.")
    provider_names: Mapping[Literal["x86_64", "arm64"], str] = Field(
        description="The provider's name, by architecture."
    )
    system: System | None = Field(default=None, description="Its kind; none where the provider makes the nodes.")
    driver_owner: DriverOwner = Field(description="Who installs the GPU driver.")
    sharing: tuple[Sharing, ...] = Field(default=(), description="Ways of sharing GPUs that work on it.")
    mig_by: MigBy | None = Field(default=None, description="What divides its cards, where MIG works on it.")
    gpu_families: tuple[str, ...] = Field(
        default=(), description="GPUs it is offered with, keys of gpus; all of NVIDIA's where none is named."
    )
    ships_device_plugin: bool = Field(default=False, description="Whether it runs a device plugin of its own.")
    hides_gpus_by: Literal["image", "toolkit", "daemon_set"] | None = Field(
        default=None,
        description="What keeps GPUs from pods that asked for none: image, operator's toolkit, DaemonSet of ours.",
    )
    secure_boot: Availability = Field(
        default=Availability.UNKNOWN, description="Whether its drivers load where only signed code may."
    )
    gpu_operator: GpuOperator | None = Field(
        default=None, description="How the GPU operator is set; none where it stays away."
    )
    first_minor: Minor | Unknown = Field(description="First Kubernetes minor it is offered for.")
    last_minor: Minor | Unknown = Field(description="Last Kubernetes minor it is offered for, as far as announced.")
    experimental: bool = Field(
        default=False, description="Whether the provider or the makers of the operator call it so."
    )
    notes: str = Field(default="", description="What else to know before choosing it.")


@cache
def recipes() -> Mapping[str, Recipe]:
    """Return every recipe by the name of its target."""
    return read_rows("recipes.yaml", Recipe)


@cache
def offered_minors(target: str) -> Mapping[str, KubernetesMinor]:
    """Return every Kubernetes minor that the catalog knows for a target, the oldest first."""
    rows = [row for row in read_rows("kubernetes.yaml", KubernetesMinor).values() if row.target == target]
    return MappingProxyType({row.minor: row for row in sorted(rows, key=lambda row: row.minor)})


def kubernetes_minors(target: str) -> tuple[str, ...]:
    """Return the minors that may be chosen, the oldest first: nothing of ours is known to be missing on them.

    The provider offered them on the day the catalog was reviewed; `falaj catalog check` says when support has ended.
    """
    if target == "local":
        return (minor_of(recipes()[target].kubernetes),)
    return tuple(
        minor
        for minor, row in offered_minors(target).items()
        if row.image_volumes is not Availability.NO and row.supported_until != "unknown"
    )


def supported_minors(target: str) -> tuple[str, ...]:
    """Return the minors under the provider's standard support on the day they were reviewed, the oldest first.

    They are those any cluster may run; `kubernetes_minors` names those that ours may be made with.
    """
    return tuple(
        minor
        for minor, row in offered_minors(target).items()
        if row.supported_until != "unknown" and row.supported_until >= row.reviewed
    )


def minor_of(version: str) -> str:
    """Return the minor of a version: 1.36 of 1.36.3."""
    return ".".join(version.split(".")[:2])


@cache
def node_images() -> Mapping[str, NodeImage]:
    """Return every node operating system by its key."""
    return read_rows("node_images.yaml", NodeImage)
