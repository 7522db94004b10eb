"""What was done to a model and what it brought, in numbers that were measured."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from falaj.optimization.latency import Latency

FORMAT: Final = "falaj-model-optimization/1"
COMPRESSION: Final = 6
NOTICEABLE: Final = 0.02
"""Less than this share is no difference: where a model lies in memory makes as much."""


@dataclass(frozen=True)
class Size:
    """Of one model file."""

    bytes: int
    compressed_bytes: int
    """By gzip, level 6: about what a registry stores and a node pulls."""
    sha256: str


@dataclass(frozen=True)
class Stage:
    """The model after one step; the first is the original."""

    step: str
    touched: str
    """What the step did, in words."""
    size: Size
    value: float
    drop: float
    """Against the original, by the metric of the report."""
    latency: Latency


@dataclass(frozen=True)
class Report:
    """Of one optimisation that passed its gate."""

    metric: str
    max_drop: float
    output: str
    """The output that was judged."""
    samples: int
    labelled: bool
    samples_sha256: str
    rounds: int
    machine: str
    runtime: str
    stages: tuple[Stage, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON knows it."""
        return {"format": FORMAT, **asdict(self)}

    def as_json(self) -> str:
        """The report as a document."""
        return f"{json.dumps(self.as_dict(), indent=2, ensure_ascii=False)}\n"

    def rows(self) -> list[tuple[str, ...]]:
        """One row for each stage, as people read it."""
        first = self.stages[0]
        return [
            (
                stage.step,
                f"{stage.size.bytes:,}",
                f"{stage.size.compressed_bytes:,}",
                f"{stage.latency.median_ms:.3f}",
                f"{stage.latency.p99_ms:.3f}",
                "" if stage is first else speed(stage.latency),
                f"{stage.value:.6g}",
                "" if stage is first else f"{stage.drop:.6g}",
            )
            for stage in self.stages
        ]

    def columns(self) -> tuple[str, ...]:
        """The headings of the rows."""
        return ("step", "bytes", "gzip bytes", "median ms", "p99 ms", "time against original", self.metric, "drop")

    def summary(self) -> str:
        """What the result is, against the original, in one sentence that promises no more than was measured."""
        first, last = self.stages[0], self.stages[-1]
        size = last.size.bytes / first.size.bytes
        return (
            f"{size:.2f} of the original's size; time: {speed(last.latency)}; "
            f"{self.metric} {last.value:.6g}, a drop of {last.drop:.6g} where {self.max_drop:g} is allowed"
        )


def speed(latency: Latency) -> str:
    """Say how a model's time compares: a factor with its bounds, or that none was measured."""
    bounds = f"{latency.ratio_low:.2f} to {latency.ratio_high:.2f}"
    if latency.ratio_low <= 1 + NOTICEABLE and latency.ratio_high >= 1 - NOTICEABLE:
        return f"no difference measured ({bounds})"
    return f"{latency.ratio:.2f}x, {'faster' if latency.ratio < 1 else 'slower'} ({bounds})"


def size_of(file: Path) -> Size:
    """Measure a model file."""
    content = file.read_bytes()
    packed = gzip.compress(content, COMPRESSION, mtime=0)
    return Size(len(content), len(packed), hashlib.sha256(content).hexdigest())
