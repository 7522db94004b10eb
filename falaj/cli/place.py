"""``falaj place``: where the models of a stack should run, how fast and for how much; and their CPU profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from falaj.cli.console import messages, output, print_json, steps
from falaj.cli.project import project_root
from falaj.cli.tables import print_table
from falaj.errors import ConfigurationError, MachineError

if TYPE_CHECKING:
    from falaj.cli.stack_models import Placed
    from falaj.placement.advice import Advice, Option
    from falaj.placement.profile import CpuProfile

FILE = click.Path(path_type=Path)
EXTRA = "uv sync --extra optimize"
COLUMNS = ("model", "on", "machine", "a replica takes", "replicas", "batch", "p50 ms", "p99 ms", "USD a million", "why")
UNKNOWN = "unknown"


@click.group(invoke_without_command=True)
@click.option("-s", "--stack", help="A tenant, or an environment with all of its tenants.")
@click.option(
    "--rate", "rates", multiple=True, metavar="[NAME=]N", help="Predictions a second, of one or of every model."
)
@click.option(
    "--target-ms", type=click.FloatRange(0, min_open=True), help="Slowest of a hundred; the tier's if absent."
)
@click.option(
    "--headroom",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, 0.9),
    help="Share of each replica that stays free.",
)
@click.option("--prices", "prices_file", type=FILE, help="Your own: a YAML file of size to USD an hour.")
@click.option("--model", "models", multiple=True, metavar="NAME=PATH", help="The ONNX file of an endpoint.")
@click.option("--json", "as_json", is_flag=True, help="Print everything that was compared as JSON.")
@click.pass_context
def place(context: click.Context, /, *, stack: str | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Say for each model of a stack: CPU or GPU, which machine, how many replicas, how fast, what a million costs.

    CPUs are measured (`falaj place profile`), GPUs are estimated by data sheets and corrected by published runs: none
    was run on a GPU. The cheapest that keeps the latency is taken; where prices are unknown, the CPU. Exit code 3 where
    a model has no profile or no rate.
    """
    if context.invoked_subcommand is not None:
        return
    if stack is None:
        raise click.UsageError("name a stack with -s, or a model: falaj place profile MODEL.onnx")
    placed = _placed(stack, options)
    if as_json:
        print_json(_plain(placed))
    else:
        _show(placed)


@place.command()
@click.argument("model", type=FILE)
@click.option("--threads", multiple=True, type=click.IntRange(1, 256), help="Instead of 1, 2, 4 … and all cores.")
@click.option(
    "--dimension", "dimensions", multiple=True, metavar="NAME=SIZE", help="Size of an open dimension; 128 if absent."
)
@click.option(
    "-o", "--output", "target", type=FILE, help="Where to write it.  [default: cpu-profile.json beside MODEL]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the profile as JSON.")
def profile(
    *, model: Path, threads: tuple[int, ...], dimensions: tuple[str, ...], target: Path | None, as_json: bool
) -> None:
    """Run MODEL on this machine's CPU, 1 to 32 rows and 1 thread to all, and write what it took beside it.

    Measure on a quiet machine with the processor that will serve: what it takes on another is not known.
    """
    try:
        from falaj.placement.measure import measure  # noqa: PLC0415 - an optional extra, and a second to import
    except ModuleNotFoundError as missing:
        raise MachineError(
            f"The Python package {missing.name} is not installed.",
            code="FAL-PLC-005",
            where="falaj place profile",
            hint=f"install the extra `optimize`: {EXTRA}",
        ) from None
    sizes = {name: _whole(name, value) for name, value in _named(dimensions, "--dimension").items()}
    with steps() as progress:
        found = measure(
            model,
            datetime.now(tz=UTC).date(),
            dimensions=sizes,
            threads=threads or None,
            progress=progress.step,
        )
    file = _write(target or _beside(model), found)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    rows = [
        (str(each.batch), str(each.threads), f"{each.median_ms:g}", f"{each.p99_ms:g}", str(each.runs))
        for each in found.points
    ]
    print_table(("batch", "threads", "median ms", "p99 ms", "runs"), rows)
    output.print(f"{found.runtime} on {found.machine.processor}, {found.machine.cores} cores", markup=False)
    output.print(f"wrote {file}", markup=False)


