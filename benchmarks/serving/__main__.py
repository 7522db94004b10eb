"""``make bench-serving``: measure every row, print each figure beside its goal, keep JSON and a picture."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks.machine import describe
from benchmarks.serving import generators, plot
from benchmarks.serving.progress import shown
from benchmarks.serving.record import Record
from benchmarks.serving.run import measured
from benchmarks.serving.surroundings import Bench, Cores
from benchmarks.serving.table import ROWS

RESULTS = Path(__file__).parents[1] / "results"
NAMES = [row.name for row in ROWS]


@click.command()
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="This row; may be given several times.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50), help="Repeats in alternation.")
@click.option("--seconds", default=2.0, show_default=True, type=click.FloatRange(1, 60), help="How long a load lasts.")
@click.option(
    "--results", default=RESULTS, type=click.Path(path_type=Path, file_okay=False), help="Where to keep them."
)
def main(*, only: tuple[str, ...], rounds: int, seconds: float, results: Path) -> None:
    """Measure the ONNX Runtime server beside its peers; exit code 1 if a goal is missed or a row can't be measured."""
    results.mkdir(parents=True, exist_ok=True)
    record = Record(results / "serving.json", describe())
    cores = Cores.of_this_process()
    generators.ensure()
    cores.stay_with_callers()
    chosen = [row for row in ROWS if not only or row.name in only]
    met = True
    with tempfile.TemporaryDirectory(prefix="falaj-bench-serving-") as folder, shown(len(chosen)) as progress:
        for row in chosen:
            bench = Bench(cores, Path(folder), rounds, seconds, progress.tell)
            met = measured(row, bench, record) and met
            progress.advance()
    plot.write(results / "serving.svg", record.rows)
    sys.exit(not met)


if __name__ == "__main__":
    main()
