"""Which versions of a model are served."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from triton_model_configuration.part import Part, Size, filled, repeated


class Latest(Part):
    """The newest ones."""

    num_versions: Annotated[int, Field(ge=1, lt=2**32)]


class All(Part):
    """Every one."""


class Specific(Part):
    """Those named."""

    versions: Annotated[tuple[Size, ...], AfterValidator(filled)]

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for version in repeated(self.versions):
            raise ValueError(f"version_policy: version {version} comes twice; name each once")
        return self


class VersionPolicy(Part):
    """One of three ways to say it; Triton's own default is the latest one."""

    latest: Latest | None = None
    all: All | None = None
    specific: Specific | None = None

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        if [self.latest, self.all, self.specific].count(None) != 2:  # noqa: PLR2004 - all but one
            raise ValueError("version_policy: give one of latest, all and specific")
        return self
