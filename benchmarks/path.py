"""The path of a newcomer, timed step by step on a cluster named ``falaj-bench`` with state of its own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
CLUSTER = "falaj-bench"
COLD_GOAL, WARM_GOAL, READY_GOAL, PREVIEW_GOAL, UNCHANGED_GOAL = 1200.0, 90.0, 20.0, 4.0, 5.0


@dataclass(frozen=True)
class Figure:
    """One thing a user waits for: every run in seconds, and the longest that its median may be."""

    name: str
    goal: float
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle of the runs, in seconds."""
        return statistics.median(self.seconds)

    @property
    def met(self) -> bool:
        """Whether the median keeps to the goal."""
        return self.median <= self.goal

    def line(self) -> str:
        """One line for a person."""
        spread = f"{min(self.seconds):.2f} to {max(self.seconds):.2f}, {len(self.seconds)} runs"
        return (
            f"{'met ' if self.met else 'MISS'}  {self.name:32} {self.median:8.2f} s  goal {self.goal:g} s  ({spread})"
        )

    def as_record(self) -> dict[str, object]:
        """The figure as JSON keeps it, in seconds."""
        rounded = [round(second, 3) for second in self.seconds]
        return {"name": self.name, "goal": self.goal, "median": round(self.median, 3), "runs": rounded}


def measure(*, cold: bool, rounds: int) -> list[Figure]:
    """Time every step; leaves no cluster behind, whatever happens."""
    figures = []
    if cold:
        figures.append(_cold())
    with tempfile.TemporaryDirectory(prefix="falaj-bench-") as folder:
        environment = _environment(Path(folder))
        with _removed_afterwards(environment):
            _run(["falaj", "cluster", "build"], environment)
            _run(["falaj", "images", "build"], environment)
            ready = _time(
                "falaj cluster up, built", READY_GOAL, ["falaj", "cluster", "up", "--name", CLUSTER], environment
            )
            _run(["falaj", "cluster", "down", "--name", CLUSTER], environment)
            warm = _time("make up, built", WARM_GOAL, ["scripts/up", CLUSTER], environment)
            local = ["-s", "local", "--kubeconfig", f"/run/falaj/{CLUSTER}/kubeconfig"]
            preview = _time(
                "falaj preview -s local", PREVIEW_GOAL, ["falaj", "preview", *local], environment, rounds=rounds
            )
            again = _time(
                "falaj up -s local, no change",
                UNCHANGED_GOAL,
                ["falaj", "up", *local, "--yes"],
                environment,
                rounds=rounds,
            )
    return [*figures, ready, warm, preview, again]


def _cold() -> Figure:
    """A clone of what is committed, in a folder without any cache of uv, Go or ours; Debian packages are there."""
    with tempfile.TemporaryDirectory(prefix="falaj-cold-") as folder:
        clone = Path(folder) / "falaj"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        caches = {"FALAJ_CACHE": "cache", "GOMODCACHE": "modules", "UV_CACHE_DIR": "uv"}
        environment = {
            **_inherited(),
            "FALAJ_ENGINE": "embedded",
            **{name: str(Path(folder) / place) for name, place in caches.items()},
        }
        try:
            return _time(
                "make up, nothing built", COLD_GOAL, ["make", "up", f"CLUSTER={CLUSTER}"], environment, folder=clone
            )
        finally:
            _run(["make", "down", f"CLUSTER={CLUSTER}"], environment, clone)
            subprocess.run(["chmod", "-R", "u+w", folder], check=True)  # Go makes its module cache read-only


def _environment(state: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**_inherited(), "PATH": path, "FALAJ_ENGINE": "embedded", "FALAJ_STATE_DIRECTORY": str(state)}


def _inherited() -> dict[str, str]:
    """The environment as a user's machine has it: Python keeps what it compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def _removed_afterwards(environment: dict[str, str]) -> Iterator[None]:
    try:
        yield
    finally:
        _run(["falaj", "cluster", "down", "--name", CLUSTER], environment)


def _time(
    name: str, goal: float, command: list[str], environment: dict[str, str], *, rounds: int = 1, folder: Path = ROOT
) -> Figure:
    click.echo(f"timing {name}", err=True)
    figure = Figure(name, goal)
    for _ in range(rounds):
        started = time.perf_counter()
        _run(command, environment, folder)
        figure.seconds.append(time.perf_counter() - started)
    return figure


def _run(command: list[str], environment: dict[str, str], folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise click.ClickException(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
