"""``make bench``: time the path from nothing to a prediction and keep the figures."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.machine import describe
from benchmarks.path import measure

RESULTS = Path(__file__).with_name("results")


@click.command()
@click.option("--cold", is_flag=True, help="Also build everything anew in an empty cache (about a quarter of an hour).")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50), help="Repeats of the short ones.")
def main(*, cold: bool, rounds: int) -> None:
    """Measure, print each figure beside its goal, write results/path.json; exit code 1 if a goal is missed."""
    figures = measure(cold=cold, rounds=rounds)
    RESULTS.mkdir(exist_ok=True)
    record = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe(),
        "figures": [figure.as_record() for figure in figures],
    }
    (RESULTS / "path.json").write_text(json.dumps(record, indent=2) + "\n")
    for figure in figures:
        click.echo(figure.line())
    sys.exit(any(not figure.met for figure in figures))


if __name__ == "__main__":
    main()
