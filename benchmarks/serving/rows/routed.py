"""What a router before the server adds: to the time of a lone caller, and to the work of one core for 32 of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from benchmarks.serving import alternating, environments, generators
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

    Both sides of the router are the one server, so that every request is decided on as in earnest. Both programs run on
    the interpreter of their image. The machine's own speed changes more from load to load than the router adds, so that
    a lone caller asks both in turns, twenty calls each.
    """
    model, inputs = built("tiny"), example("tiny")
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    with alone(bench, model, inputs) as limit:
        expected = limit.expected()
    with (
        running(bench, ours(python=environments.of_the_image), model) as server,
        _before(bench, server, model) as routed,
    ):
        for protocol, name in CALLED.items():
            asked = request(protocol, model.name, inputs)
            for each in (server, routed):
                each.wait_until_right(asked, expected)
                generators.load(bench, each, asked, MANY)
            one = _alone(bench, server, routed, asked)
            added = [through - direct for direct, through in one]
            figures.append(Figure(f"router, {name}, one caller, added to p50", ADDED_GOAL, added, "ms"))
            many = _in_turns(bench, server, routed, asked, MANY)
            shares = [through.rate / direct.rate for direct, through, _ in many]
            figures.append(Figure(f"router, {name}, 32 callers, of direct", MANY_GOAL, shares, "x", at_least=True))
            medians = {"directP50": [round(direct, 3) for direct, _ in one]}
            medians["routedP50"] = [round(through, 3) for _, through in one]
            details[name] = {str(ONE): medians, str(MANY): _told(many)}
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
        arguments = [str(environments.of_the_image()), "-m", "inference_router", "--cpu", where, "--gpu", where]
        return Command([*arguments, *places], {"PYTHONPATH": str(environments.SERVER)})

    within = ["taskset", "-c", str(bench.cores.callers)]
    with running(bench, Contender("router", command), model, within=within) as routed:
        yield routed


def _alone(bench: Bench, server: Server, routed: Server, asked: Request) -> list[tuple[float, float]]:
    """The median time of a lone caller without and with the router, in milliseconds, round by round."""
    found = []
    for number in range(bench.rounds):
        bench.tell(f"router, {asked.protocol}, one caller, round {number + 1} of {bench.rounds}")
        found.append(alternating.medians(server, routed, asked))
    return found


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
