"""``falaj cluster``: start, stop and look into a real Kubernetes on this machine."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from falaj import localcluster
from falaj.cli.console import messages, output, print_json, steps
from falaj.cli.gpu_node import gpu, gpu_node_options, name_option
from falaj.cli.residents import forget_residents

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
@gpu_node_options
@json_option
def up(*, name: str, gpu_node: localcluster.GpuNode | None, as_json: bool) -> None:
    """Start a cluster, or heal one that is half up; builds its binaries the first time.

    With --gpu-node it has a second node, whose GPUs are simulated: pods are placed on it, hold them, compete for them
    and lose them as on a real one, and nothing computes there. It keeps that node until it is removed.
    """
    with steps() as progress:
        status = localcluster.up(name, gpu_node=gpu_node, progress=progress)
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


cluster.add_command(gpu)


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
    if found.gpu_node is not None:
        node = found.gpu_node
        held = ", ".join(f"{count} {resource}" for resource, count in sorted(node.allocatable.items())) or "nothing"
        state = "ready" if node.ready else "not ready"
        output.print(
            f"  gpu node    {node.name}, {node.address}, {state}; simulated {node.family}: {held}", markup=False
        )
        output.print(f"  gpu page    {node.page} draws its simulated metrics", markup=False)
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
        "gpuNode": None if found.gpu_node is None else {"simulated": True, **dataclasses.asdict(found.gpu_node)},
        "components": [
            {"name": part.name, "pid": part.pid, "running": part.running, "restarts": part.restarts}
            for part in found.components
        ],
    }
