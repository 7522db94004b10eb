"""The tiny model behind several servers that take turns: where framework, not arithmetic, costs the time."""

from __future__ import annotations

from benchmarks.figure import Figure
from benchmarks.serving import generators
from benchmarks.serving.contenders import (
    FASTAPI,
    KSERVE,
    MLSERVER,
    MLSERVER_BATCHING,
    TRITON,
    TRITON_IMAGE,
    Contender,
    ours,
)
from benchmarks.serving.finding import Finding
from benchmarks.serving.load import Load
from benchmarks.serving.models import built
from benchmarks.serving.process import Server
from benchmarks.serving.requests import Protocol, Request
from benchmarks.serving.statistics import ratios
from benchmarks.serving.surroundings import Bench
from benchmarks.serving.turns import in_turns

OURS = "onnxruntime-server"
MANY = 32
STEADY_RATE, STEADY_SECONDS = 300.0, 3.0


def rest_many(bench: Bench) -> Finding:
    """REST JSON, 32 connections."""
    goals = {MLSERVER_BATCHING: 10.0, TRITON: 4.0, FASTAPI: 3.0}
    return _throughput(bench, Protocol.JSON, MANY, goals)


def rest_one(bench: Bench) -> Finding:
    """REST JSON, one connection."""
    return _throughput(bench, Protocol.JSON, 1, {MLSERVER: 6.0, KSERVE: 3.0})


def grpc_many(bench: Bench) -> Finding:
    """GRPC, 32 calls at once."""
    return _throughput(bench, Protocol.GRPC, MANY, {MLSERVER: 4.0, TRITON: 0.8})


def triton_image(bench: Bench) -> Finding:
    """GRPC, 32 calls at once: the local variant of the Triton image, in the place of the server under test."""
    return _throughput(bench, Protocol.GRPC, MANY, {MLSERVER_BATCHING: 2.0, KSERVE: 1.5}, TRITON_IMAGE)


def constant_rate(bench: Bench) -> Finding:
    """REST JSON at 300 requests a second, whatever the answers take: the slowest hundredth."""
    goals = {MLSERVER: 0.3, MLSERVER_BATCHING: 0.3}

    def measure(server: Server, asked: Request) -> Load:
        return generators.open_loop(bench, server, asked, STEADY_RATE, STEADY_SECONDS)

    found = in_turns(bench, built("tiny"), Protocol.JSON, [ours(), *goals], measure=measure)
    slowest = {name: [each.p99_ms for each in loads] for name, loads in found.items()}
    figures = [
        Figure(
            f"tiny, p99 at {STEADY_RATE:.0f} a second, beside {peer.name}",
            goal,
            ratios(slowest[OURS], slowest[peer.name]),
            "x",
        )
        for peer, goal in goals.items()
    ]
    return Finding(figures, _records(found))


def _throughput(
    bench: Bench, protocol: Protocol, connections: int, goals: dict[Contender, float], subject: Contender | None = None
) -> Finding:
    subject = ours() if subject is None else subject

    def measure(server: Server, asked: Request) -> Load:
        return generators.load(bench, server, asked, connections)

    found = in_turns(bench, built("tiny"), protocol, [subject, *goals], measure=measure)
    rates = {name: [each.rate for each in loads] for name, loads in found.items()}
    figures = [
        Figure(
            f"tiny, {protocol}, {connections} at once, {_whose(subject)}beside {peer.name}",
            goal,
            ratios(rates[subject.name], rates[peer.name]),
            "x",
            at_least=True,
        )
        for peer, goal in goals.items()
    ]
    return Finding(figures, _records(found))


def _whose(subject: Contender) -> str:
    return "" if subject.name == OURS else f"{subject.name} "


def _records(found: dict[str, list[Load]]) -> dict[str, list[dict[str, float]]]:
    return {name: [each.as_record() for each in loads] for name, loads in found.items()}
