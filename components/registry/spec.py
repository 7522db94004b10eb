"""What may be asked of a container registry, and how it is called before it exists."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from components.cloud_names import global_name
from components.cloud_spec import CloudSpec
from components.registry.names import REPOSITORY, image_below, repository_of
from falaj.catalog.providers import Provider

AZURE_NAME = re.compile(r"[a-z0-9]{5,50}")
AWS_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
LONGEST_REPOSITORY = 256
LONGEST_AZURE_NAME = 50
LONGEST_AWS_PREFIX = 30
"""The most that ECR takes as the prefix of what it fetches through."""
ANONYMOUS_UPSTREAMS = ("public.ecr.aws",)
"""Registries that ECR fetches from without credentials and that we have looked at."""


def _distinct(repositories: tuple[str, ...]) -> tuple[str, ...]:
    if len({*repositories}) < len(repositories):
        raise ValueError("allowed: each repository once")
    return tuple(sorted(repositories))


Repository = Annotated[str, Field(pattern=rf"^{REPOSITORY}$", max_length=LONGEST_REPOSITORY)]


class PullThrough(BaseModel):
    """A registry elsewhere from which missing images are fetched and kept. Inbound only, and no nodes wait for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{3,48}[a-z0-9]$", description="Name of the rule.")
    source: str = Field(
        pattern=r"^[a-z0-9.-]+\.[a-z]{2,}(/[a-z0-9*./_-]+)?$",
        description="Where images come from: a registry, on Azure with a path such as mcr.microsoft.com/*.",
        examples=["mcr.microsoft.com/*"],
    )
    target: str = Field(
        pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*(/\*)?$",
        description="Where they lie here.",
        examples=["aks-managed-repository/*"],
    )


AKS_SYSTEM_IMAGES = PullThrough(
    name="aks-system-images", source="mcr.microsoft.com/*", target="aks-managed-repository/*"
)
"""What AKS pulls for itself where its cluster cannot reach the internet: AKS looks for this rule's target by name.

Source: https://learn.microsoft.com/azure/aks/network-isolated, 2026-11-22
"""


class RegistrySpec(CloudSpec):
    """A private registry. Refuses replicas outside the country and mirrors that would need stored credentials.

    Scanning, immutable images, own-key encryption and closed doors are not optional and have no field.
    """

    name: str | None = Field(
        default=None,
        description="Azure: the registry's name. AWS: first part of every repository's. The stack's own if absent.",
    )
    repositories: Annotated[tuple[Repository, ...], AfterValidator(_distinct)] = Field(
        default=(),
        max_length=500,
        description="AWS: repositories to make, without the first part. Azure makes its own.",
    )
    mirrors: tuple[PullThrough, ...] = Field(default=(), max_length=20, description="Registries to fetch through.")
    replicas: tuple[str, ...] = Field(
        default=(), max_length=1, description="Azure: further regions that hold every image; only inside the country."
    )

    @model_validator(mode="after")
    def _fits_its_cloud_by_name(self) -> Self:
        aws = self.region.provider is Provider.AWS
        if (AWS_NAME if aws else AZURE_NAME).fullmatch(registry_name(self)) is None:
            allowed = "a-z and 0-9, with . _ - between them" if aws else "5 to 50 of a-z and 0-9"
            raise ValueError(f"name {registry_name(self)!r}, allowed: {allowed}")
        if not aws and self.repositories:
            raise ValueError("repositories, allowed: none on Azure, where the first push makes them")
        return self

    @model_validator(mode="after")
    def _replicates_in_the_country(self) -> Self:
        for replica in self.replicas:
            if replica != self.pair_in_country:
                raise ValueError(f"replicas {replica!r}, allowed: {self.pair_in_country or 'none in this region'}")
        return self

    @model_validator(mode="after")
    def _mirrors_without_credentials(self) -> Self:
        if self.region.provider is not Provider.AWS:
            return self
        for mirror in self.mirrors:
            if mirror.source not in ANONYMOUS_UPSTREAMS:
                raise ValueError(f"mirrors source {mirror.source!r}, allowed: {', '.join(ANONYMOUS_UPSTREAMS)}")
            if "*" in mirror.target or len(f"{registry_name(self)}/{mirror.target}") > LONGEST_AWS_PREFIX:
                raise ValueError(
                    f"mirrors target {mirror.target!r}, allowed: without *, and with {registry_name(self)}/ at most "
                    f"{LONGEST_AWS_PREFIX} characters"
                )
        return self


def registry_name(spec: RegistrySpec) -> str:
    """Return what the registry is called: on Azure a name among all customers, on AWS a part of the account's."""
    if spec.name is not None:
        return spec.name
    stack = spec.placement.stack
    if spec.region.provider is Provider.AWS:
        return stack.lower()
    return global_name(stack, "registry", spec.account, longest=LONGEST_AZURE_NAME, separator="")


def registry_host(spec: RegistrySpec) -> str:
    """Return the registry's host, known before it exists."""
    if spec.region.provider is Provider.AWS:
        return f"{spec.account}.dkr.ecr.{spec.placement.region}.amazonaws.com"
    return f"{registry_name(spec)}.azurecr.io"


def registry_prefix(spec: RegistrySpec) -> str:
    """Return what the name of every image in it begins with: an AWS account has one registry for all its stacks."""
    host = registry_host(spec)
    return f"{host}/{registry_name(spec)}" if spec.region.provider is Provider.AWS else host


def image_in_registry(spec: RegistrySpec, image: str) -> str:
    """Return the image, given as name@sha256:…, as the environment's nodes pull it. Refuses one without digest."""
    return image_below(registry_prefix(spec), image)


def repositories_for(images: tuple[str, ...]) -> tuple[str, ...]:
    """Return the repositories that hold these images, given by name with or without digest, each once."""
    return tuple(sorted({repository_of(image.partition("@")[0]) for image in images}))
