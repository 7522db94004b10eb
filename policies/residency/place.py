"""Where a receiver of data lies, as far as law asks: in the country, in a global service, abroad."""

from __future__ import annotations

from enum import StrEnum

from falaj.catalog.regions import regions
from policies.geography.places import UAE
from policies.residency.edges import Edge
from policies.stack import Stack


class Place(StrEnum):
    """Where a receiver lies."""

    INSIDE = "inside the UAE"
    GLOBAL = "global service"
    """Of a cloud as a whole; the catalog says what it is told."""
    ABROAD = "abroad"
    UNKNOWN = "not known"


def place_of(edge: Edge, stack: Stack) -> Place:
    """Return where the receiver of a movement lies; a region that nobody knows is abroad, as its control says."""
    if edge.global_service is not None:
        return Place.GLOBAL
    if edge.finding is not None:
        return Place.ABROAD
    if edge.region is None:
        return Place.UNKNOWN
    region = regions().get(edge.region)
    country = None if region is None else region.jurisdiction.country
    if country == "unknown":
        return Place.INSIDE if stack.local_country == UAE else _of_country(stack.local_country)
    return Place.INSIDE if country == UAE else Place.ABROAD


def _of_country(country: str | None) -> Place:
    return Place.UNKNOWN if country is None else Place.ABROAD
