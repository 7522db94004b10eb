"""What the policy commands are told to judge, and the judgement of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from falaj.catalog.profiles import profiles
from falaj.errors import ConfigurationError
from policies.configuration import Configuration
from policies.configuration_file import read_configuration
from policies.controls import load
from policies.judgement import Judgement, judge
from policies.node import MalformedError
from policies.readers.manifests import read_manifests
from policies.readers.preview import read_preview
from policies.readers.source import Source, tightened
from policies.readers.state import read_state
from policies.unreadable import UnreadableError
from policies.waiver_files import read_waivers
from policies.waivers import Waiver, WaiverRefusedError

existing_file = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command was told to judge."""

    stack: str | None = None
    state: Path | None = None
    preview: Path | None = None
    manifests: tuple[Path, ...] = ()
    cluster: bool = False
    kubeconfig: Path | None = None
    profile: tuple[str, ...] = ()
    policy_pack_config: Path | None = None
    offline: bool = False

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
    click.option(
        "--policy-pack-config",
        type=existing_file,
        help="Levels and parameters of controls, in the JSON file that `pulumi preview` takes under this name.",
    ),
    click.option("--offline", is_flag=True, help="With --stack: reach no cluster either."),
    click.option("--json", "as_json_", is_flag=True, help="Print the result as JSON."),
)


@dataclass(frozen=True)
class Judged:
    """A judgement, and every waiver that could have let something be."""

    judgement: Judgement
    waivers: tuple[Waiver, ...]


def judged(asked: Asked, command: str, *, today: date) -> Judged:
    """Judge what a command was asked about, as of a day. Refuses whatever can't be read: then nothing was judged."""
    try:
        waivers, controls = read_waivers(), load()
        said = read_configuration(asked.policy_pack_config, controls) if asked.policy_pack_config else Configuration()
        source = tightened(asked.source(), asked.profile)
        judgement = judge(source, controls, today=today, waivers=waivers, levels=said.levels, given=said.given)
    except UnreadableError as error:
        raise ConfigurationError(
            str(error), code="FAL-POL-002", where=command, hint="mend it; nothing was judged"
        ) from None
    except WaiverRefusedError as error:
        raise ConfigurationError(
            str(error), code="FAL-POL-007", where=command, hint="mend or remove the waiver"
        ) from None
    except MalformedError as error:
        raise ConfigurationError(
            str(error), code="FAL-POL-003", where=command, hint="mend the stack's configuration"
        ) from None
    return Judged(judgement, waivers)
