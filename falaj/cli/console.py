"""What the command prints, and where: results on standard output, progress and errors on standard error.

Standard output is never coloured unless it is a terminal; NO_COLOR is honoured (rich does both).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from falaj.errors import FalajError

STEADY_SECONDS = 15.0
"""How often an unchanged step is mentioned again where there is no terminal."""

output = Console(highlight=False, soft_wrap=True)
messages = Console(stderr=True, highlight=False, soft_wrap=True)


def print_error(error: FalajError) -> None:
    """Print the whole message of an error; the first line in red on a terminal."""
    first, _, rest = str(error).partition("\n")
    messages.print(first, style="bold red", markup=False)
    messages.print(rest, markup=False)


def print_json(value: Any) -> None:  # noqa: ANN401 - anything JSON can hold
    """Print one JSON document on standard output, keys in the order given."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


class Steps:
    """Shows the steps of long work: a live line on a terminal, one line a step elsewhere."""

    def __init__(self, live: Progress | None) -> None:
        self._live = live
        self._task = live.add_task("", total=None, left="") if live is not None else None
        self._title = ""
        self._said = 0.0

    def step(
        self, title: str, done: float | None = None, total: float | None = None, seconds_left: float | None = None
    ) -> None:
        """Say what is being done, how far it is and how long it may still take (seconds; None where unknown)."""
        left = "" if not seconds_left or seconds_left < 1 else f"about {_duration(seconds_left)} left"
        if self._live is not None and self._task is not None:
            self._live.update(self._task, description=title, completed=done or 0, total=total, left=left)
            if title != self._title:
                self._live.console.print(f"  {title}", style="dim", markup=False)
            self._title = title
            return
        now = time.monotonic()
        if title != self._title or now - self._said >= STEADY_SECONDS:
            self._title, self._said = title, now
            messages.print(f"  {title}" + (f" ({left})" if left else ""), markup=False)


@contextmanager
def steps() -> Iterator[Steps]:
    """Progress of one verb; leaves its finished steps on the screen."""
    if not messages.is_terminal:
        yield Steps(None)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Progress(*columns, console=messages, transient=True) as live:
        yield Steps(live)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
