"""``make bench``: time the path from nothing to a prediction and keep the figures."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import clouds, mutation, path, place, policies, pools
from benchmarks.figure import Figure
from benchmarks.machine import describe

RESULTS = Path(__file__).with_name("results")


@click.command()
@click.option("--cold", is_flag=True, help="Also build everything anew in an empty cache (about a quarter of an hour).")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50), help="Repeats of the short ones.")
@click.option(
    "--only", type=click.Choice(["path", "clouds", "policies", "pools", "place", "mutation"]), help="One of them."
)
def main(*, cold: bool, rounds: int, only: str | None) -> None:
    """Measure, print each figure beside its goal, write results/*.json; exit code 1 if a goal is missed."""
    RESULTS.mkdir(exist_ok=True)
    if only == "mutation":  # counts, no timings: the machine does not matter
        sys.exit(not mutation.measure(RESULTS))
    figures = []
    if only in (None, "clouds"):
        figures += _kept("clouds", clouds.measure(rounds=rounds))
    if only in (None, "policies"):
        figures += _kept("policies", policies.measure(rounds=rounds))
    if only in (None, "pools"):
        figures += _kept("pools", pools.measure(rounds=rounds))
    if only in (None, "place"):
        figures += _kept("place", place.measure(rounds=rounds))
    if only in (None, "path"):
        figures += _kept("path", path.measure(cold=cold, rounds=rounds))
    for figure in figures:
        click.echo(figure.line())
    sys.exit(any(not figure.met for figure in figures))


def _kept(name: str, figures: list[Figure]) -> list[Figure]:
    record = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe(),
        "figures": [figure.as_record() for figure in figures],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
    return figures


if __name__ == "__main__":
    main()
