"""What is done now: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Shown:
    """A bar of rows with what is done now beside it."""

    def __init__(self, bar: Progress, rows: int) -> None:
        self._bar = bar
        self._task = bar.add_task("getting ready", total=rows)

    def tell(self, what: str) -> None:
        """Say what is done now."""
        self._bar.update(self._task, description=what)
        if not self._bar.console.is_terminal:
            self._bar.console.print(what, highlight=False)

    def advance(self) -> None:
        """One row is done."""
        self._bar.advance(self._task)


@contextmanager
def shown(rows: int) -> Iterator[Shown]:
    """Progress on standard error, which leaves standard output to the figures."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield Shown(bar, rows)
