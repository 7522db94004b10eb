"""Quotas: what a provider lets an account use until more is asked for, and where to ask."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from falaj.catalog.facts import Fact, Unknown, read_rows
from falaj.catalog.providers import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping


class Quota(Fact):
    """One quota of one provider, counted per region."""

    provider: Provider = Field(description="Whose quota it is.")
    title: str = Field(min_length=3, description="The provider's own name for it.")
    counts: Literal["vcpus", "things"] = Field(description="Whether vCPUs are counted, or the things themselves.")
    service: str = Field(description="The provider's code of the service it belongs to.")
    code: str | None = Field(default=None, description="The provider's code of the quota; on Azure the usage's name.")
    spot_title: str | None = Field(default=None, description="The name of the quota of spot machines.")
    spot_code: str | None = Field(default=None, description="The code of the quota of spot machines.")
    default: int | Unknown = Field(description="What a new account starts with.")


def machines_beside(provider: Provider, *, maximum: int, surge_percent: int, zones: int) -> int:
    """Return how many machines an upgrade of a pool starts beside those it has.

    An EKS node group starts up to twice as many as there are zones, or the share it may take away, whichever is more;
    AKS starts the surge. Without a surge, both exchange one machine after the other and start none beside them.
    """
    if surge_percent == 0:
        return 0
    share = -(-maximum * surge_percent // 100)
    return max(share, 2 * zones) if provider is Provider.AWS else share


@cache
def quotas() -> Mapping[str, Quota]:
    """Return every quota by its key, which machine sizes name."""
    return read_rows("quotas.yaml", Quota)
