"""Steps one after the other, each held to the owner's own samples; nothing is written unless all pass."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onnx
import onnxruntime

from falaj.errors import AccuracyError, ConfigurationError
from falaj.optimization import steps
from falaj.optimization.latency import measure
from falaj.optimization.metrics import Judgement, Metric, judge
from falaj.optimization.model import Model
from falaj.optimization.report import Report, Stage, size_of
from falaj.optimization.samples import Array, Samples, read_samples
from falaj.optimization.steps import Graph, Quantization, Step

MODEL: Final = "model.onnx"
REPORT: Final = "optimization.json"
ORIGINAL: Final = "original"


@dataclass(frozen=True)
class Wanted:
    """What is to be done, and how much it may cost."""

    metric: Metric
    max_drop: float
    graph: Graph = Graph.BASIC
    quantize: Quantization = Quantization.NONE
    fp16: bool = False
    prune: float = 0.0
    output: str | None = None
    """The output that is judged; None for the model's first."""
    rounds: int = 200

    def steps(self, rows: tuple[Mapping[str, Array], ...]) -> tuple[Step, ...]:
        """The steps in the order in which each leaves most to the next; refuses none, and two widths at once."""
        if self.fp16 and self.quantize is not Quantization.NONE:
            raise ConfigurationError(
                "Weights have 16 bits or 8, not both.",
                code="FAL-MOD-008",
                where=f"--fp16 with --quantize {self.quantize}",
                hint="choose one; the report of each says what it brings",
            )
        chosen = (
            *([steps.prune(self.prune)] if self.prune else []),
            *([steps.optimise_graph(self.graph)] if self.graph is not Graph.NONE else []),
            *([steps.quantise(self.quantize, rows)] if self.quantize is not Quantization.NONE else []),
            *([steps.narrow()] if self.fp16 else []),
        )
        if not chosen:
            raise ConfigurationError(
                "Nothing is to be done.",
                code="FAL-MOD-008",
                where="--graph none",
                hint="choose at least one of --graph, --quantize, --fp16, --prune",
            )
        return chosen


def optimize(file: Path, samples_file: Path, folder: Path, wanted: Wanted) -> Report:
    """Write a version of the model with a report into a new folder, ready for a model repository.

    Refuses, with nothing written, a step after which the model drops more than allowed.
    """
    _check_folder(folder)
    _check_whole(file)
    original = Model(file)
    output = _output(original, wanted)
    samples = read_samples(samples_file)
    rows = original.rows(samples, samples_file)
    answers = tuple(original.run(rows, output))
    judged = {ORIGINAL: judge(wanted.metric, answers, answers, samples.labels, output)}
    touched, models = {ORIGINAL: ""}, [original]
    with tempfile.TemporaryDirectory(prefix="falaj-optimize-") as made:
        for number, step in enumerate(wanted.steps(rows)):
            target = Path(made, f"{number}.onnx")
            touched[step.name] = steps.run(step, models[-1].file, target)
            models.append(Model(target))
            found = tuple(models[-1].run(rows, output))
            judged[step.name] = judge(wanted.metric, answers, found, samples.labels, output)
            _gate(step.name, judged[step.name], wanted)
        latencies = measure(models, rows, wanted.rounds)
        stages = tuple(
            Stage(name, touched[name], size_of(model.file), judged[name].value, judged[name].drop, latency)
            for name, model, latency in zip(judged, models, latencies, strict=True)
        )
        report = _report(wanted, output, samples, stages)
        _write(folder, models[-1].file, report)
    return report


def _write(folder: Path, model: Path, report: Report) -> None:
    """A repository that looks on sees the whole version or none of it: it passes over names that begin with a dot."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".optimize-") as beside:
            whole = Path(beside, "whole")
            whole.mkdir()
            shutil.copyfile(model, whole / MODEL)
            (whole / REPORT).write_text(report.as_json())
            whole.replace(folder)
    except OSError as error:
        raise ConfigurationError(
            f"It can't be written: {error.strerror}.",
            code="FAL-MOD-010",
            where=f"--output {folder}",
            hint="name a folder that you may write to",
        ) from None


def _report(wanted: Wanted, output: str, samples: Samples, stages: tuple[Stage, ...]) -> Report:
    return Report(
        metric=wanted.metric,
        max_drop=wanted.max_drop,
        output=output,
        samples=samples.count,
        labelled=samples.labels is not None,
        samples_sha256=samples.sha256,
        rounds=wanted.rounds,
        machine=_processor(),
        runtime=f"onnxruntime {onnxruntime.__version__}, one thread",
        stages=stages,
    )


def _gate(step: str, found: Judgement, wanted: Wanted) -> None:
    # Written so that a drop that is no number does not pass.
    if not found.drop <= wanted.max_drop:
        raise AccuracyError(
            f"After it, {wanted.metric} is {found.value:.6g}: a drop of {found.drop:.6g}, "
            f"where {wanted.max_drop:g} is allowed.",
            code="FAL-MOD-009",
            where=f"step {step}",
            hint="nothing was written; leave that step out, give more samples, or allow a larger --max-drop",
        )


def _check_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            "It is there already, and not an empty folder.",
            code="FAL-MOD-010",
            where=f"--output {folder}",
            hint="name a new version's folder, like models/churn/2",
        )


def _check_whole(file: Path) -> None:
    try:
        model = onnx.load(file, load_external_data=False)
    except OSError as error:
        raise _no_model(file, f"It can't be read: {error.strerror}.") from None
    except Exception:  # noqa: BLE001 - whatever protobuf says of what is none
        raise _no_model(file, "It is no ONNX file.") from None
    if any(each.data_location == onnx.TensorProto.EXTERNAL for each in model.graph.initializer):
        raise _no_model(file, "Its weights lie in another file.")


def _no_model(file: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        why, code="FAL-MOD-002", where=f"MODEL {file}", hint="name an ONNX file that holds its own weights"
    )


def _output(model: Model, wanted: Wanted) -> str:
    if wanted.output is None:
        return model.outputs[0]
    if wanted.output not in model.outputs:
        raise ConfigurationError(
            f"The model has no such output; there are: {', '.join(model.outputs)}.",
            code="FAL-MOD-004",
            where=f"--tensor {wanted.output}",
            hint="choose one of these",
        )
    return wanted.output


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
