"""Where a cloud resource lies, what it is for and who answers for it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.data_flows import DataClass
from falaj.catalog.regions import regions
from falaj.catalog.tags import SHARED, Stage, Tag

PERSONAL = frozenset({DataClass.PERSONAL, DataClass.HEALTH, DataClass.FINANCIAL})
"""Classes that say something about a person."""


class Placement(BaseModel):
    """Region, purpose and owner of everything one stack makes in a cloud; becomes the tags of each resource."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack: str = Field(min_length=1, max_length=100, description="Stack that makes it.")
    region: str = Field(description="Catalog key of the region.")
    stage: Stage = Field(description="What the environment is for.")
    owner: str = Field(pattern=r"^[a-z0-9-]{2,40}$", description="Team that answers for it.")
    cost_centre: str = Field(pattern=r"^[A-Za-z0-9-]{2,40}$", description="Where its cost is booked.")
    data_class: DataClass = Field(description="The highest class of data it may hold.")
    tenant: str | None = Field(default=None, description="The tenant it serves; all of them if absent.")
    processing_record: str | None = Field(
        default=None, min_length=3, max_length=60, description="Entry of the record of processing activities."
    )

    @property
    def protected(self) -> bool:
        """Whether what holds state is protected from removal and replacement."""
        return self.stage is not Stage.DEVELOPMENT

    def tags(self) -> dict[str, str]:
        """Return the tags that every resource of the stack carries."""
        record = {} if self.processing_record is None else {Tag.PROCESSING_RECORD.value: self.processing_record}
        return {
            Tag.OWNER.value: self.owner,
            Tag.ENVIRONMENT.value: self.stage.value,
            Tag.STACK.value: self.stack,
            Tag.COST_CENTRE.value: self.cost_centre,
            Tag.DATA_CLASSIFICATION.value: self.data_class.value,
            Tag.DATA_RESIDENCY.value: regions()[self.region].jurisdiction.country,
            Tag.TENANT.value: self.tenant or SHARED,
            Tag.PERSONAL_DATA.value: "yes" if self.data_class in PERSONAL else "no",
            **record,
        }
