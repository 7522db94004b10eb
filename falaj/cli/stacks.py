"""``falaj up | preview | destroy | stack``: one front door, two engines."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import click

from falaj import engine
from falaj.cli import placeholders, stand_ins
from falaj.cli.console import output, print_json
from falaj.cli.deployed import exported, names, outputs_of, state_directory
from falaj.cli.display import Display
from falaj.cli.gpu_failures import reported
from falaj.cli.project import project_root
from falaj.cli.pulumi_cli import pulumi_cli, run_pulumi

PACK = Path("policies")

stack_option = click.option("-s", "--stack", required=True, help="Which stack: a file stacks/config/Pulumi.STACK.yaml.")
kubeconfig_option = click.option(
    "--kubeconfig", type=click.Path(path_type=Path), help="Use this cluster, not the one the stack file names."
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask before changing anything.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.command()
@stack_option
@kubeconfig_option
@json_option
@click.option("--offline", is_flag=True, help="Reach no cluster; what only a cluster knows stays unknown.")
def preview(*, stack: str, kubeconfig: Path | None, as_json: bool, offline: bool) -> None:
    """Show what `up` would do, with the policies' verdicts; changes nothing. Exit code 5 if a policy stops it."""
    root, config = project_root(), _config(kubeconfig)
    program = pulumi_cli()
    if program is not None and not offline:
        arguments = ["preview", "--stack", stack, "--policy-pack", str(PACK), *_config_arguments(config)]
        run_pulumi(program, root, [*arguments, "--json"] if as_json else arguments)
        return
    cloud = stand_ins.cloud_of(root, stack)
    if cloud is not None:
        stand_ins.announce(cloud)
    if offline or cloud is not None:
        config |= placeholders.images_config(root)
    with Display(quiet=as_json) as display:
        options = _options(
            root, config, display, offline=offline or cloud is not None, providers=stand_ins.commands(cloud)
        )
        result = engine.preview(engine.Project.load(root), stack, options)
    display.finish(result, as_json=as_json)
    engine.stop_on_violations(stack, result)


@click.command()
@stack_option
@kubeconfig_option
@yes_option
@json_option
def up(*, stack: str, kubeconfig: Path | None, yes: bool, as_json: bool) -> None:
    """Create or update a stack. Its plan is checked first: a policy that stops it leaves everything as it was."""
    root, config = project_root(), _config(kubeconfig)
    _ask(f"Create or update stack {stack}?", yes=yes)
    program = pulumi_cli()
    if program is not None:
        arguments = ["up", "--stack", stack, "--policy-pack", str(PACK), "--yes", *_config_arguments(config)]
        run_pulumi(program, root, [*arguments, "--json"] if as_json else arguments)
        return
    with Display(quiet=as_json) as display, reported(stack, display):
        result = engine.up(engine.Project.load(root), stack, _options(root, config, display))
    display.finish(result, as_json=as_json)


@click.command()
@stack_option
@yes_option
@json_option
def destroy(*, stack: str, yes: bool, as_json: bool) -> None:
    """Remove everything a stack made, in reverse order of dependency."""
    root = project_root()
    _ask(f"Remove everything that stack {stack} made?", yes=yes)
    program = pulumi_cli()
    if program is not None:
        arguments = ["destroy", "--stack", stack, "--yes"]
        run_pulumi(program, root, [*arguments, "--json"] if as_json else arguments)
        return
    with Display(quiet=as_json) as display:
        result = engine.destroy(engine.Project.load(root), stack, _options(root, {}, display, packs=()))
    display.finish(result, as_json=as_json)


@click.group()
def stack() -> None:
    """List stacks, show outputs, export state."""


@stack.command("ls")
@json_option
def list_stacks(*, as_json: bool) -> None:
    """List the stacks that have a file, and whether they are deployed."""
    root = project_root()
    deployed = names(root)
    found = sorted({*engine.Project.load(root).stacks(), *deployed})
    if as_json:
        print_json([{"name": name, "deployed": name in deployed} for name in found])
        return
    for name in found:
        output.print(f"{name:24} {'deployed' if name in deployed else 'not deployed'}", markup=False)


@stack.command("output")
@stack_option
@click.option("--show-secrets", is_flag=True, help="Print secrets in plain.")
@json_option
def show_outputs(*, stack: str, show_secrets: bool, as_json: bool) -> None:
    """Show what a stack put out when it was last deployed."""
    found = outputs_of(project_root(), stack, show_secrets=show_secrets)
    if as_json:
        print_json(found)
        return
    for key, value in sorted(found.items()):
        output.print(f"{key}: {value}", markup=False)


@stack.command()
@stack_option
def export(*, stack: str) -> None:
    """Print a stack's state in Pulumi's deployment format; `pulumi stack import` takes it."""
    print_json(exported(project_root(), stack))


def _options(
    root: Path,
    config: dict[str, str],
    display: Display,
    *,
    packs: tuple[Path, ...] = (PACK,),
    offline: bool = False,
    providers: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> engine.Options:
    return engine.Options(
        config=config,
        policy_packs=tuple(root / pack for pack in packs),
        listener=display.show,
        offline=offline,
        providers=providers,
        state_directory=state_directory(),
    )


def _config(kubeconfig: Path | None) -> dict[str, str]:
    return {} if kubeconfig is None else {"falaj:kubeconfig": str(kubeconfig.absolute())}


def _config_arguments(config: dict[str, str]) -> list[str]:
    return [word for key, value in config.items() for word in ("--config", f"{key}={value}")]


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask on: add --yes.")
    click.confirm(question, abort=True, err=True)
