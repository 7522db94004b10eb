"""How long a GPU takes for a batch: a roofline, corrected by published runs. Never run on a GPU by this project.

Time is launches times the floor of a launch, plus the longer of computing and reading memory, plus the way from and to
the host: Williams, Waterman and Patterson, Roofline, CACM 52(4), 2009.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cache

from falaj.catalog.gpu_performance import GpuPerformance, PublishedRuns, Run, gpu_runs
from falaj.placement.work import Work

LAUNCH_SECONDS = 3.8e-6
"""Time between kernels that are launched one after another.

Source: https://developer.nvidia.com/blog/cuda-graphs/ (2019-09-05), on a V100.
"""
TERA, GIGA = 1e12, 1e9
FP32_BYTES, FP16_BYTES = 4, 2
GEMM_OPERATIONS = 24
"""Operations of one token in one encoder layer, in squares of its width: four projections and two products of four
times the width, each a multiplication and an addition."""
LAYER_WEIGHTS = 12
"""Weights of one encoder layer, in squares of its width."""
ACTIVATIONS = 20
"""Values that the nodes of one layer read and write for a token, in widths."""


@dataclass(frozen=True, slots=True)
class Correction:
    """How published runs differ from the roofline."""

    factor: float
    """By which the roofline is multiplied: the median of those on tensor cores, which float32 models use too."""
    error: float
    """By which factor the corrected estimate is off at most, over all published runs."""
    runs: int
    """How many there are."""
    source: str
    """What ran, and in what."""


def seconds(work: Work, card: GpuPerformance, batch: int, share: float = 1.0) -> float:
    """Return how long a card, or this share of one, takes for a batch, corrected by published runs."""
    tflops = card.fp16_tflops if work.precision == "fp16" else card.tf32_tflops
    raw = roofline(work, batch, tflops * share, card.memory_gb_per_s * share)
    return raw * correction().factor + batch * work.transfer_bytes / (card.host_gb_per_s * GIGA)


def roofline(work: Work, batch: int, tflops: float, memory_gb_per_s: float) -> float:
    """Return the least that a batch can take, by the peaks of a card and the floor of a launch."""
    computing = batch * work.operations / (tflops * TERA)
    reading = (work.weight_bytes + batch * work.activation_bytes) / (memory_gb_per_s * GIGA)
    return work.launches * LAUNCH_SECONDS + max(computing, reading)


@cache
def correction() -> Correction:
    """Return how far the roofline is off, by every published run of the catalog."""
    ratios = {key: [_ratio(series, run) for run in series.runs] for key, series in gpu_runs().items()}
    on_tensor_cores = [ratio for key, found in ratios.items() if gpu_runs()[key].precision == "fp16" for ratio in found]
    every = [ratio for found in ratios.values() for ratio in found]
    factor = statistics.median(on_tensor_cores)
    first = next(iter(gpu_runs().values()))
    return Correction(
        factor=factor,
        error=max(max(ratio / factor, factor / ratio) for ratio in every),
        runs=len(every),
        source=f"{first.model.partition(',')[0]} in {first.engine} on V100",
    )


def encoder_work(series: PublishedRuns, sequence: int) -> Work:
    """Return the work of one prediction of an encoder of a published series."""
    size = FP32_BYTES if series.precision == "fp32" else FP16_BYTES
    width = series.hidden
    attention = 4 * sequence * sequence * width
    return Work(
        operations=float(series.layers * (sequence * GEMM_OPERATIONS * width * width + attention)),
        weight_bytes=float(series.layers * LAYER_WEIGHTS * width * width * size),
        activation_bytes=float(series.layers * sequence * ACTIVATIONS * width * size),
        transfer_bytes=0,
        launches=series.launches,
        precision=series.precision,
    )


def _ratio(series: PublishedRuns, run: Run) -> float:
    raw = roofline(encoder_work(series, run.sequence), run.batch, series.tflops, series.memory_gb_per_s)
    return run.milliseconds / 1000 / raw
