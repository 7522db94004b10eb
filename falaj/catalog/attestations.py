"""What a person has to show for a clause, because no machine that reads a plan can see it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import Field

from falaj.catalog.facts import Fact, read_rows


class Attestations(Fact):
    """What people have to show for the clauses of one framework."""

    clauses: Mapping[str, str] = Field(description="By clause, what a person has to show.")


@cache
def attestations() -> Mapping[str, Attestations]:
    """Return what people have to show, by the framework's key."""
    return read_rows("attestations.yaml", Attestations)
