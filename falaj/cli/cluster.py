"""``falaj cluster``: start, stop and look into a real Kubernetes on this machine."""

from __future__ import annotations

from typing import Any

import click

from falaj import localcluster
from falaj.cli.console import messages, output, print_json, steps
from falaj.cli.residents import forget_residents

name_option = click.option("--name", default="falaj", show_default=True, help="Which cluster.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def cluster() -> None:
    """A real Kubernetes on this machine, in its own network namespace; needs Linux and root."""


@cluster.command()
def build() -> None:
    """Build the cluster's binaries into the cache; done already where the pins did not change."""
    with steps() as progress:
        output.print(str(localcluster.build(progress)), markup=False)


@cluster.command()
@name_option
@json_option
def up(*, name: str, as_json: bool) -> None:
    """Start a cluster, or heal one that is half up; builds its binaries the first time."""
    with steps() as progress:
        status = localcluster.up(name, progress=progress)
    _show(status, as_json=as_json)


@cluster.command()
@name_option
def down(*, name: str) -> None:
    """Stop a cluster and remove everything it left on this machine but the build cache."""
    kubeconfig = localcluster.status(name).kubeconfig
    with steps() as progress:
        localcluster.down(name, progress=progress)
    messages.print(f"cluster {name} is gone: no process, mount, network namespace or file of it is left")
    for stack, kept in forget_residents(kubeconfig):
        messages.print(f"stack {stack} lived on it; its state was set aside as {kept}", markup=False)


@cluster.command()
@name_option
@json_option
def status(*, name: str, as_json: bool) -> None:
    """Say which components run, how often each was restarted, and whether the node is ready."""
    _show(localcluster.status(name), as_json=as_json)


@cluster.command()
@name_option
def kubeconfig(*, name: str) -> None:
    """Print the path of the cluster's kubeconfig, for KUBECONFIG."""
    output.print(str(localcluster.kubeconfig(name)), markup=False)


@cluster.command()
@click.argument("image")
@name_option
def load(*, image: str, name: str) -> None:
    """Load IMAGE, built before, into the cluster."""
    from falaj.cli.images import load_into  # noqa: PLC0415 - images builds on this module's options

    load_into(name, (image,))


@cluster.command()
@click.argument("component")
@click.option("--follow", "-f", is_flag=True, help="Go on as lines are written.")
@name_option
def logs(*, component: str, name: str, follow: bool) -> None:
    """Print the log of COMPONENT: one that `falaj cluster status` lists, or supervisor."""
    for line in localcluster.logs(name, component, follow=follow):
        output.print(line, markup=False)


def _show(found: localcluster.Status, *, as_json: bool) -> None:
    if as_json:
        print_json(_plain(found))
        return
    state = "ready" if found.node_ready else ("starting" if found.running else "not running")
    output.print(f"cluster {found.name}: {state}", markup=False)
    if not found.running:
        return
    output.print(f"  node        {found.node_address}", markup=False)
    output.print(f"  kubeconfig  {found.kubeconfig}", markup=False)
    for part in found.components:
        restarts = f", restarted {part.restarts} times" if part.restarts else ""
        output.print(f"  {part.name:24} {'running' if part.running else 'stopped'}{restarts}", markup=False)


def _plain(found: localcluster.Status) -> dict[str, Any]:
    return {
        "name": found.name,
        "running": found.running,
        "nodeReady": found.node_ready,
        "nodeAddress": found.node_address,
        "kubeconfig": str(found.kubeconfig),
        "components": [
            {"name": part.name, "pid": part.pid, "running": part.running, "restarts": part.restarts}
            for part in found.components
        ],
    }
