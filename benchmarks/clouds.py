"""Previews of cloud stacks with policies on, how they grow with tenants, and the memory they take."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import click
import psutil

from benchmarks.figure import Figure
from benchmarks.surroundings import inherited

ROOT = Path(__file__).parents[1]
TENANTS = ROOT / "benchmarks" / "programs" / "tenants"
LARGEST = ("aws-me-central-1-prod", "azure-uaenorth-prod")
"""The largest environment of each cloud."""
LEAST_RESOURCES = 150
FEW, MANY, RESOURCES_EACH = 100, 1000, 5
HELD = 400
"""Tenants whose resources number two thousand."""
PREVIEW_GOAL, GROWTH_GOAL, MEMORY_GOAL = 5.0, 1.2, 400.0
LOOK_SECONDS = 0.05
PREVIEW_TENANTS = """
import sys, tempfile
from pathlib import Path
from falaj import engine
with tempfile.TemporaryDirectory() as folder:
    options = engine.Options(
        config={"tenants:count": sys.argv[2]},
        offline=True,
        state_directory=Path(folder),
        policy_packs=(Path(sys.argv[3]),),
    )
    result = engine.preview(engine.Project.load(Path(sys.argv[1])), "many", options)
print(sum(result.summary.values()))
"""


def measure(*, rounds: int) -> list[Figure]:
    """Time everything; refuses to call a stack the largest that has too few resources."""
    previews = [_preview(stack, rounds) for stack in LARGEST]
    few, _ = _tenants(FEW)
    many, _ = _tenants(MANY)
    empty, _ = _tenants(1)
    _, memory = _tenants(HELD)
    growth = ((many - empty) / MANY) / ((few - empty) / FEW)
    return [
        *previews,
        Figure(f"time per tenant, {MANY} to {FEW} tenants", GROWTH_GOAL, [growth], "x"),
        Figure(f"engine and program at {HELD * RESOURCES_EACH} resources", MEMORY_GOAL, [memory], "MB"),
    ]


def _preview(stack: str, rounds: int) -> Figure:
    click.echo(f"timing falaj preview -s {stack}", err=True)
    figure = Figure(f"falaj preview -s {stack}", PREVIEW_GOAL)
    command = [str(Path(sys.executable).with_name("falaj")), "preview", "-s", stack, "--json"]
    with tempfile.TemporaryDirectory(prefix="falaj-bench-") as state:
        environment = {**inherited(), "FALAJ_ENGINE": "embedded", "FALAJ_STATE_DIRECTORY": state}
        for _ in range(rounds):
            started = time.perf_counter()
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            figure.runs.append(time.perf_counter() - started)
            if done.returncode != 0:
                raise click.ClickException(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
            made = sum(json.loads(done.stdout)["summary"].values())
            if made < LEAST_RESOURCES:
                raise click.ClickException(f"{stack} has {made} resources, fewer than {LEAST_RESOURCES}")
    return figure


def _tenants(count: int) -> tuple[float, float]:
    """Seconds that a preview of so many walled namespaces takes, and the most memory of engine and program in MB."""
    click.echo(f"timing a preview of {count} tenants", err=True)
    command = [sys.executable, "-c", PREVIEW_TENANTS, str(TENANTS), str(count), str(ROOT / "policies")]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=inherited(), stdout=subprocess.PIPE, text=True) as process:
        most: list[float] = []
        watcher = threading.Thread(target=_watch, args=(process.pid, most), daemon=True)
        watcher.start()
        said, _ = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode != 0 or int(said) != count * RESOURCES_EACH + 1:
        raise click.ClickException(f"a preview of {count} tenants made {said.strip() or 'nothing'}")
    watcher.join()
    return seconds, max(most)


def _watch(engine: int, most: list[float]) -> None:
    """Note how much memory the engine and the program it runs hold together, until the engine ends."""
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(engine)
        while root.status() != psutil.STATUS_ZOMBIE:
            held = [root.memory_info().rss, *map(_held_by_program, root.children(recursive=True))]
            most.append(sum(held) / 2**20)
            time.sleep(LOOK_SECONDS)


def _held_by_program(process: psutil.Process) -> int:
    """Memory of the process that runs the program; nothing of any other, or of one that has just ended."""
    with contextlib.suppress(psutil.Error):
        if any(word.endswith("program_runner.py") for word in process.cmdline()):
            return int(process.memory_info().rss)
    return 0
