"""Regions: which provider has one, in which jurisdiction it lies and who may use it."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.facts import Fact, Unknown, read_rows
from falaj.catalog.providers import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping


class Access(StrEnum):
    """Who may use a region."""

    OPEN = "open"
    """Every account."""
    OPT_IN = "opt_in"
    """Every account that switches it on first."""
    RESTRICTED = "restricted"
    """Accounts to which the provider grants it on request."""


class Jurisdiction(BaseModel):
    """Whose law governs data that lies there. The free zones have data protection laws of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str | Unknown = Field(pattern="^([A-Z]{2}|unknown)$", description="ISO 3166 code of the country.")
    free_zone: str | None = Field(default=None, description="DIFC or ADGM, where the site lies in one.")


class Region(Fact):
    """One region of one provider."""

    provider: Provider = Field(description="Who runs it.")
    display_name: str = Field(description="The provider's own name for it.")
    location: str | Unknown = Field(description="City, as far as published.")
    jurisdiction: Jurisdiction = Field(description="Whose law governs data there.")
    zones: tuple[str, ...] | Unknown = Field(description="Ids of its availability zones; empty where it has none.")
    access: Access = Field(description="Who may use it.")
    paired_region: str | None = Field(description="The region to which the provider copies on its own.")
    image_account: str | None = Field(
        default=None,
        pattern=r"^\d{12}$",
        description="AWS account whose registry in the region holds the images of EKS add-ons.",
    )
    capacity: str | Unknown = Field(pattern="^(normal|unknown)$", description="Whether new capacity can be had.")
    notes: str = Field(description="What else to know before choosing it.")


@cache
def regions() -> Mapping[str, Region]:
    """Return every region by its key, which is the provider's own id (`local` for this machine)."""
    return read_rows("regions.yaml", Region)