def _placed(stack: str, options: dict[str, Any]) -> Placed:
    root = project_root()
    from falaj.cli.stack_models import Asked, place_stack  # noqa: PLC0415 - imports the stack program, only in a project

    asked = Asked(
        rates={name: _amount(name, value) for name, value in _named(options["rates"], "--rate", default="").items()},
        target_ms=options["target_ms"],
        headroom=options["headroom"],
        prices={} if options["prices_file"] is None else _prices(options["prices_file"]),
        models={name: Path(value) for name, value in _named(options["models"], "--model").items()},
    )
    return place_stack(root, stack, asked)


def _show(placed: Placed) -> None:
    print_table(COLUMNS, [_row(advice) for advice in placed.advice])
    for line in placed.footnotes():
        messages.print(line, style="dim", markup=False)


def _row(advice: Advice) -> tuple[str, ...]:
    found = advice.chosen
    if found is None:
        return (advice.demand.name, "nowhere", "", "", "", "", "", "", "", advice.why)
    about = "about " if found.kind == "gpu" else ""
    return (
        advice.demand.name,
        found.kind.upper(),
        found.size,
        found.unit,
        str(found.replicas),
        str(found.batch),
        f"{about}{found.p50_ms:.3g}",
        f"{about}{found.p99_ms:.3g}",
        UNKNOWN if found.per_million is None else f"{found.per_million:.3g}",
        advice.why,
    )


def _plain(placed: Placed) -> dict[str, Any]:
    return {
        "stack": placed.stack,
        "region": placed.region,
        "run_on_a_gpu": False,
        "notes": placed.footnotes(),
        "models": [
            {
                **asdict(advice.demand),
                "chosen": None if advice.chosen is None else advice.chosen.kind,
                "why": advice.why,
                "cpu": _option(advice.cpu),
                "gpu": _option(advice.gpu),
            }
            for advice in placed.advice
        ],
    }


def _option(option: Option | None) -> dict[str, Any] | None:
    return None if option is None else asdict(option)


def _named(given: Sequence[str], flag: str, *, default: str | None = None) -> dict[str, str]:
    """Return NAME=VALUE pairs; a value without a name is `default`'s, where there is one."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign and default is None:
            raise click.UsageError(f"{flag} {text}: allowed: NAME=VALUE")
        found |= {name: value} if sign else {default or "": text}
    return found


def _amount(name: str, value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = 0.0
    if not 0 < found <= 1_000_000:  # noqa: PLR2004 - a million predictions a second is no single model's
        raise click.UsageError(f"--rate {name}{'=' if name else ''}{value}: allowed: a number above 0 up to 1000000")
    return found


def _whole(name: str, value: str) -> int:
    if not value.isdigit() or not int(value):
        raise click.UsageError(f"--dimension {name}={value}: allowed: a whole number above 0")
    return int(value)


def _prices(file: Path) -> dict[str, float]:
    try:
        found = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(file, str(error).splitlines()[0]) from None
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(price, int | float) and price > 0 for name, price in found.items()
    ):
        raise _unreadable(file, "it is no list of sizes with a price above 0 each")
    return {name: float(price) for name, price in found.items()}


def _unreadable(file: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The prices can't be read: {why}.",
        code="FAL-PLC-006",
        where=f"--prices {file}",
        hint="write one line for each size, such as g6.xlarge: 1.02",
    )


def _beside(model: Path) -> Path:
    from falaj.placement.profile import profile_file  # noqa: PLC0415 - with the rest of the measurement

    return profile_file(model)


def _write(file: Path, found: CpuProfile) -> Path:
    try:
        file.write_text(found.as_json(), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The profile can't be written: {error.strerror}.",
            code="FAL-PLC-007",
            where=str(file),
            hint="name a file with --output in a folder that you may write to",
        ) from error
    return file
