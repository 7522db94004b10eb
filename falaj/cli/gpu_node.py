"""What the command line asks of a node with simulated GPUs: that it be there, and how its devices are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from falaj.cli.console import output, print_json
from falaj.errors import ConfigurationError

if TYPE_CHECKING:
    from falaj.localcluster import GpuNode

DEFAULT_FAMILY = "h100-80gb"
"""What a bare ``--gpu-node`` stands for: a card that can be had whole, divided and in turns."""
FLAGS = {"count": "gpus", "time_slices": "time-slices"}
"""What an option is called on the command line, where that is not its field's name."""

name_option = click.option("--name", default="falaj", show_default=True, help="Which cluster.")


def gpu_node_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a node with simulated GPUs; it gets them as one ``gpu_node``, None without."""

    @click.option(
        "--gpu-node",
        "family",
        metavar="[FAMILY]",
        is_flag=False,
        flag_value=DEFAULT_FAMILY,
        help=f"Add a node with simulated GPUs of this kind; {DEFAULT_FAMILY} if none is named.",
    )
    @click.option("--gpus", "count", type=int, help="How many GPUs it has; 2 if not said.")
    @click.option("--mig", multiple=True, metavar="PROFILE=COUNT", help="Divide the GPUs; repeat for other profiles.")
    @click.option("--divided", type=int, help="How many of the GPUs are divided, the last ones; all if not said.")
    @click.option("--time-slices", type=int, help="How many pods take turns on one GPU.")
    @functools.wraps(command)
    def wrapped(**options: object) -> None:
        names = ("family", "count", "mig", "divided", "time_slices")
        wanted = {name: value for name in names if (value := options.pop(name)) not in {None, ()}}
        command(gpu_node=_ask(wanted) if wanted else None, **options)

    return wrapped


def _ask(wanted: dict[str, object]) -> GpuNode:
    from falaj.localcluster.gpu import request  # noqa: PLC0415 - pydantic and the catalogue, for those who ask

    if "family" not in wanted:
        flags = ", ".join(f"--{FLAGS.get(name, name)}" for name in sorted(wanted))
        raise ConfigurationError(
            f"There is no node for {flags} to be about.",
            code="FAL-CLU-015",
            where="falaj cluster up",
            hint="add --gpu-node",
        )
    mig = wanted.pop("mig", ())
    assert isinstance(mig, tuple)  # noqa: S101 - click collects repeated options in one
    return request.ask(**wanted, mig=request.parts_of(mig))


@click.command()
@click.argument("device", required=False)
@click.option("--utilisation", type=int, help="How much of its time it computes while a pod holds it, in percent.")
@click.option("--memory-used", type=int, help="How full its memory is while a pod holds it, in MiB.")
@click.option("--xid", type=int, help="NVIDIA's number of its last error: 79 takes it from the scheduler, 0 mends it.")
@name_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def gpu(
    *, device: str | None, utilisation: int | None, memory_used: int | None, xid: int | None, name: str, as_json: bool
) -> None:
    """Say how the simulated GPUs are, or make DEVICE busy, full or ill to see what follows."""
    from falaj.localcluster.gpu import conditions  # noqa: PLC0415 - pydantic and the catalogue, for those who ask

    asked = {"utilisation": utilisation, "memory_used": memory_used, "xid": xid}
    changes = {field: value for field, value in asked.items() if value is not None}
    if changes and device is None:
        raise click.UsageError("name the DEVICE to change; without options the command lists them all")
    listed = conditions.read(name) if device is None else {device: conditions.change(name, device, **changes)}
    if as_json:
        print_json({uuid: condition.model_dump() for uuid, condition in listed.items()})
        return
    for uuid, condition in listed.items():
        values = f"utilisation {condition.utilisation} %, memory {condition.memory_used} MiB, XID {condition.xid}"
        output.print(f"{uuid:24} {values}", markup=False)
