"""What every dated fact of the catalog has in common, and how a file of them is read."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.files import data_folder, read_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

Unknown = Literal["unknown"]
"""The legal answer when nobody could establish the fact."""


class Fact(BaseModel):
    """A row of the catalog: refuses unknown fields and a row without source or date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(min_length=3, description="Where it was read.")]
    reviewed: Annotated[date, Field(description="When it was last read.")]


Row = TypeVar("Row", bound=Fact)


def read_rows(file_name: str, row: type[Row]) -> Mapping[str, Row]:
    """Read one YAML file of the catalog into rows by key. Refuses a malformed row with pydantic's own error."""
    rows = {key: row.model_validate(fields) for key, fields in read_mapping(data_folder() / file_name).items()}
    return MappingProxyType(rows)
