"""What a check may say about a resource. Saying nothing means that all is well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from policies.path import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """A value that breaks the control: where it lies, what was found, what is allowed."""

    at: Path
    """Path of the value inside its resource."""
    found: str
    """The value as shown to the reader, secrets redacted."""
    expected: str
    """What is allowed there."""
    urn: str | None = None
    """The resource that holds the value, where it is not the one judged."""

    def __str__(self) -> str:
        return f"{self.at}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Undecided:
    """A value the verdict depends on and that is not known yet. Never a pass."""

    at: Path
    """Path of the value that is not known."""
    missing: str | None = None
    """What the program or the operator has to say before it can be known; without it, the update will tell."""
    urn: str | None = None
    """The resource that holds the value, where it is not the one judged."""

    def __str__(self) -> str:
        return f"{self.at}: not known{f', {self.missing}' if self.missing else ' yet'}"


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The control has nothing to judge in this resource, and why."""

    reason: str
    """Why, as evidence for an auditor."""


Outcome: TypeAlias = Finding | Undecided | NotApplicable
"""Anything a check may yield."""
