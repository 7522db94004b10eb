"""What every dated fact of the catalog has in common, and how a file of them is read."""

from __future__ import annotations

from datetime import date
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

Unknown = Literal["unknown"]
"""The legal answer when nobody could establish the fact."""


class Fact(BaseModel):
    """A row of the catalog: refuses unknown fields and a row without source or date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(min_length=3, description="Where it was read.")]
    reviewed: Annotated[date, Field(description="When it was last read.")]


Row = TypeVar("Row", bound=Fact)


def data_folder() -> Traversable:
    """Return the folder that holds the catalog's files."""
    return resources.files("falaj.catalog").joinpath("data")


def read_mapping(path: Traversable) -> dict[str, Any]:
    """Read one YAML file of the catalog as plain data."""
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return content


def read_rows(file_name: str, row: type[Row]) -> Mapping[str, Row]:
    """Read one YAML file of the catalog into rows by key. Refuses a malformed row with pydantic's own error."""
    rows = {key: row.model_validate(fields) for key, fields in read_mapping(data_folder() / file_name).items()}
    return MappingProxyType(rows)
