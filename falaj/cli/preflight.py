"""``falaj preflight``: what a stack needs before its first resource, and who has to give it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten

import click

from falaj.cli.console import output, print_json
from falaj.cli.project import project_root
from falaj.cli.tables import print_table
from falaj.errors import PreflightError
from falaj.preflight import Finding, Verdict, live, offline
from falaj.preflight.accounts import account_of
from falaj.preflight.pulumi_files import read_pulumi_command, read_state

FOLDER = "falaj/catalog/data/"
LONGEST = 60
"""Longest cell of a row in which nothing has to be done."""
WORDS = {Verdict.OK: "ok", Verdict.ASK: "ask", Verdict.MISSING: "MISSING"}


@click.command()
@click.option("-s", "--stack", required=True, help="Which stack: a file stacks/config/Pulumi.STACK.yaml.")
@click.option("--live", "ask_account", is_flag=True, help="Ask the account too, with your own credentials; reads only.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def preflight(*, stack: str, ask_account: bool, as_json: bool) -> None:
    """Compare a stack with the catalog, and say what is missing and what has to be asked for.

    Needs no account and no network without --live. Exit code 11 when something is missing.
    """
    root = project_root()
    from falaj.cli.stack_needs import wanted_of  # noqa: PLC0415 - imports the stack program, at hand only in a project
    from stacks.settings import load  # noqa: PLC0415 - as above

    state, command = read_state(root, stack, os.environ, Path.home()), read_pulumi_command(os.environ)
    wanted = wanted_of(load(stack, images_built=False), state).model_copy(update={"pulumi": command})
    findings = offline(wanted, datetime.now(tz=UTC).date())
    account = account_of(wanted) if ask_account else None
    if account is not None:
        findings += live(wanted, account)
    if as_json:
        print_json({"stack": stack, "findings": [_plain(finding) for finding in findings]})
    else:
        _show(findings)
    _stop(stack, findings)


def _show(findings: Sequence[Finding]) -> None:
    rows = [
        (WORDS[each.verdict], each.what, _short(each, each.needed), _short(each, each.found), _source(each))
        for each in findings
    ]
    notes = [f"Next: {each.next_step}" if each.next_step else "" for each in findings]
    print_table(("", "what", "needed", "found", "source"), rows, notes=notes)
    counts = Counter(each.verdict for each in findings)
    output.print(f"Sources are files of {FOLDER} and the account.", style="dim", markup=False)
    output.print(
        f"{counts[Verdict.OK]} ok, {counts[Verdict.ASK]} to ask for, {counts[Verdict.MISSING]} missing.", markup=False
    )


def _short(finding: Finding, cell: str) -> str:
    """Cut a long cell of a row in which nothing has to be done; `--json` has it whole."""
    return shorten(cell, LONGEST, placeholder=" …") if finding.verdict is Verdict.OK else cell


def _source(finding: Finding) -> str:
    return f"{finding.source.removeprefix(FOLDER)}, {finding.as_of or 'now'}"


def _plain(finding: Finding) -> dict[str, str | None]:
    return {
        "what": finding.what,
        "needed": finding.needed,
        "found": finding.found,
        "verdict": finding.verdict.value,
        "source": finding.source,
        "as_of": None if finding.as_of is None else finding.as_of.isoformat(),
        "next_step": finding.next_step or None,
    }


def _stop(stack: str, findings: Sequence[Finding]) -> None:
    missing = [each for each in findings if each.verdict is Verdict.MISSING]
    if missing:
        raise PreflightError(
            "\n".join(f"{each.what}: {each.found}." for each in missing),
            code="FAL-PFL-001",
            where=f"stack {stack}, {len(missing)} missing",
            hint=missing[0].next_step,
        )
