"""``falaj graph``: the topology of a stack as a picture, drawn from its plan; nothing is reached or changed."""

from __future__ import annotations

from pathlib import Path

import click

from falaj import engine
from falaj.cli import placeholders, stand_ins
from falaj.cli.console import messages
from falaj.cli.deployed import state_directory
from falaj.cli.display import Display
from falaj.cli.project import project_root
from falaj.cli.stacks import stack_option
from falaj.errors import ConfigurationError


@click.command()
@stack_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the picture into this file; to standard output if left out.",
)
def graph(*, stack: str, output: Path | None) -> None:
    """Draw a stack: region, network, cluster, workloads and every declared flow of data, as one SVG file."""
    from falaj.graph import picture_of, svg  # noqa: PLC0415 - other verbs draw nothing
    from falaj.plan import plan_of  # noqa: PLC0415 - other verbs draw nothing

    root = project_root()
    with Display(quiet=True) as display:
        options = engine.Options(
            config=placeholders.images_config(root),
            listener=display.show,
            offline=True,
            providers=stand_ins.commands(stand_ins.cloud_of(root, stack)),
            state_directory=state_directory(),
        )
        result = engine.preview(engine.Project.load(root), stack, options)
    text = svg(picture_of(plan_of(result.asked), stack))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The picture can not be written: {error.strerror}.",
            code="FAL-GRA-001",
            where=f"--output {output}",
            hint="name a file in a folder that exists and that you may write to",
        ) from error
    messages.print(f"wrote {output}", markup=False)
