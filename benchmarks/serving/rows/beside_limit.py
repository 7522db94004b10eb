"""Dear models, paired with ONNX Runtime alone on the same core: how much of the limit is served."""

from __future__ import annotations

from benchmarks.figure import Figure
from benchmarks.serving import generators
from benchmarks.serving.alone import Alone, alone
from benchmarks.serving.contenders import ours
from benchmarks.serving.finding import Finding
from benchmarks.serving.models import built
from benchmarks.serving.process import running
from benchmarks.serving.requests import Protocol, example, request
from benchmarks.serving.statistics import paired_share
from benchmarks.serving.surroundings import Bench

GOAL = 0.95
LONGER = 1.5
MUCH_LONGER = 8.0
"""Dear models answer few requests in a second: their loads last this much longer. What is not answered when the time is
up is not counted, up to a whole batch, and has to be little of the whole."""
LIMIT_SECONDS = 1.0


def minilm_one(bench: Bench) -> Finding:
    """One caller, against single runs."""
    return _paired(bench, "minilm", Protocol.JSON, 1, LONGER * bench.seconds)


def minilm_many(bench: Bench) -> Finding:
    """32 callers, against batches of 32."""
    return _paired(bench, "minilm", Protocol.JSON, 32, LONGER * bench.seconds)


def resnet(bench: Bench) -> Finding:
    """Eight callers with binary tensors, against batches of eight."""
    return _paired(bench, "resnet", Protocol.BINARY, 8, MUCH_LONGER * bench.seconds)


def _paired(bench: Bench, name: str, protocol: Protocol, connections: int, seconds: float) -> Finding:
    model, inputs = built(name), example(name)
    asked = request(protocol, name, inputs)
    figure = Figure(f"{name}, {protocol}, {connections} at once, share of raw", GOAL, unit="x", at_least=True)
    rounds = []
    with alone(bench, model, inputs) as limit, running(bench, ours(), model) as server:
        expected = limit.expected()
        server.wait_until_right(asked, expected)
        generators.load(bench, server, asked, connections, 1)
        for number in range(bench.rounds):
            bench.tell(f"{name}, {protocol}, {connections} at once: round {number + 1} of {bench.rounds}")
            before = _limit(limit, connections)
            server.check(asked, expected)
            found = generators.load(bench, server, asked, connections, seconds)
            server.check(asked, expected)
            after = _limit(limit, connections)
            figure.runs.append(paired_share(found.rate, before, after))
            rounds.append({**found.as_record(), "raw": [round(before, 2), round(after, 2)]})
    return Finding([figure], {"rounds": rounds})


def _limit(limit: Alone, rows: int) -> float:
    return limit.rate(rows, LIMIT_SECONDS).rate
