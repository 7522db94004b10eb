"""What an endpoint says of its model, so that somebody answers for it: written as annotations, listed in a register."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.model_annotations import ModelAnnotation, Oversight, RegisterField, RiskTier, YesNo

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Words = Annotated[str, Field(min_length=3, max_length=400)]


class Assessment(BaseModel):
    """A data protection impact assessment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{1,59}$", description="Its entry where assessments are kept.")
    day: date = Field(description="Day it was made, as YYYY-MM-DD.")


class GovernanceSpec(BaseModel):
    """What is said of one model. Says nothing of a person's consent or of the model's quality: its card does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(pattern=r"^[0-9][0-9A-Za-z.+-]{0,30}$", description="Version of the model that is served.")
    purpose: Words = Field(description="What it is for, in words.")
    licence: str = Field(min_length=2, max_length=60, description="On what terms it is used, an SPDX id if it has one.")
    card: str | None = Field(
        default=None, pattern=r"^(oci|https)://", description="Address of its card; the model's own image if absent."
    )
    risk: RiskTier = Field(description="What its mistakes can do.")
    oversight: Oversight = Field(description="Who stands between it and the world.")
    automated_decision: bool = Field(default=False, description="Whether it decides about people without a person.")
    review_route: str | None = Field(
        default=None,
        pattern=r"^(https|mailto|tel):",
        description="Where a person has a decision looked at again; needed where it decides on its own.",
    )
    assessment: Assessment | None = Field(
        default=None, description="Its impact assessment; needed for high risk and for data about persons."
    )
    bias_checked: date | None = Field(default=None, description="Day of the last check for bias, as YYYY-MM-DD.")
    training_data: Words = Field(description="What it was trained on: a data set by name or address.")
    training_residency: tuple[Country, ...] = Field(
        min_length=1, description="Where that data lay meanwhile, as ISO 3166 codes."
    )

    def annotations(self, *, name: str, owner: str, model: str, personal: bool) -> dict[str, str]:
        """Return the annotations of the object that serves it; ``model`` is its image by digest."""
        said: dict[ModelAnnotation, str | None] = {
            ModelAnnotation.NAME: name,
            ModelAnnotation.VERSION: self.version,
            ModelAnnotation.OWNER: owner,
            ModelAnnotation.LICENCE: self.licence,
            ModelAnnotation.CARD: self.card or f"oci://{model}",
            ModelAnnotation.RISK: self.risk,
            ModelAnnotation.OVERSIGHT: self.oversight,
            ModelAnnotation.PERSONAL_DATA: YesNo.YES if personal else YesNo.NO,
            ModelAnnotation.ASSESSMENT: self.assessment.id if self.assessment else None,
            ModelAnnotation.ASSESSED_ON: str(self.assessment.day) if self.assessment else None,
            ModelAnnotation.BIAS_CHECKED_ON: str(self.bias_checked) if self.bias_checked else None,
            ModelAnnotation.AUTOMATED_DECISION: YesNo.YES if self.automated_decision else YesNo.NO,
            ModelAnnotation.REVIEW_ROUTE: self.review_route,
            ModelAnnotation.TRAINING_DATA: self.training_data,
            ModelAnnotation.TRAINING_RESIDENCY: ",".join(self.training_residency),
        }
        return {str(key): str(value) for key, value in said.items() if value is not None}

    def entry(self, *, name: str, owner: str, model: str, residency: str) -> dict[str, Any]:
        """Return the model's entry in the stack's register."""
        said: dict[RegisterField, str | None] = {
            RegisterField.NAME: name,
            RegisterField.VERSION: self.version,
            RegisterField.DIGEST: model.partition("@")[2],
            RegisterField.PURPOSE: self.purpose,
            RegisterField.OWNER: owner,
            RegisterField.RISK: self.risk,
            RegisterField.ASSESSMENT: self.assessment.id if self.assessment else None,
            RegisterField.RESIDENCY: residency,
        }
        return {str(key): str(value) for key, value in said.items() if value is not None}
