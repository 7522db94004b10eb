"""How long models take, measured in turns: whatever else the machine does meanwhile meets all of them alike."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from falaj.optimization.model import Model
from falaj.optimization.samples import Array

WARM_UP: Final = 5
MILLISECONDS: Final = 1e-6
"""Of a nanosecond."""


@dataclass(frozen=True)
class Latency:
    """One model's runs."""

    median_ms: float
    p99_ms: float
    ratio: float
    """Median of how long each run took, in shares of the original's run of the same round."""
    ratio_low: float
    ratio_high: float
    """In which bounds that median lies, with 95 % confidence. Where they enclose 1, no difference was measured."""


def measure(models: Sequence[Model], rows: Sequence[Mapping[str, Array]], rounds: int) -> tuple[Latency, ...]:
    """Run every model once in each round, in changing order, on the same sample; the first is the original."""
    for _ in range(WARM_UP):
        _round(models, rows[0], 0)
    was_on = gc.isenabled()
    gc.disable()
    try:
        taken = [_round(models, rows[number % len(rows)], number) for number in range(rounds)]
    finally:
        if was_on:
            gc.enable()
    original = [each[0] for each in taken]
    return tuple(_latency([each[position] for each in taken], original) for position in range(len(models)))


def _round(models: Sequence[Model], fed: Mapping[str, Array], number: int) -> list[float]:
    taken = [0.0] * len(models)
    for turn in range(len(models)):
        position = (number + turn) % len(models)
        session = models[position].session
        started = time.perf_counter_ns()
        session.run(None, fed)
        taken[position] = (time.perf_counter_ns() - started) * MILLISECONDS
    return taken


def _latency(taken: Sequence[float], original: Sequence[float]) -> Latency:
    ratios = sorted(mine / theirs for mine, theirs in zip(taken, original, strict=True))
    # The ranks between which a median lies with 95 % confidence, from the binomial distribution's normal approximation.
    half = 0.98 * math.sqrt(len(ratios))
    low = max(0, math.floor(len(ratios) / 2 - half))
    high = min(len(ratios) - 1, math.ceil(len(ratios) / 2 + half))
    return Latency(
        median_ms=statistics.median(taken),
        p99_ms=sorted(taken)[math.ceil(0.99 * len(taken)) - 1],
        ratio=statistics.median(ratios),
        ratio_low=ratios[low],
        ratio_high=ratios[high],
    )
