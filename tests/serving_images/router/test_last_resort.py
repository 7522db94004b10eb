"""Where no runtime is surely there, one that may well answer is asked rather than nobody."""

from __future__ import annotations

import asyncio
import signal
import socket
import time

import pytest
from inference_router.audit import Audit
from inference_router.backends.address import Address
from inference_router.backends.fleet import ERRORS_IN_A_ROW, Fleet
from inference_router.backends.watch import LOST_AFTER, Watch, WatchTimes
from inference_router.counts import Counts
from inference_router.decision.chooser import Chooser
from inference_router.decision.policy import Policy, parse
from inference_router.decision.sides import Ask, Reason, Side
from inference_router.dispatcher import Dispatcher, Journey
from inference_router.retries import RetryBudget

from tests.serving_images.process import until
from tests.serving_images.router.conftest import Route, Serve
from tests.serving_images.router.load import load
from tests.serving_images.router.process import RouterProcess
from tests.serving_images.router.test_failover import ANSWERED


@pytest.mark.slow
def test_runtimes_that_are_held_up_together_cost_no_request(serve: Serve, route: Route) -> None:
    """Held up for longer than a question for readiness may take, and running again before the next one."""
    cpu, gpu = serve(), serve()
    router = route(cpu, gpu, options=("--look-seconds", "1"))
    with load(router) as tally:
        tally.until(200)
        for server in (cpu, gpu):
            server.process.send_signal(signal.SIGSTOP)
        until(lambda: not ready(router), message="nobody is in doubt")
        for server in (cpu, gpu):
            server.process.send_signal(signal.SIGCONT)
        tally.until(400)
    assert set(tally.outcomes) == ANSWERED, tally.outcomes
    assert router.routed(reason="last_resort") > 0


def ready(router: RouterProcess) -> float:
    samples = router.metrics()
    return sum(samples[f'inference_router_ready_endpoints{{side="{side}"}}'] for side in Side)


@pytest.mark.slow
def test_a_router_that_was_held_up_refuses_nobody(serve: Serve, route: Route) -> None:
    """All its clocks have run out when it goes on, those of questions that are answered already too."""
    router = route(serve(), serve())
    with load(router) as tally:
        for _ in range(4):
            tally.until(100)
            router.process.send_signal(signal.SIGSTOP)
            time.sleep(1.2)
            router.process.send_signal(signal.SIGCONT)
        tally.until(100)
    assert set(tally.outcomes) == ANSWERED, tally.outcomes


class Sides:
    """A dispatcher with an endpoint on each side, and a clock that stands still."""

    def __init__(self, policy: Policy | None = None) -> None:
        policy = policy or Policy()
        self.now = 100.0
        self.fleets = {side: Fleet(side, 4) for side in Side}
        for number, fleet in enumerate(self.fleets.values()):
            fleet.replace([Address("10.0.0.1", 1000 + number)])
        self.cpu, self.gpu = (self.fleets[side].endpoints[0] for side in (Side.CPU, Side.GPU))
        chooser = Chooser(policy)
        counts = Counts(self.fleets, chooser.estimates)
        budget = RetryBudget(0.2, self.now)
        self.dispatcher = Dispatcher(
            chooser, self.fleets, budget, counts=counts, audit=Audit(policy, 1), clock=lambda: self.now
        )

    def reason(self, ask: Ask | None) -> Reason | None:
        """Why a request went where it went; nothing where it was refused."""
        journey = Journey(ask, "rest")
        if self.dispatcher.begin(journey) is None:
            return None
        assert journey.choice is not None
        return journey.choice.reason


@pytest.mark.parametrize("ask", [Ask("iris", rows=1), None], ids=["prediction", "question"])
def test_a_silent_endpoint_is_asked_only_where_no_other_one_is_ready(ask: Ask | None) -> None:
    sides = Sides()
    sides.cpu.silent = True
    assert sides.reason(ask) is Reason.LAST_RESORT
    assert sides.cpu.in_flight == 1
    assert sides.dispatcher.ready
    sides.gpu.ready = True
    sides.dispatcher.changed()
    assert sides.reason(ask) is not Reason.LAST_RESORT
    assert (sides.cpu.in_flight, sides.gpu.in_flight) == (1, 1)


