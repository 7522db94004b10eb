"""What may be asked of the guardrails of an account."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from components.cloud_spec import CloudSpec
from components.network.spec import Egress
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions

TARGET = r"^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|\d{12})$"


class GuardrailsSpec(CloudSpec):
    """What an account refuses to everyone in it. The regions follow from the placement's country and have no field."""

    egress: Egress = Field(description="The network's way out; without one, public addresses are refused altogether.")
    sizes: tuple[str, ...] = Field(
        default=(), max_length=60, description="Machine sizes that may be started; every size if empty."
    )
    organizational_unit: str | None = Field(
        default=None,
        pattern=TARGET,
        description="AWS: unit, root or account the policy is attached to; if absent a person attaches it.",
    )

    @model_validator(mode="after")
    def _has_units(self) -> Self:
        if self.organizational_unit is not None and self.region.provider is not Provider.AWS:
            raise ValueError("organizational_unit outside aws, allowed: none; Azure's guardrails need no organisation")
        return self

    @property
    def allowed_regions(self) -> tuple[str, ...]:
        """The provider's regions in the country of the placement."""
        here = self.region
        return tuple(
            sorted(
                key
                for key, region in regions().items()
                if region.provider is here.provider and region.jurisdiction.country == here.jurisdiction.country
            )
        )
