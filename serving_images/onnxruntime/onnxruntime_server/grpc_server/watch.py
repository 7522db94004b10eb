"""Calls that wait for a message: those that wait too long are cancelled, and quiet streams when the server stops."""

from __future__ import annotations

import math
import threading
import time
from typing import Final

from grpc import ServicerContext

LOOK_SECONDS: Final = 0.5
"""How often the watch looks."""


class Wait:
    """One call that waits for a message."""

    __slots__ = ("context", "expired", "until")

    def __init__(self, context: ServicerContext, until: float) -> None:
        self.context = context
        self.until = until
        self.expired = False
        """Whether the call was cancelled for it."""

    def cancel(self) -> None:
        """End the call."""
        self.context.cancel()  # type: ignore[no-untyped-call]  # the stubs leave its types out


class Watch:
    """Cancels calls that hold a thread and send nothing."""

    def __init__(self) -> None:
        self._waits: dict[Wait, None] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="grpc-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel the streams that wait for a message; those that are busy end after their answer."""
        self._stopping.set()
        self._thread.join()
        for wait in tuple(self._waits):
            if wait.until == math.inf:
                wait.cancel()

    @property
    def stopping(self) -> bool:
        """Whether streams are to end."""
        return self._stopping.is_set()

    def begin(self, context: ServicerContext, seconds: float) -> Wait:
        """Watch a call from now on; as a stream, where the time is infinite."""
        wait = Wait(context, time.monotonic() + seconds)
        self._waits[wait] = None
        return wait

    def end(self, wait: Wait) -> None:
        """Watch it no more: the message has come, or never will."""
        self._waits.pop(wait, None)

    def _look(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            now = time.monotonic()
            for wait in tuple(self._waits):
                if wait.until <= now:
                    wait.expired = True
                    wait.cancel()
