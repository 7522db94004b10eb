"""Services: which of a provider's services a region has, lacks, or may have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic import Field

from falaj.catalog.availability import Availability
from falaj.catalog.facts import Fact
from falaj.catalog.files import data_folder, read_mapping


class Service(Fact):
    """One service in one region."""

    title: str = Field(min_length=2, description="What it is, in words.")
    available: Availability = Field(description="Whether the region has it.")
    notes: str = Field(default="", description="What else to know before building on it.")


@cache
def _all() -> Mapping[str, Mapping[str, Service]]:
    content = read_mapping(data_folder() / "services.yaml")
    return MappingProxyType(
        {
            region: MappingProxyType({key: Service.model_validate(row) for key, row in rows.items()})
            for region, rows in content.items()
        }
    )


def services(region: str) -> Mapping[str, Service]:
    """Return the services known of a region by their keys; none where nobody listed them."""
    return _all().get(region, MappingProxyType({}))


def service(region: str, key: str) -> Service | None:
    """Return one service of a region, or None where the catalog has no row for it."""
    return services(region).get(key)
