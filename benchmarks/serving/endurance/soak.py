"""The soak from start to stop."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.serving.contenders import ours
from benchmarks.serving.endurance.callers import Callers
from benchmarks.serving.endurance.cases import both_models, cases
from benchmarks.serving.endurance.tally import Tally
from benchmarks.serving.endurance.verdict import Sample, complaints, failures, figures
from benchmarks.serving.process import Server, running
from benchmarks.serving.requests import Protocol
from benchmarks.serving.surroundings import Bench

SAMPLES = 240
BROKEN = "BACKEND"
"""Triton's word for a model that failed."""
LEAST_SECONDS_BETWEEN_SAMPLES = 0.5


def soak(bench: Bench, file: Path, machine: dict[str, str | int]) -> list[Figure]:
    """Call, watch, stop, judge; everything that was found is kept as JSON."""
    bench.tell("working out the right answers")
    examples = list(cases(bench))
    tally = Tally()
    with running(bench, ours(), both_models(bench.folder / "models")) as server:
        for case in examples:
            server.wait_until_right(case.asked(Protocol.JSON), case.expected)
        callers = Callers(server.ports, examples, tally)
        with callers.calling():
            samples = _watch(bench, server, tally)
        failed = failures(server.metrics())
        code = server.stop()
        said = complaints(server.log())
    wrong = sum(tally.failed.values())
    found = figures(samples, wrong, failed.get(BROKEN, 0), len(said), code)
    record = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "minutes": round(bench.seconds / 60, 2),
        "figures": [figure.as_record() | {"met": figure.met} for figure in found],
        "traffic": tally.as_record(),
        "failuresByReason": failed,
        "problems": [*tally.problems, *said[:20]],
        "samples": [asdict(each) for each in samples],
    }
    file.write_text(json.dumps(record, indent=2) + "\n")
    return found


def _watch(bench: Bench, server: Server, tally: Tally) -> list[Sample]:
    """Look at the server at even intervals until the time is up."""
    interval = max(bench.seconds / SAMPLES, LEAST_SECONDS_BETWEEN_SAMPLES)
    samples: list[Sample] = []
    started = time.monotonic()
    while (now := time.monotonic() - started) < bench.seconds:
        resident = round(server.memory().resident, 1)
        samples.append(Sample(round(now, 1), resident, server.descriptors()))
        right, wrong = sum(tally.done.values()), sum(tally.failed.values())
        bench.tell(
            f"{now / 60:.1f} of {bench.seconds / 60:.1f} min: {right} right, {wrong} wrong, RSS {resident:.0f} MB"
        )
        time.sleep(interval)
    return samples
