"""Why a mutant may survive."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Excuse:
    """Why some mutants may survive: changes, by operator and name, that are harmless in one good example or in all."""

    changes: tuple[str, ...]
    reason: str
    example: str | None = None

    def covers(self, change: str, example: str) -> bool:
        """Whether the mutant that made this change to this example may survive."""
        return change in self.changes and self.example in (None, example)


def each(operators: str, *names: str) -> tuple[str, ...]:
    """Every operator with every name of a property."""
    return tuple(f"{operator} {name}" for operator in operators.split() for name in names)
