"""The path of a newcomer, timed step by step on a cluster named ``falaj-bench`` with state of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.figure import Figure
from benchmarks.surroundings import inherited

ROOT = Path(__file__).parents[1]
CLUSTER = "falaj-bench"
COLD_GOAL, WARM_GOAL, READY_GOAL, PREVIEW_GOAL, UNCHANGED_GOAL = 1200.0, 90.0, 20.0, 4.0, 5.0


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
            **inherited(),
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
    return {**inherited(), "PATH": path, "FALAJ_ENGINE": "embedded", "FALAJ_STATE_DIRECTORY": str(state)}


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
        figure.runs.append(time.perf_counter() - started)
    return figure


def _run(command: list[str], environment: dict[str, str], folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise click.ClickException(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
