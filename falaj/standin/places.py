"""Regions and locations that a resource names for itself: those of the catalog that lie in the UAE, no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from falaj.standin.wire import is_unknown, revealed

COUNTRY = "AE"
"""The country in which everything has to lie."""

WORLDWIDE = "global"
"""Location of Azure resources that lie in no region."""

_WORLDWIDE_TYPES = (
    "azure-native:cdn:",
    "azure-native:dns:",
    "azure-native:monitor:ActionGroup",
    "azure-native:monitor:ActivityLogAlert",
    "azure-native:monitor:PrivateLinkScope",
    "azure-native:privatedns:",
    "azure-native:trafficmanager:",
)
_NAMES = frozenset({"region", "regionName", "location", "locationName", "replicaRegion", "stsRegion"})
_LISTS = frozenset({"regions", "locations", "replicas", "failoverLocations", "allowedRegions"})
_FREE = frozenset({"tags", "tagsAll", "labels", "metadata"})
_PROVIDERS = {"aws": "aws", "azure-native": "azure"}


def refused(package: str, token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every region or location among the inputs that lies outside the catalog: its path, and what is allowed."""
    if package not in _PROVIDERS:
        return
    allowed = _allowed(_PROVIDERS[package])
    if token.startswith(_WORLDWIDE_TYPES):
        allowed = allowed | {WORLDWIDE}
    for path, value in _named(inputs, ""):
        if not is_unknown(value) and value.lower().replace(" ", "") not in allowed:
            yield path, f"{value} does not lie in the UAE, allowed: {', '.join(sorted(allowed))}"


@cache
def _allowed(provider: str) -> frozenset[str]:
    """The provider's regions in the country. Their file is read as it is: its models would take as long as all else."""
    file = resources.files("falaj.catalog").joinpath("data", "regions.yaml")
    rows: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return frozenset(
        name
        for name, region in rows.items()
        if region["provider"] == provider and region["jurisdiction"]["country"] == COUNTRY
    )


def _named(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text at a property whose name says that it is a region."""
    given = revealed(value)
    if isinstance(given, list):
        for index, item in enumerate(given):
            yield from _named(item, f"{path}[{index}]")
    elif isinstance(given, dict):
        for name, item in given.items():
            here = f"{path}.{name}" if path else name
            if name in _NAMES and isinstance(region := revealed(item), str):
                yield here, region
            elif name in _LISTS and isinstance(listed := revealed(item), list):
                yield from _listed(listed, here)
            elif name not in _FREE:
                yield from _named(item, here)


def _listed(listed: list[object], path: str) -> Iterator[tuple[str, str]]:
    """The regions of a list: texts, or objects with a name."""
    for index, item in enumerate(listed):
        here = f"{path}[{index}]"
        match revealed(item):
            case str(region):
                yield here, region
            case {"name": str(region)}:
                yield f"{here}.name", region
            case other:
                yield from _named(other, here)
