"""What a load generator found, and how its output is read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.statistics import percentile

MARK = "JSON "
DATA_BYTES = re.compile(r"^traffic: .*\((\d+)\) data$", re.MULTILINE)
OK = "200"


@dataclass(frozen=True)
class Load:
    """One load on a server."""

    requests: int
    """Right answers, as far as the generator can tell."""

    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds

    def as_record(self) -> dict[str, float]:
        """The load as JSON keeps it."""
        return {name: round(value, 3) for name, value in {**asdict(self), "rate": self.rate}.items()}


def from_wrk(output: str) -> Load:
    """What post.lua printed; refuses output without it."""
    lines = [line.removeprefix(MARK) for line in output.splitlines() if line.startswith(MARK)]
    if not lines:
        raise MeasurementError(f"wrk printed no figures:\n{output[-2000:]}")
    return Load(**json.loads(lines[-1]))


def from_h2load(log: Sequence[str], output: str, seconds: float, answer_bytes: int) -> Load:
    """Its log of requests (start, status, microseconds) and what it printed.

    gRPC tells errors in trailers, which h2load doesn't read, but an error has no message: there must be as many bytes
    of data as that many right answers have. Their number is counted down where bytes are missing.
    """
    fields = [line.split() for line in log]
    times = [int(took) / 1000 for _, status, took, *_ in fields if status == OK]
    found = DATA_BYTES.search(output)
    if not times or found is None:
        raise MeasurementError(f"h2load got no answer:\n{output[-2000:]}")
    whole = min(len(times), round(int(found[1]) / answer_bytes))
    return Load(whole, seconds, percentile(times, 0.5), percentile(times, 0.99), len(fields) - whole)


def from_open_loop(output: str) -> Load:
    """What the constant-rate generator printed."""
    found: dict[str, float] = json.loads(output)
    return Load(int(found["requests"]), found["seconds"], found["p50_ms"], found["p99_ms"], int(found["errors"]))
