"""What machines cost an hour, where a source says so."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from falaj.catalog.facts import Fact, read_rows

Hourly = Annotated[float, Field(gt=0, le=10_000)]
"""Price of an hour."""


class RegionPrices(Fact):
    """On-demand prices of one region."""

    currency: Literal["USD"] = Field(description="In what.")
    hourly: Mapping[str, Hourly] = Field(description="Price of an hour, by the provider's name of the size.")


@cache
def prices() -> Mapping[str, RegionPrices]:
    """Return the prices of every region that has any, by its key."""
    return read_rows("prices.yaml", RegionPrices)
