"""Types of resources that take tags, as the SDKs of both clouds list them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import Field

from falaj.catalog.facts import Fact, read_rows


class Taggable(Fact):
    """What one SDK lets its users tag."""

    version: str = Field(description="Version of the SDK.")
    types: Mapping[str, tuple[str, ...]] = Field(description="Names of the types, by the module they belong to.")


@cache
def taggable() -> Mapping[str, Taggable]:
    """Return what can be tagged, by the name of the package."""
    return read_rows("taggable.yaml", Taggable)


def takes_tags(token: str) -> bool:
    """Tell whether resources of a type take tags as a map of texts."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    row = taggable().get(package)
    return row is not None and name in row.types.get(module.partition("/")[0], ())
