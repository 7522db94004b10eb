"""A file that can't be read: what could not be read was not judged, and nobody may take it for passed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file, where, and what is allowed there."""

    file: str
    line: int | None
    wrong: str
    allowed: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.wrong}; expected {self.allowed}"


class UnreadableError(Exception):
    """One or more files could not be read."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
