"""Several servers that take turns, so that the machine's drift meets them all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks.serving import generators
from benchmarks.serving.alone import alone
from benchmarks.serving.answers import Expected
from benchmarks.serving.contenders import Contender
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.load import Load
from benchmarks.serving.models import Model
from benchmarks.serving.process import Server, running
from benchmarks.serving.requests import Protocol, Request, example, request
from benchmarks.serving.surroundings import Bench

WARM_UP_CALLERS, WARM_UP_SECONDS = 32, 1.0
Measure = Callable[[Server, Request], Load]


def in_turns(
    bench: Bench,
    model: Model,
    protocol: Protocol,
    contenders: Sequence[Contender],
    *,
    measure: Measure,
    within: Sequence[str] = (),
) -> dict[str, list[Load]]:
    """Loads by contender, as many as rounds: one runs while the others are frozen, and each round begins with another.

    Answers are checked before and after each load. ``within`` is a command that says where they run, the server's core
    unless given.
    """
    inputs = example(model.name)
    asked = request(protocol, model.name, inputs)
    with alone(bench, model, inputs) as limit:
        expected = limit.expected()
    found: dict[str, list[Load]] = {each.name: [] for each in contenders}
    with ExitStack() as stack:
        servers = []
        for contender in contenders:
            server = stack.enter_context(running(bench, contender, model, within=within))
            server.wait_until_right(asked, expected)
            generators.load(bench, server, asked, WARM_UP_CALLERS, WARM_UP_SECONDS)
            server.freeze()
            servers.append(server)
        for number in range(bench.rounds):
            for server in [*servers[number % len(servers) :], *servers[: number % len(servers)]]:
                bench.tell(f"{model.name}, {protocol}: {server.name}, round {number + 1} of {bench.rounds}")
                found[server.name].append(_measured(server, asked, expected, measure))
    return found


def _measured(server: Server, asked: Request, expected: Expected, measure: Measure) -> Load:
    """One load between two checks, by a server that is awake only for it; its metrics must have counted the load."""
    server.thaw()
    server.check(asked, expected)
    before = server.counted()
    found = measure(server, asked)
    after = server.counted()
    server.check(asked, expected)
    server.freeze()
    if before is not None and after is not None and after - before < found.requests:
        raise MeasurementError(
            f"{server.name} answered {found.requests} and counted {after - before:.0f} in its metrics."
        )
    return found
