"""``make soak``: half an hour of mixed traffic; memory stays flat and no answer is wrong."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks.machine import describe
from benchmarks.serving.endurance.soak import soak
from benchmarks.serving.progress import shown
from benchmarks.serving.surroundings import Bench, Cores

RESULTS = Path(__file__).parents[2] / "results"


@click.command()
@click.option("--minutes", default=30.0, show_default=True, type=click.FloatRange(0.2, 24 * 60), help="How long.")
@click.option(
    "--results", default=RESULTS, type=click.Path(path_type=Path, file_okay=False), help="Where to keep them."
)
def main(*, minutes: float, results: Path) -> None:
    """Let callers of every kind loose on the ONNX Runtime server; exit code 1 if it grew, failed or complained."""
    results.mkdir(parents=True, exist_ok=True)
    machine, cores = describe(), Cores.of_this_process()
    cores.stay_with_callers()
    with tempfile.TemporaryDirectory(prefix="falaj-soak-") as folder, shown(1) as progress:
        bench = Bench(cores, Path(folder), rounds=1, seconds=60 * minutes, tell=progress.tell)
        figures = soak(bench, results / "soak.json", machine)
    for figure in figures:
        click.echo(figure.line())
    sys.exit(any(not figure.met for figure in figures))


if __name__ == "__main__":
    main()
