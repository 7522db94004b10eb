"""Why a mutant may survive."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Excuse:
    """Why some mutants may survive: changes, by operator and name, that are harmless in some good examples.

    It names the examples. Where the reason is the same in many it names the kinds of resources that are changed,
    parted by spaces, or ``*`` where it is the same for a table of them.
    """

    changes: tuple[str, ...]
    reason: str
    example: str | tuple[str, ...] = ()
    of: str = ""

    @property
    def examples(self) -> tuple[str, ...]:
        """The labels of the examples it holds in; in all where there are none."""
        return (self.example,) if isinstance(self.example, str) else self.example

    def covers(self, change: str, kind: str, example: str) -> bool:
        """Whether the mutant that made this change to this example may survive."""
        return (
            change in self.changes
            and (not self.examples or example in self.examples)
            and (self.of in ("", "*") or kind in self.of.split())
        )


def each(operators: str, *names: str) -> tuple[str, ...]:
    """Every operator with every name of a property."""
    return tuple(f"{operator} {name}" for operator in operators.split() for name in names)
