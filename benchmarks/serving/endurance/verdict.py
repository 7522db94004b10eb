"""Whether a server held out: what it took over time, and what it said."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.figure import Figure
from benchmarks.serving.statistics import slope

SETTLED_AFTER = 0.25
"""The part of the run in which a server may still grow: every shape is met and every pool filled once."""
MOST_GROWTH_PERCENT = 5.0
MOST_NEW_DESCRIPTORS = 64
"""Connections come and go; a leak of one for each hang-up is thousands."""
FAILURE = re.compile(r'^nv_inference_request_failure\{[^}]*reason="(\w+)"[^}]*\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """The server at one moment."""

    seconds: float
    rss_mb: float
    descriptors: int


def settled(samples: Sequence[Sample]) -> list[Sample]:
    """The samples after the server has met everything once."""
    end = samples[-1].seconds
    return [each for each in samples if each.seconds >= SETTLED_AFTER * end]


def growth_percent(samples: Sequence[Sample]) -> float:
    """How much RSS rises over the settled part, by its straight line, in percent of its median."""
    kept = settled(samples)
    times, sizes = [each.seconds for each in kept], [each.rss_mb for each in kept]
    return 100 * slope(times, sizes) * (times[-1] - times[0]) / median(sizes)


def new_descriptors(samples: Sequence[Sample]) -> int:
    """How many more files and sockets are open at the end than when the server had settled."""
    kept = settled(samples)
    return kept[-1].descriptors - kept[0].descriptors


def failures(metrics: str) -> dict[str, float]:
    """The requests that failed by the server's own count, by reason, all models together."""
    found: dict[str, float] = {}
    for reason, value in FAILURE.findall(metrics):
        found[reason] = found.get(reason, 0.0) + float(value)
    return found


def complaints(log: str) -> list[str]:
    """What it said of errors, and what it said outside its log: tracebacks of an interpreter, say."""
    return [line for line in log.splitlines() if line and not _is_calm(line)]


def figures(samples: Sequence[Sample], wrong: int, broken: float, said: int, code: int) -> list[Figure]:
    """What must hold; ``broken`` are the requests that failed in the model, which no client can be blamed for."""
    return [
        Figure("soak, RSS growth", MOST_GROWTH_PERCENT, [growth_percent(samples)], "%"),
        Figure("soak, new file descriptors", MOST_NEW_DESCRIPTORS, [new_descriptors(samples)], ""),
        Figure("soak, wrong or missing answers", 0, [wrong], ""),
        Figure("soak, models that failed by its own count", 0, [broken], ""),
        Figure("soak, errors in its log", 0, [said], ""),
        Figure("soak, exit code after SIGTERM", 0, [abs(code)], ""),
    ]


def _is_calm(line: str) -> bool:
    try:
        return json.loads(line)["level"] in ("debug", "info", "warning")
    except (ValueError, KeyError, TypeError):
        return False
