"""Services that process or keep data outside the region that a resource names."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Literal

from pydantic import Field

from falaj.catalog.facts import Fact, read_rows


class Advice(StrEnum):
    """What to do about it."""

    FORBID = "forbid"
    """Never; a control stops it."""
    WAIVE = "waive"
    """Only with a reviewed waiver, and only where the copy stays in the country."""
    KNOW = "know"
    """Allowed; the owner of the data has to know."""


class GlobalService(Fact):
    """One service whose data leave the region although the resource is pinned to it."""

    provider: Literal["aws", "azure", "any"] = Field(description="Whose service it is; any for what runs anywhere.")
    title: str = Field(min_length=2, description="What it is, in words.")
    processes: str = Field(min_length=3, description="What data it processes or keeps elsewhere.")
    place: str = Field(min_length=2, description="Where, as far as known.")
    shown_by: str = Field(min_length=3, description="The type and property, or the setting, that gives it away.")
    advice: Advice = Field(description="What to do about it.")
    instead: str = Field(min_length=3, description="What to use or set instead.")
    controls: tuple[str, ...] = Field(default=(), description="The controls that watch for it.")
    preflight: tuple[str, ...] = Field(
        default=(), description="Rows of `falaj preflight` that watch for it, where no plan tells."
    )
    breaker: int | None = Field(
        default=None, ge=1, description="Its number among those that the policy pack has to catch; the others may be."
    )
    hosts: tuple[str, ...] = Field(default=(), description="Domains that its hosts lie in.")
    prefixes: tuple[str, ...] = Field(default=(), description="What its ids begin with, up to the first dot.")
    types: tuple[str, ...] = Field(
        default=(),
        description="Types of its resources, whose region nobody chooses; one that ends in * is all that begin so.",
    )

    @property
    def watched_by(self) -> tuple[str, ...]:
        """What watches for it: controls of the policy pack, and rows of preflight."""
        return (*self.controls, *(f"preflight: {row}" for row in self.preflight))

    def makes(self, token: str) -> bool:
        """Tell whether resources of a type are its own."""
        return any(token.startswith(known[:-1]) if known.endswith("*") else token == known for known in self.types)


@cache
def global_services() -> Mapping[str, GlobalService]:
    """Return every such service by its key."""
    return read_rows("global_services.yaml", GlobalService)


def residency_breakers() -> Mapping[str, GlobalService]:
    """Return the services that the policy pack has to catch, each by a test, in the order of their numbers."""
    rows = [(key, row) for key, row in global_services().items() if row.breaker is not None]
    return dict(sorted(rows, key=lambda each: each[1].breaker or 0))


@cache
def global_service_of(token: str) -> GlobalService | None:
    """Return the service that resources of a type belong to; nothing for types that lie in a region."""
    return next((service for service in global_services().values() if service.makes(token)), None)
