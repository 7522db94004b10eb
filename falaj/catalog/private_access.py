"""Private access: which endpoints a network without internet needs for the features in use."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from falaj.catalog.facts import Fact, read_rows
from falaj.catalog.providers import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping


class Feature(StrEnum):
    """Something a stack uses that is reached over the provider's management or data interfaces."""

    KUBERNETES = "kubernetes"
    """The cluster's management interface."""
    REGISTRY = "registry"
    """Container images."""
    MODEL_STORE = "model_store"
    """Model files."""
    KEYS = "keys"
    """Encryption keys."""
    LOGS = "logs"
    """Logs of nodes and pods."""
    METRICS = "metrics"
    """Measurements."""
    IDENTITY = "identity"
    """Tokens for pods."""
    MACHINES = "machines"
    """Nodes: their names, addresses and disks."""
    SCALING = "scaling"
    """Growing and shrinking of pools."""
    LOAD_BALANCING = "load_balancing"
    """Load balancers for gateways."""
    BACKUP = "backup"
    """Backups and restores."""
    SECRETS = "secrets"
    """Secrets of pods."""
    AUDIT = "audit"
    """The record of who did what."""


class EndpointType(StrEnum):
    """How a service is brought into the network."""

    GATEWAY = "gateway"
    """A route of the VPC; costs nothing."""
    INTERFACE = "interface"
    """An address in a subnet of the VPC."""
    PRIVATE_LINK = "private_link"
    """A private endpoint of Azure: an address in a subnet of the VNet."""


class Endpoint(Fact):
    """One way into a provider's service that never leaves the network.

    Refuses an Azure endpoint without a DNS zone and an AWS endpoint with a group.
    """

    name: str = Field(
        min_length=2, description="The service: the end of its VPC endpoint's name, or a private-link resource."
    )
    provider: Provider = Field(description="Whose service it is.")
    type: EndpointType = Field(description="How it is brought into the network.")
    features: frozenset[Feature] = Field(min_length=1, description="The features that need it.")
    group: str | None = Field(
        default=None, description="Private-link group (sub-resource); none where Azure makes the endpoint."
    )
    dns_zones: tuple[str, ...] = Field(default=(), description="Private DNS zones, `{region}` for the region's key.")
    global_service: str | None = Field(
        default=None, description="Whole name of the service where it has no region in it."
    )

    @model_validator(mode="after")
    def _fits_provider(self) -> Self:
        if self.provider is Provider.AZURE and (self.type is not EndpointType.PRIVATE_LINK or not self.dns_zones):
            raise ValueError("an Azure endpoint is a private_link with its DNS zones")
        if self.provider is Provider.AWS and (self.group or self.type is EndpointType.PRIVATE_LINK):
            raise ValueError("an AWS endpoint is a gateway or an interface, without a group")
        return self

    def service_name(self, region: str) -> str:
        """Return the name of the VPC endpoint service in a region."""
        return self.global_service or f"com.amazonaws.{region}.{self.name}"

    def zones_in(self, region: str) -> tuple[str, ...]:
        """Return the private DNS zones for a region."""
        return tuple(zone.format(region=region) for zone in self.dns_zones)


@cache
def all_endpoints() -> Mapping[str, Endpoint]:
    """Return every endpoint of every provider by its key."""
    return read_rows("private_access.yaml", Endpoint)


def endpoints(provider: Provider | str, features: Iterable[Feature]) -> tuple[Endpoint, ...]:
    """Return the endpoints of a provider that the features need, each once, in order of their names."""
    wanted = frozenset(features)
    found = [each for each in all_endpoints().values() if each.provider == provider and each.features & wanted]
    return tuple(sorted(found, key=lambda each: each.name))