def test_endpoints_that_are_left_alone_for_their_faults_are_asked_where_all_are() -> None:
    """A model that fails at everything asked of it must not take the others away with it."""
    sides = Sides()
    for endpoint in (sides.cpu, sides.gpu):
        endpoint.ready = True
        for _ in range(ERRORS_IN_A_ROW):
            endpoint.answered(at_fault=True, now=sides.now, seconds=10)
    assert sides.reason(Ask("iris", rows=1)) is Reason.LAST_RESORT
    sides.now += 10
    sides.dispatcher.changed()
    assert sides.reason(Ask("iris", rows=1)) is Reason.UNKNOWN


@pytest.mark.parametrize("why", ["not ready", "faulty", "full"])
def test_one_that_said_no_is_no_last_resort(why: str) -> None:
    sides = Sides()
    sides.cpu.silent = why != "not ready"
    sides.cpu.fault = "XID 79" if why == "faulty" else None
    sides.cpu.in_flight = 4 if why == "full" else 0
    assert sides.reason(Ask("iris", rows=1)) is None


def test_a_strict_rule_holds_in_doubt_too() -> None:
    policy = parse(b'rules = [{ name = "all", send = "gpu", strict = true }]', "p")
    sides = Sides(policy)
    sides.cpu.silent = True
    assert sides.reason(Ask("iris", rows=1)) is None
    sides.gpu.silent = True
    assert sides.reason(Ask("iris", rows=1)) is Reason.LAST_RESORT
    assert (sides.cpu.in_flight, sides.gpu.in_flight) == (0, 1)


def test_a_retry_goes_to_a_silent_endpoint_rather_than_nowhere() -> None:
    sides = Sides()
    sides.cpu.ready = sides.gpu.silent = True
    attempt = sides.dispatcher.begin(Journey(Ask("iris", rows=1), "rest"))
    assert attempt is not None
    assert attempt.endpoint is sides.cpu
    again = sides.dispatcher.again(attempt, "connection_lost")
    assert again is not None
    assert again.endpoint is sides.gpu


def test_an_answer_of_a_silent_endpoint_has_it_asked_at_once() -> None:
    sides = Sides()
    looks: list[int] = []
    sides.dispatcher.look_now = lambda: looks.append(1)
    sides.cpu.silent = True
    attempt = sides.dispatcher.begin(Journey(None, "rest"))
    assert attempt is not None
    sides.dispatcher.answered(attempt)
    sides.cpu.ready, sides.cpu.silent = True, False
    attempt = sides.dispatcher.begin(Journey(None, "rest"))
    assert attempt is not None
    sides.dispatcher.answered(attempt)
    assert looks == [1]


def test_one_that_can_not_be_connected_to_is_no_last_resort() -> None:
    sides = Sides()
    sides.cpu.silent = True
    sides.dispatcher.unreachable(sides.cpu)
    assert sides.reason(None) is None


async def _looks(address: Address, count: int) -> list[str]:
    """What a watch makes of an endpoint that was ready, look by look."""
    fleet = Fleet(Side.CPU, 4)
    fleet.replace([address])
    (endpoint,) = fleet.endpoints
    endpoint.ready = True
    seen: list[str] = []
    enough = asyncio.Event()

    def changed() -> None:
        seen.append("silent" if endpoint.silent else "ready" if endpoint.ready else "away")
        if len(seen) == count:
            enough.set()

    watch = Watch(fleet, (address,), changed, WatchTimes(look_seconds=0.01, answer_seconds=0.05))
    await watch.start()
    await enough.wait()
    await watch.stop()
    return seen[:count]


def test_silence_is_doubt_until_it_has_lasted() -> None:
    """A port that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        seen = asyncio.run(_looks(Address("127.0.0.1", mute.getsockname()[1]), LOST_AFTER + 2))
    assert seen == [*["silent"] * (LOST_AFTER - 1), "away", "away", "away"]


def test_a_port_that_nobody_listens_on_is_away_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = Address("127.0.0.1", closed.getsockname()[1])
    assert asyncio.run(_looks(address, 2)) == ["away", "away"]
