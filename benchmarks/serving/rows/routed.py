"""What a router before the server adds: to the time of a lone caller, and to the work of one core for 32 of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from benchmarks.serving import environments, generators
from benchmarks.serving.alone import alone
from benchmarks.serving.contenders import Command, Contender, Ports, ours
from benchmarks.serving.finding import Finding
from benchmarks.serving.load import Load
from benchmarks.serving.models import Model, built
from benchmarks.serving.process import Server, running
from benchmarks.serving.requests import Protocol, Request, example, request
from benchmarks.serving.surroundings import Bench

ADDED_GOAL = 0.3
MANY_GOAL = 0.4
ONE, MANY = 1, 32
CALLED = {Protocol.JSON: "REST JSON", Protocol.GRPC: "gRPC"}


def router(bench: Bench) -> Finding:
    """The tiny model directly and through the router, in turns; the router has the callers' core.

    Both sides of the router are the one server, so that every request is decided on as in earnest.
    """
    model, inputs = built("tiny"), example("tiny")
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    with alone(bench, model, inputs) as limit:
        expected = limit.expected()
    with running(bench, ours(), model) as server, _before(bench, server, model) as routed:
        for protocol, name in CALLED.items():
            asked = request(protocol, model.name, inputs)
            for each in (server, routed):
                each.wait_until_right(asked, expected)
                generators.load(bench, each, asked, MANY)
            one, many = (_in_turns(bench, server, routed, asked, callers) for callers in (ONE, MANY))
            added = [through.p50_ms - direct.p50_ms for direct, through, _ in one]
            figures.append(Figure(f"router, {name}, one caller, added to p50", ADDED_GOAL, added, "ms"))
            shares = [through.rate / direct.rate for direct, through, _ in many]
            figures.append(Figure(f"router, {name}, 32 callers, of direct", MANY_GOAL, shares, "x", at_least=True))
            details[name] = {str(callers): _told(found) for callers, found in ((ONE, one), (MANY, many))}
            for each in (server, routed):
                each.check(asked, expected)
    return Finding(figures, details)


@contextmanager
def _before(bench: Bench, server: Server, model: Model) -> Iterator[Server]:
    """A router before a server, on the callers' core."""

    def command(_: Model, ports: Ports, folder: Path) -> Command:
        del folder
        where = f"127.0.0.1:{server.ports.http}:{server.ports.grpc}"
        places = ["--host", "127.0.0.1", "--port", str(ports.http), "--grpc-port", str(ports.grpc)]
        arguments = [str(environments.of_the_server()), "-m", "inference_router", "--cpu", where, "--gpu", where]
        return Command([*arguments, *places], {"PYTHONPATH": str(environments.SERVER)})

    within = ["taskset", "-c", str(bench.cores.callers)]
    with running(bench, Contender("router", command), model, within=within) as routed:
        yield routed


def _in_turns(
    bench: Bench, server: Server, routed: Server, asked: Request, callers: int
) -> list[tuple[Load, Load, float]]:
    """Loads without and with the router, and its processor time for a request in microseconds, round by round."""
    found = []
    for number in range(bench.rounds):
        bench.tell(f"router, {asked.protocol}, {callers} callers, round {number + 1} of {bench.rounds}")
        loads: dict[Server, Load] = {}
        used = 0.0
        for each in (server, routed) if number % 2 else (routed, server):
            before = routed.processor_seconds()
            loads[each] = generators.load(bench, each, asked, callers)
            if each is routed:
                used = (routed.processor_seconds() - before) / loads[each].requests * 1e6
        found.append((loads[server], loads[routed], used))
    return found


def _told(found: list[tuple[Load, Load, float]]) -> dict[str, Any]:
    return {
        "direct": [direct.as_record() for direct, _, _ in found],
        "routed": [through.as_record() for _, through, _ in found],
        "routerMicrosecondsPerRequest": [round(used, 1) for _, _, used in found],
    }
