"""How a long piece of work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the steps of a build or a start; the command line draws them."""

    def step(self, title: str, done: float | None, total: float | None, seconds_left: float | None) -> None:
        """Say what is being done now.

        Args:
            title: What is being done.
            done: How much of ``total`` is done, in any unit; None where that is not known.
            total: The whole; None where that is not known.
            seconds_left: An estimate; None where there is none.
        """


class Silent:
    """A Progress that says nothing."""

    def step(self, title: str, done: float | None, total: float | None, seconds_left: float | None) -> None:
        """Ignore the step."""
