"""A lone caller right after many others hung up: it should not wait for answers that nobody wants any more."""

from __future__ import annotations

import random
import socket
import time

from benchmarks.figure import Figure
from benchmarks.serving.alone import Alone, alone
from benchmarks.serving.answers import HOST, Caller
from benchmarks.serving.contenders import ours
from benchmarks.serving.finding import Finding
from benchmarks.serving.models import built
from benchmarks.serving.process import Server, running
from benchmarks.serving.requests import Protocol, Request, example, request
from benchmarks.serving.statistics import percentile
from benchmarks.serving.surroundings import Bench

GOAL = 2.0
CROWD = 32
TIMES = 25
"""Lone calls in a round: with five rounds, the slowest of a hundred is seen."""
LIMIT_SECONDS = 0.5


def lone_caller(bench: Bench) -> Finding:
    """MiniLM: p99 of the lone caller's wait in single runs of the model.

    The crowd asks at once and leaves after a random time, up to that of a run with all of their rows: now while they
    wait, now while they are run together.
    """
    model, inputs = built("minilm"), example("minilm")
    asked = request(Protocol.JSON, "minilm", inputs)
    chance = random.Random(0)  # noqa: S311 - moments, not secrets
    waits: list[float] = []
    rounds = []
    with alone(bench, model, inputs) as limit, running(bench, ours(), model) as server:
        expected = limit.expected()
        server.wait_until_right(asked, expected)
        longest = limit.rate(CROWD, LIMIT_SECONDS).run_seconds
        caller = Caller(server.ports.http, expected.name)
        for number in range(bench.rounds):
            bench.tell(f"{CROWD} callers hang up: round {number + 1} of {bench.rounds}")
            before = _run_seconds(limit)
            taken = [_after_a_crowd(server, caller, asked, chance.uniform(0, longest)) for _ in range(TIMES)]
            run = (before + _run_seconds(limit)) / 2
            waits += [each / run for each in taken]
            rounds.append({"run_ms": round(1000 * run, 2), "waits_ms": [round(1000 * each, 1) for each in taken]})
        server.check(asked, expected)
        caller.close()
    figure = Figure(f"minilm, p99 alone after {CROWD} hung up, in runs", GOAL, [percentile(waits, 0.99)], "x")
    return Finding([figure], {"rounds": rounds, "median": round(percentile(waits, 0.5), 2)})


def _run_seconds(limit: Alone) -> float:
    return limit.rate(1, LIMIT_SECONDS).run_seconds


def _after_a_crowd(server: Server, caller: Caller, asked: Request, stay: float) -> float:
    """Seconds that a caller waits who comes when all others have left."""
    caller.call(asked)
    crowd = [socket.create_connection((HOST, server.ports.http)) for _ in range(CROWD)]
    sent = _as_bytes(asked)
    for each in crowd:
        each.sendall(sent)
    time.sleep(stay)
    for each in crowd:
        each.close()
    started = time.perf_counter()
    caller.call(asked)
    waited = time.perf_counter() - started
    for _ in range(2):
        caller.call(asked)  # whatever the crowd left behind ends before the next crowd comes
    return waited


def _as_bytes(asked: Request) -> bytes:
    lines = [f"POST {asked.path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(asked.body)}"]
    lines += [f"{name}: {value}" for name, value in asked.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + asked.body
