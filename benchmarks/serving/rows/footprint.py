"""What a server takes before it answers anything: memory and time; and what it gives back after a burst."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from benchmarks.figure import Figure
from benchmarks.serving import generators
from benchmarks.serving.alone import alone
from benchmarks.serving.answers import Caller
from benchmarks.serving.contenders import ours
from benchmarks.serving.finding import Finding
from benchmarks.serving.models import built
from benchmarks.serving.process import running
from benchmarks.serving.requests import Protocol, example, request
from benchmarks.serving.surroundings import Bench

MEMORY_GOAL = 30.0
START_GOALS = {"tiny": 0.5, "minilm": 0.8}
BURST_GOAL = 1.3
LARGEST_ROWS, LONG_TOKENS = 32, 256
"""The largest batch of the server's defaults, of long texts."""
BURST_REQUESTS = 3
CALLS_AFTER = 5
FEW_ROUNDS = 3
"""Memory hardly differs from one process to the next."""


def memory(bench: Bench) -> Finding:
    """PSS after a load over REST and gRPC, above that of a bare process that ran the same batches."""
    figures: list[Figure] = []
    details: dict[str, list[dict[str, float]]] = {}
    for name in START_GOALS:
        inputs, model = example(name), built(name)
        asked = request(Protocol.JSON, name, inputs)
        figure = Figure(f"{name}, PSS above a bare process", MEMORY_GOAL, unit="MB")
        details[name] = []
        for _ in range(min(FEW_ROUNDS, bench.rounds)):
            with alone(bench, model, inputs) as limit:
                expected = limit.expected()
                for rows in (1, LARGEST_ROWS):
                    limit.rate(rows, 0)
                bare = limit.memory()
            with running(bench, ours(), model) as server:
                server.wait_until_right(asked, expected)
                generators.load(bench, server, asked, LARGEST_ROWS)
                server.check(request(Protocol.GRPC, name, inputs), expected)
                served = server.memory().proportional
            figure.runs.append(served - bare)
            details[name].append({"bareMB": round(bare, 1), "servedMB": round(served, 1)})
        figures.append(figure)
    return Finding(figures, details)


def start(bench: Bench) -> Finding:
    """From the start of the process to the first right answer, files in the page cache after a first start."""
    figures = []
    for name, goal in START_GOALS.items():
        inputs, model = example(name), built(name)
        asked = request(Protocol.JSON, name, inputs)
        with alone(bench, model, inputs) as limit:
            expected = limit.expected()
        figure = Figure(f"{name}, start to first right answer", goal)
        for number in range(bench.rounds + 1):
            with running(bench, ours(), model) as server:
                seconds = server.wait_until_right(asked, expected)
            if number:
                figure.runs.append(seconds)
        figures.append(figure)
    return Finding(figures)


def burst(bench: Bench) -> Finding:
    """RSS after some requests of the largest batch, over RSS when the model was loaded and had answered."""
    model, small = built("minilm"), example("minilm")
    asked = request(Protocol.JSON, "minilm", small)
    large = request(Protocol.BINARY, "minilm", example("minilm", LARGEST_ROWS, LONG_TOKENS))
    with alone(bench, model, small) as limit:
        expected = limit.expected()
    figure = Figure(f"minilm, RSS after {LARGEST_ROWS} x {LONG_TOKENS} tokens", BURST_GOAL, unit="x")
    details = []
    for _ in range(min(FEW_ROUNDS, bench.rounds)):
        with running(bench, ours(), model) as server:
            server.wait_until_right(asked, expected)
            loaded = server.memory().resident
            bench.tell("minilm: a burst of the largest batch")
            with ThreadPoolExecutor(BURST_REQUESTS) as pool:
                callers = [Caller(server.ports.http, expected.name) for _ in range(BURST_REQUESTS)]
                answers = [pool.submit(caller.call, large) for caller in callers]
                for each in answers:
                    each.result()
            for _ in range(CALLS_AFTER):
                server.check(asked, expected)
            after = server.memory().resident
        figure.runs.append(after / loaded)
        details.append({"loadedMB": round(loaded, 1), "afterMB": round(after, 1)})
    return Finding([figure], {"rounds": details})
