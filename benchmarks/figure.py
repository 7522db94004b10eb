"""A measured figure beside its goal."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One thing that is measured: every run, and the most, or the least, that their median may be."""

    name: str
    goal: float
    runs: list[float] = field(default_factory=list)
    unit: str = "s"
    at_least: bool = False
    """Whether more is better: the goal is the least then."""

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return statistics.median(self.runs)

    @property
    def met(self) -> bool:
        """Whether the median keeps to the goal."""
        return self.median >= self.goal if self.at_least else self.median <= self.goal

    def line(self) -> str:
        """One line for a person."""
        spread = f"{min(self.runs):.2f} to {max(self.runs):.2f}, {len(self.runs)} runs"
        return (
            f"{'met ' if self.met else 'MISS'}  {self.name:54} {self.median:8.2f} {self.unit}  "
            f"goal {'at least ' if self.at_least else ''}{self.goal:g} {self.unit}  ({spread})"
        )

    def as_record(self) -> dict[str, object]:
        """The figure as JSON keeps it."""
        rounded = [round(run, 3) for run in self.runs]
        return {
            "name": self.name,
            "unit": self.unit,
            "goal": self.goal,
            **({"atLeast": True} if self.at_least else {}),
            "median": round(self.median, 3),
            "runs": rounded,
        }
