"""What is to be done at the end of a turn of the event loop: frames that are made in it go out together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Turn:
    """Those who have something to write, or to do after that. Ends with the handling of what came in, or soon."""

    def __init__(self) -> None:
        self.depth = 0
        """How many are handling what came in; whoever is done last calls ``end``."""
        self._due: list[Callable[[], None]] = []

    def add(self, do: Callable[[], None]) -> None:
        """Call this at the end of the turn, once, after those that were added before."""
        self._due.append(do)
        if not self.depth and len(self._due) == 1:
            asyncio.get_running_loop().call_soon(self.end)

    def end(self) -> None:
        """Call them."""
        due = self._due
        while due:
            self._due = []
            for do in due:
                do()
            due = self._due


TURN = Turn()
"""That of the process's one event loop."""
