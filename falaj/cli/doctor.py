"""``falaj doctor``: what this machine lacks for the local cluster, and the command that mends it."""

from __future__ import annotations

import click

from falaj import localcluster
from falaj.cli.console import output, print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(*, as_json: bool) -> None:
    """Say what this machine lacks and the command that mends it; exit code 4 when the local cluster can't run here."""
    findings = localcluster.doctor()
    if as_json:
        print_json([{"subject": f.subject, "ok": f.ok, "detail": f.detail, "remedy": f.remedy} for f in findings])
    else:
        for finding in findings:
            mark = "ok  " if finding.ok else "miss"
            output.print(f"{mark}  {finding.subject}: {finding.detail}", markup=False)
            if not finding.ok:
                output.print(f"      {finding.remedy}", markup=False)
    localcluster.require_able(findings)
