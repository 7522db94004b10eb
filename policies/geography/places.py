"""Where something lies, told from the names both clouds give: regions, locations, zones, ARNs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from policies.node import Node
from policies.outcomes import Outcome

UAE: Final = "AE"
GLOBAL: Final = "global"
_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>.+)"
)


@cache
def uae_regions(provider: Provider) -> tuple[str, ...]:
    """Return a cloud's regions in the UAE, by their keys in the catalog."""
    return tuple(
        key for key, region in regions().items() if region.provider is provider and region.jurisdiction.country == UAE
    )


def normalised(location: object) -> str | None:
    """Return an Azure location as its key: ``UAE North`` is ``uaenorth``. Nothing for what is no text."""
    return location.lower().replace(" ", "") if isinstance(location, str) else None


def region_of_arn(text: object) -> str | None:
    """Return the region an ARN names; empty text for an ARN that names none, nothing for what is no ARN."""
    match = _ARN.fullmatch(text) if isinstance(text, str) else None
    return match["region"] if match else None


def account_of_arn(text: object) -> str | None:
    """Return the account an ARN names; empty text for an ARN that names none, nothing for what is no ARN."""
    match = _ARN.fullmatch(text) if isinstance(text, str) else None
    return match["account"] if match else None


def lies_in_aws_uae(node: Node) -> Iterator[Outcome]:
    """Judge the name of an AWS region."""
    allowed = uae_regions(Provider.AWS)
    yield from node.must(lambda value: value in allowed, f"a region in the UAE: {', '.join(allowed)}")


def lies_in_azure_uae(node: Node) -> Iterator[Outcome]:
    """Judge the name of an Azure location, however it is written."""
    allowed = uae_regions(Provider.AZURE)
    yield from node.must(lambda value: normalised(value) in allowed, f"a location in the UAE: {', '.join(allowed)}")


def arn_stays(node: Node) -> Iterator[Outcome]:
    """Judge the region an ARN names; an ARN without a region says nothing about where it lies."""
    allowed = ("", *uae_regions(Provider.AWS))
    yield from node.must(
        lambda value: region_of_arn(value) in allowed, f"an ARN in {', '.join(uae_regions(Provider.AWS))}"
    )
