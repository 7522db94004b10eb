"""Which clauses of which law, standard or benchmark ask for each control of the policy pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from falaj.catalog.facts import Fact, read_rows
from falaj.catalog.files import data_folder, read_mapping


class Relation(StrEnum):
    """How far a control covers the clause it refers to."""

    FULL = "full"
    PARTIAL = "partial"
    SUPPORTS = "supports"


class Level(StrEnum):
    """What a broken control does to the plan."""

    DISABLED = "disabled"
    """Nothing: it is not asked for, or the operator's policy configuration switched it off."""
    ADVISORY = "advisory"
    """Is told."""
    MANDATORY = "mandatory"
    """Stops it."""


STRICTNESS = (Level.DISABLED, Level.ADVISORY, Level.MANDATORY)
"""The levels, from what stops nothing to what stops a plan."""


class Framework(Fact):
    """One law, standard or benchmark, and those of its clauses that infrastructure can answer to."""

    title: str = Field(description="Its full name.")
    short: str = Field(description="Its name in a finding.")
    confidence: str = Field(description="How sure its text and its numbers are.")
    clauses: Mapping[str, str] = Field(description="What each clause is about.")

    def holds(self, clause: str) -> bool:
        """Tell whether the clause, or one that it is part of, is listed."""
        return any(
            clause == known or clause.startswith((f"{known}.", f"{known}(", f"{known} ")) for known in self.clauses
        )


class Asked(BaseModel):
    """Who asks for one control, and what breaking it does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wave: int = Field(ge=1, le=2, description="When it was asked for: 1 with the first releases, 2 later.")
    level: Level = Field(description="What breaking it does, before any profile tightens that.")
    profiles: tuple[str, ...] = Field(default=(), description="The profiles it is asked for in; none means all.")
    tighter: Mapping[str, Level] = Field(default={}, description="By profile, what breaking it does there.")
    references: Mapping[str, Mapping[Relation, tuple[str, ...]]] = Field(
        description="Clauses by framework and relation; the most telling framework first."
    )

    def level_for(self, profiles: Iterable[str]) -> Level:
        """Return what breaking it does where all of the profiles hold: the strictest that any of them says."""
        chosen = set(profiles)
        asked = self.level if not self.profiles or chosen & set(self.profiles) else Level.DISABLED
        return max([asked, *(level for name, level in self.tighter.items() if name in chosen)], key=STRICTNESS.index)


@cache
def frameworks() -> Mapping[str, Framework]:
    """Return every framework by its key."""
    return read_rows("frameworks.yaml", Framework)


@cache
def asked_controls() -> Mapping[str, Asked]:
    """Return who asks for each control, by the control's id and in the order of the groups' files."""
    files = sorted((data_folder() / "controls").iterdir(), key=lambda file: file.name)
    rows = {key: Asked.model_validate(row) for file in files for key, row in read_mapping(file).items()}
    return MappingProxyType(rows)
