"""``falaj models optimize``: a smaller or faster version of a model, if it stays as good as its owner asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from falaj.cli.console import output, print_json
from falaj.cli.tables import print_table
from falaj.cli.triton_models import triton
from falaj.errors import MachineError

if TYPE_CHECKING:
    from falaj.optimization.report import Report

FILE = click.Path(path_type=Path)


@click.group()
def models() -> None:
    """Models before they are served."""


models.add_command(triton)


@models.command("optimize")
@click.argument("model", type=FILE)
@click.option("--samples", "samples_file", required=True, type=FILE, help="An .npz: each input by name, rows first.")
@click.option("-o", "--output", "folder", required=True, type=FILE, help="The new version's folder.")
@click.option("--metric", required=True, type=click.Choice(["accuracy", "agreement", "relative-error"]))
@click.option("--max-drop", required=True, type=click.FloatRange(0), help="How much worse the result may be.")
@click.option(
    "--graph",
    default="basic",
    show_default=True,
    type=click.Choice(["none", "basic", "extended"]),
    help="Rewrite the graph; `extended` uses operators of ONNX Runtime alone.",
)
@click.option(
    "--quantize",
    default="none",
    show_default=True,
    type=click.Choice(["none", "dynamic", "static"]),
    help="Weights as 8-bit integers; `static` takes its scales from the samples.",
)
@click.option("--fp16", is_flag=True, help="Weights of 16 bits: half the file; seldom faster on a CPU.")
@click.option(
    "--prune",
    default=0.0,
    type=click.FloatRange(0, 1, max_open=True),
    help="Set this share of each weight tensor to zero; on a CPU neither smaller nor faster by itself.",
)
@click.option("--tensor", help="The output to judge.  [default: the model's first]")
@click.option("--rounds", default=200, show_default=True, type=click.IntRange(20), help="Runs of each model, in turns.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def optimize_(*, model: Path, samples_file: Path, folder: Path, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - what click read
    """Write a version of MODEL that is smaller or faster, and a report of what that cost, into a new folder.

    After each step the model answers all samples and is judged against the original: by `accuracy` where the samples
    hold an array `labels`, else by `agreement` (of the class it chooses) or `relative-error` (of numbers). A step after
    which it is worse by more than --max-drop is refused with exit code 12, and nothing is written. The report, beside
    model.onnx as optimization.json, gives size, latency of original and result measured in turns, and the metric.
    """
    report = _optimize(model, samples_file, folder, options)
    if as_json:
        print_json(report.as_dict())
        return
    print_table(report.columns(), report.rows(), notes=[stage.touched for stage in report.stages])
    output.print(f"\n{report.summary()}", markup=False)
    output.print(f"measured on {report.machine}, {report.runtime}, {report.rounds} rounds", markup=False)
    output.print(f"wrote {folder}", markup=False)


def _optimize(model: Path, samples_file: Path, folder: Path, options: dict[str, Any]) -> Report:
    try:
        from falaj.optimization import metrics, steps  # noqa: PLC0415 - an optional extra, and a second to import
        from falaj.optimization.optimize import Wanted, optimize  # noqa: PLC0415 - the same
    except ModuleNotFoundError as missing:
        raise MachineError(
            f"The Python package {missing.name} is not installed.",
            code="FAL-MOD-011",
            where="falaj models optimize",
            hint="install the extra `optimize`: uv sync --extra optimize",
        ) from None
    wanted = Wanted(
        metric=metrics.Metric(options["metric"]),
        max_drop=options["max_drop"],
        graph=steps.Graph(options["graph"]),
        quantize=steps.Quantization(options["quantize"]),
        fp16=options["fp16"],
        prune=options["prune"],
        output=options["tensor"],
        rounds=options["rounds"],
    )
    return optimize(model, samples_file, folder, wanted)
