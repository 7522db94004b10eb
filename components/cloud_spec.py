"""What every specification of something in a cloud has in common: where it lies and whose account it lies in."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.placement import Placement
from falaj.catalog.providers import Provider
from falaj.catalog.regions import Region, regions

AWS_ACCOUNT = r"\d{12}"
AZURE_SUBSCRIPTION = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class CloudSpec(BaseModel):
    """Placement and account. Refuses a subscription where an account is asked for, and the other way round."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    placement: Placement
    account: str = Field(
        pattern=rf"^({AWS_ACCOUNT}|{AZURE_SUBSCRIPTION})$",
        description="AWS account, twelve digits, or Azure subscription, its id.",
    )

    @model_validator(mode="after")
    def _fits_its_cloud(self) -> Self:
        if self.region.provider is Provider.LOCAL:
            raise ValueError(f"{self.placement.region} is no region of a cloud, allowed: a region of aws or azure")
        if (self.region.provider is Provider.AWS) != self.account.isdigit():
            wanted = "an account of twelve digits" if self.region.provider is Provider.AWS else "a subscription's id"
            raise ValueError(f"account {self.account} does not fit {self.placement.region}, allowed: {wanted}")
        return self

    @property
    def region(self) -> Region:
        """The catalog's row of the region."""
        return regions()[self.placement.region]

    @property
    def has_zones(self) -> bool:
        """Whether the region has availability zones, by the catalog."""
        return self.region.zones != "unknown" and len(self.region.zones) > 1

    @property
    def pair_in_country(self) -> str | None:
        """The region the provider pairs with this one, where both lie in one country."""
        pair = self.region.paired_region
        if pair is None or regions()[pair].jurisdiction.country != self.region.jurisdiction.country:
            return None
        return pair
