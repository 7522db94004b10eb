"""What may be asked of the account an environment lies in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from components.placement import Placement

UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class AwsAccountSpec(BaseModel):
    """One AWS account in one region."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    placement: Placement
    account: str = Field(pattern=r"^\d{12}$", description="Twelve digits; credentials of another account are refused.")


class AzureSubscriptionSpec(BaseModel):
    """One Azure subscription in one region."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    placement: Placement
    subscription: str = Field(pattern=UUID, description="Its id; credentials of another one are refused.")
    directory: str = Field(pattern=UUID, description="The Entra tenant it trusts.")
    resource_group: str | None = Field(
        default=None, max_length=90, description="A resource group that exists; one of the stack's own if absent."
    )
