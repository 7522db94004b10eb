"""What is to be written at the end of a turn of the event loop: frames that are made in it go out together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Turn:
    """Those who have something to write. Ends with the handling of what came in, or by itself soon."""

    def __init__(self) -> None:
        self._writers: list[Callable[[], None]] = []
        self._depth = 0

    def add(self, write: Callable[[], None]) -> None:
        """Call this at the end of the turn, once."""
        self._writers.append(write)
        if not self._depth and len(self._writers) == 1:
            asyncio.get_running_loop().call_soon(self._end)

    def begin(self) -> None:
        """Something that came in is being handled."""
        self._depth += 1

    def end(self) -> None:
        """It was handled."""
        self._depth -= 1
        if not self._depth:
            self._end()

    def _end(self) -> None:
        writers = self._writers
        while writers:
            self._writers = []
            for write in writers:
                write()
            writers = self._writers


TURN = Turn()
"""That of the process's one event loop."""
