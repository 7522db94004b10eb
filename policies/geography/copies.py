"""Copies that Azure keeps in the paired region: which redundancies make them, and where they may be allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import Field

from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from policies.geography.places import normalised, uae_regions
from policies.node import Node
from policies.outcomes import Outcome
from policies.parameters import Parameters
from policies.resources import Resource
from policies.templates import is_one_of


class PairedCopies(Parameters):
    """Whether Azure may copy to the paired region."""

    in_country_pair: bool = Field(
        default=False,
        description="Allow copies in the paired region, where that lies in the UAE. Azure decides when to fail over.",
    )


def stays(
    node: Node, found: Resource, allowed: PairedCopies, *, here: Collection[object], paired: Collection[object]
) -> Iterator[Outcome]:
    """Judge a redundancy: one that stays in the region, or one that copies to the pair where that is allowed."""
    if allowed.in_country_pair:
        yield from is_one_of(node, (*here, *paired), _words((*here, *paired)))
        if node.value in paired:
            yield from _is_paired_at_home(found["location"])
    else:
        yield from is_one_of(node, here, _words(here))


def _is_paired_at_home(location: Node) -> Iterator[Outcome]:
    home = uae_regions(Provider.AZURE)
    paired = [key for key in home if regions()[key].paired_region in home]
    yield from location.must(
        lambda value: normalised(value) in paired, f"a location whose pair lies in the UAE: {', '.join(paired)}"
    )


def _words(allowed: Collection[object]) -> str:
    return ", ".join("nothing" if each is None else str(each) for each in allowed)
