"""The zones that subnets and pools span, as far as the plan knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from falaj.catalog.availability import Availability
from falaj.catalog.offers import machine_sizes
from policies.geography.homes import Home
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Plan, Resource
from policies.values import UNKNOWN

SUBNET: Final = "aws:ec2/subnet:Subnet"
PLACES: Final = ("availabilityZoneId", "availabilityZone")
"""Where a subnet says its zone: by id, or by a name that stands for another zone in each account."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a list of subnets lies."""

    zones: tuple[str, ...]
    """The zones that are known, each once."""
    elsewhere: int
    """How many subnets are known by their ids alone, because another stack made them."""
    most: int | None
    """How many subnets the list names, where it is known that far."""
    undecided: tuple[Outcome, ...]
    """What is not known yet and may be one zone more."""

    def within(self, home: Home, zones: tuple[str, ...]) -> int:
        """Count those of the zones it spans, if each subnet of another stack has one of its own.

        Of a zone that is given by its name alone, no more is known than that the region has it.
        """
        name = re.compile(f"{re.escape(str(home.key))}[a-z]")
        counted = len([zone for zone in self.zones if zone in zones or name.fullmatch(zone)]) + self.elsewhere
        return counted if self.most is None else min(counted, self.most)


def span_of(ids: Node, made_from: Iterable[str], plan: Plan) -> Span:
    """Return where subnets lie, given by their ids and by what those ids were made from."""
    origins = set(made_from)
    subnets = [each for each in plan.of_type(SUBNET) if each.urn in origins]
    known = {each.value for each in ids.items() if each.known}
    unknown = [each for each in ids.items() if not each.known]
    # Ids that are not known yet are first of all those of the subnets this very stack makes.
    strangers = unknown[len(subnets) :]
    of_known = max(0, len(subnets) - len(unknown))
    place = max(PLACES, key=lambda name: len({*_said(subnets, name)}))
    missing = [each for each in subnets if each[place].value is None or not each[place].known]
    return Span(
        tuple(sorted({*_said(subnets, place)})),
        max(0, len(known) - of_known),
        None if ids.value is UNKNOWN else len(known) + len(unknown),
        (
            *(each.undecided for each in strangers[:1]),
            *(outcome for each in missing for outcome in said_of(each, [each[place].undecided])),
        ),
    )


def _said(subnets: Iterable[Resource], place: str) -> list[str]:
    return [str(each[place].value) for each in subnets if each[place].known and each[place].value is not None]


def zones_for(home: Home, sizes: Iterable[object]) -> tuple[str, ...] | None:
    """Return the zones of a region in which one of the sizes may be sold; nothing where nobody knows its zones.

    A size that nobody listed may be sold anywhere.
    """
    region = home.region
    if region is None or not isinstance(region.zones, tuple):
        return None
    offers = [machine_sizes(str(home.key)).get(str(size)) for size in sizes]
    return tuple(
        zone
        for zone in region.zones
        if not offers or any(offer is None or offer.sold_in(zone) is not Availability.NO for offer in offers)
    )
