"""What an operator may set for a control: typed, with a default for everything, refused when wrong."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Parameters(BaseModel):
    """The settings of one control. Every field has a default and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid")
