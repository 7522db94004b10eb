"""What every measurement is given: the two cores, a folder, how often and how long."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.serving.errors import MeasurementError

LOOK_SECONDS = 1.0
"""How long the machine is watched before a row is measured."""


@dataclass(frozen=True)
class Cores:
    """The core that a server has to itself, and that of whoever calls it."""

    server: int
    callers: int

    @classmethod
    def of_this_process(cls) -> Cores:
        """The first two of the cores this process may use; refuses to measure on one."""
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) < 2:  # noqa: PLR2004 - one for the server, one for its callers
            raise MeasurementError("Two cores are needed, one for the server and one for its callers.")
        return cls(usable[0], usable[1])

    def on_server_core(self, command: list[str]) -> list[str]:
        """The command, kept to the server's core with all that it starts."""
        return ["taskset", "-c", str(self.server), *command]

    def on_both(self, command: list[str]) -> list[str]:
        """The command, free to use both cores."""
        return ["taskset", "-c", f"{self.server},{self.callers}", *command]

    def stay_with_callers(self) -> None:
        """Keep this process, and the load generators that it starts, off the server's core."""
        os.sched_setaffinity(0, {self.callers})


@dataclass(frozen=True)
class Bench:
    """One run of the benchmark."""

    cores: Cores
    folder: Path
    """For logs, bodies and repositories; removed at the end."""

    rounds: int
    """Repeats of everything that is compared in alternation."""

    seconds: float
    """How long one load lasts."""

    tell: Callable[[str], None]
    """Told what is done now."""


def share_used_by_others(seconds: float = LOOK_SECONDS) -> float:
    """How much of the machine's cores is busy while this process only waits: 0 on a quiet machine, at most 1."""
    before, start = _busy_seconds(), time.monotonic()
    time.sleep(seconds)
    used = (_busy_seconds() - before) / (time.monotonic() - start)
    return max(0.0, min(1.0, used / (psutil.cpu_count() or 1)))


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice
