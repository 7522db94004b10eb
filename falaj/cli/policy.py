"""``falaj policy list | explain | check``: what is asked of a plan, and what a plan answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from falaj.catalog.controls import Level
from falaj.catalog.profiles import profiles
from falaj.cli.console import output, print_json
from falaj.cli.policy_report import as_json, print_judgement
from falaj.cli.tables import print_table
from falaj.errors import ConfigurationError, PolicyViolationError
from policies.control import shown_references
from policies.controls import load, named
from policies.judgement import Judgement, judge
from policies.node import MalformedError
from policies.readers.manifests import read_manifests
from policies.readers.preview import read_preview
from policies.readers.source import Source, tightened
from policies.readers.state import read_state
from policies.reference import section
from policies.residency import report
from policies.residency.picture import arrows_of, picture
from policies.residency.proof import Proof, walk
from policies.scaffold import ScaffoldError, begin
from policies.stack import described
from policies.unreadable import UnreadableError
from policies.waiver_files import read_waivers
from policies.waivers import WaiverRefusedError

existing_file = click.Path(path_type=Path, dir_okay=False)
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


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command was told to judge."""

    stack: str | None
    state: Path | None
    preview: Path | None
    manifests: tuple[Path, ...]
    cluster: bool
    kubeconfig: Path | None
    profile: tuple[str, ...]
    offline: bool

    def source(self) -> Source:
        """Read it. Refuses none and more than one."""
        from falaj.cli.policy_sources import (  # noqa: PLC0415 - the engine, which most verbs have no use for
            planned,
            running,
            settings_of,
        )

        wanted = [self.stack, self.state, self.preview, self.manifests, self.cluster]
        if len(list(filter(None, wanted))) != 1:
            raise click.UsageError("Say what to judge: one of --stack, --state, --preview, --manifests, --cluster.")
        if self.stack is not None:
            return planned(self.stack, offline=self.offline)
        if self.state is not None:
            return read_state(self.state, settings_of)
        if self.preview is not None:
            return read_preview(self.preview, settings_of)
        if self.manifests:
            return read_manifests(self.manifests, {})
        return running(self.kubeconfig, load(), {})


def source_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what to judge."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


OPTIONS = (
    click.option("-s", "--stack", help="The plan of this stack, made here: no account, nothing is created."),
    click.option("--state", type=existing_file, help="A state: the output of `pulumi stack export`."),
    click.option("--preview", type=existing_file, help="The output of `pulumi preview --json`."),
    click.option(
        "--manifests",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Rendered Kubernetes manifests, files or folders.",
    ),
    click.option("--cluster", is_flag=True, help="The objects of a running cluster: --kubeconfig's, or the current."),
    click.option("--kubeconfig", type=existing_file, help="Which cluster."),
    click.option("--profile", multiple=True, type=click.Choice(list(profiles())), help="Judge by this profile too."),
    click.option("--offline", is_flag=True, help="With --stack: reach no cluster either."),
    click.option("--json", "as_json_", is_flag=True, help="Print the result as JSON."),
)


@policy.command()
@source_options
def check(*, as_json_: bool, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Judge one source by every control. Exit code 5 if anything stops it, 3 if any part of it could not be read."""
    judgement = _judged(Asked(**options))
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
        nothing: dict[str, Any] = {"stack": None, "state": None, "preview": None, "cluster": False, "kubeconfig": None}
        judgement = _judged(Asked(**nothing, manifests=files, profile=(), offline=True))
        print_judgement(judgement)
        _stop(judgement)


@policy.command()
@source_options
@click.option("--picture", "drawn", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this SVG file.")
def residency(*, as_json_: bool, drawn: Path | None, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Walk every movement of data: prove that it may be, or name the article that forbids it. Exit codes as check."""
    judgement = _judged(Asked(**options))
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


def _judged(asked: Asked) -> Judgement:
    try:
        today = datetime.now(tz=UTC).date()
        return judge(tightened(asked.source(), asked.profile), load(), today=today, waivers=read_waivers())
    except UnreadableError as error:
        raise ConfigurationError(
            str(error), code="FAL-POL-002", where="falaj policy check", hint="mend it; nothing was judged"
        ) from None
    except WaiverRefusedError as error:
        raise ConfigurationError(
            str(error), code="FAL-POL-007", where="falaj policy check", hint="mend or remove the waiver"
        ) from None
    except MalformedError as error:
        raise ConfigurationError(
            str(error), code="FAL-POL-003", where="falaj policy check", hint="mend the stack's configuration"
        ) from None


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
