"""One row from measuring to print; a row that fails leaves the others alone."""

from __future__ import annotations

import click

from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.record import QUIET, Record
from benchmarks.serving.surroundings import Bench, share_used_by_others
from benchmarks.serving.table import Row


def measured(row: Row, bench: Bench, record: Record) -> bool:
    """Measure, keep and print a row; whether it could be measured and every goal is met."""
    others = share_used_by_others()
    try:
        finding = row.measure(bench)
    except MeasurementError as problem:
        click.echo(f"FAIL  {row.name}: {problem.message}")
        return False
    record.keep(row, finding, bench.rounds, others)
    for figure in finding.figures:
        click.echo(figure.line())
    if others > QUIET:
        click.echo(f"      {row.name}: others used {others:.0%} of the machine; take it again on a quiet one.")
    return all(figure.met for figure in finding.figures)
