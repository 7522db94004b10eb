"""``falaj policy list | explain | check``: what is asked of a plan, and what a plan answers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from falaj.catalog.controls import Level
from falaj.catalog.profiles import profiles
from falaj.cli.console import output, print_json
from falaj.cli.judging import Asked, judged, source_options
from falaj.cli.policy_report import as_json, print_judgement
from falaj.cli.tables import print_table
from falaj.errors import ConfigurationError, PolicyViolationError
from policies.control import shown_references
from policies.controls import load, named
from policies.judgement import Judgement
from policies.reference import section
from policies.residency import report
from policies.residency.picture import arrows_of, picture
from policies.residency.proof import Proof, walk
from policies.scaffold import ScaffoldError, begin
from policies.stack import described

json_option = click.option("--json", "as_json_", is_flag=True, help="Print the result as JSON.")


@click.group()
def policy() -> None:
    """The policy pack: what it asks, why, and what a plan, a state, manifests or a cluster answer."""


@policy.command("list")
@click.option("--profile", "chosen", multiple=True, type=click.Choice(list(profiles())), help="As this profile asks.")
@json_option
def list_controls(*, chosen: tuple[str, ...], as_json_: bool) -> None:
    """List every control: what holds, how bad a breach is, what it does, who asks for it."""
    rows = [
        (
            control.id,
            control.level_for(chosen),
            control.severity,
            control.title,
            "; ".join(str(reference) for reference in shown_references(control)),
        )
        for control in load()
    ]
    columns = ("control", "level", "severity", "what holds", "asked for by")
    if as_json_:
        print_json([dict(zip(columns, map(str, row), strict=True)) for row in rows])
        return
    print_table(columns, [tuple(map(str, row)) for row in rows])


@policy.command()
@click.argument("control", metavar="ID")
def explain(*, control: str) -> None:
    """Explain a control: the harm, the remedy, what it reads, the clauses that ask for it, examples of findings."""
    try:
        (found,) = named(control.upper())
    except KeyError:
        raise ConfigurationError(
            f"No control is named {control}.",
            code="FAL-POL-001",
            where="falaj policy explain",
            hint="`falaj policy list` shows them all",
        ) from None
    levels = {name: found.level_for((name,)) for name in profiles()}
    output.print(section(found), markup=False)
    strict = [name for name, level in levels.items() if level is Level.MANDATORY]
    output.print(f"- Stops a plan of: {', '.join(strict) or 'no profile'}", markup=False)


@policy.command()
@click.argument("control", metavar="ID")
def new(*, control: str) -> None:
    """Begin a control of your own: a file with a check, a fix and examples that prove it, to change into yours."""
    try:
        file = begin(control)
    except ScaffoldError as error:
        raise ConfigurationError(
            str(error), code="FAL-POL-006", where="falaj policy new", hint="choose another id"
        ) from None
    output.print(f"wrote {file}; prove it with: pytest tests/policies -k '{control} or {file.stem}'", markup=False)


@policy.command()
@source_options
def check(*, as_json_: bool, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Judge one source by every control. Exit code 5 if anything stops it, 3 if any part of it could not be read."""
    judgement = judged(Asked(**options), "falaj policy check", today=today()).judgement
    if as_json_:
        print_json(as_json(judgement))
    else:
        print_judgement(judgement)
    _stop(judgement)


@policy.command("check-files", hidden=True)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check_files(*, files: tuple[Path, ...]) -> None:
    """Judge manifests named as arguments, as hooks before a commit do; no files, nothing to say."""
    if files:
        judgement = judged(Asked(manifests=files, offline=True), "falaj policy check", today=today()).judgement
        print_judgement(judgement)
        _stop(judgement)


@policy.command()
@source_options
@click.option("--picture", "drawn", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this SVG file.")
def residency(*, as_json_: bool, drawn: Path | None, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Walk every movement of data: prove that it may be, or name the article that forbids it. Exit codes as check."""
    judgement = judged(Asked(**options), "falaj policy residency", today=today()).judgement
    proven = walk(judgement)
    if drawn is not None:
        _draw(drawn, picture(arrows_of(proven, described(judgement.source.config))))
    if as_json_:
        print_json(report.as_json(proven))
    else:
        print_table(report.COLUMNS, report.rows(proven))
    broken = sum(each.proof is Proof.BROKEN for each in proven)
    if broken:
        raise PolicyViolationError(
            f"{broken} of {len(proven)} movements of data may not be.",
            code="FAL-POL-005",
            where="falaj policy residency",
            hint="mend what each broken row names",
        )


def today() -> date:
    """Return the day it is."""
    return datetime.now(tz=UTC).date()


def _draw(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The picture can not be written: {error.strerror}.",
            code="FAL-POL-009",
            where=f"--picture {file}",
            hint="name a file in a folder that exists and that you may write to",
        ) from error


def _stop(judgement: Judgement) -> None:
    if unused := [waiver.id for waiver in judgement.applied.unused]:
        raise ConfigurationError(
            f"Waivers that let nothing be: {', '.join(unused)}.",
            code="FAL-POL-008",
            where=judgement.source.name,
            hint="remove them: what they were for is mended",
        )
    if judgement.stops:
        raise PolicyViolationError(
            f"{judgement.source.name} breaks what its profiles ask for; the findings are above.",
            code="FAL-POL-004",
            where=judgement.source.name,
            hint="mend what each finding names, or have a waiver reviewed",
        )
