"""Sends each request to an endpoint, and again to another where that does no harm. Knows no protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

from inference_router.decision import optimiser
from inference_router.decision.sides import Ask, Choice, Reason, Side
from inference_router.retries import MOST_ATTEMPTS

if TYPE_CHECKING:
    from inference_router.audit import Audit
    from inference_router.backends.fleet import Endpoint, Fleet
    from inference_router.counts import Counts
    from inference_router.decision.chooser import Chooser
    from inference_router.retries import RetryBudget

NOBODY: Final = "no runtime of this model takes requests at the moment"
"""What a client reads where both sides are away."""


@dataclass(slots=True, eq=False)
class Journey:
    """A request on its way, through one endpoint or several."""

    ask: Ask | None
    """What is known of it; nothing where it asks for no prediction."""

    protocol: str
    """`rest` or `grpc`; the label of the counter."""

    caller: str = ""
    """Who asks, for the audit log."""

    request_id: str = ""
    """What its client calls it, for the audit log."""

    repeatable: bool = True
    """Whether asking twice is the same as asking once."""

    choice: Choice | None = None
    tried: tuple[Endpoint, ...] = ()


@dataclass(slots=True, eq=False)
class Attempt:
    """A request at an endpoint."""

    journey: Journey
    endpoint: Endpoint
    started: float
    factor: float
    """How many service times it was expected to take."""


class Dispatcher:
    """Keeps count of what is where, and tells the chooser what became of it. To be called on the event loop alone."""

    def __init__(
        self,
        chooser: Chooser,
        fleets: dict[Side, Fleet],
        budget: RetryBudget,
        *,
        counts: Counts,
        audit: Audit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chooser = chooser
        self._policy = chooser.policy
        self._fleets = fleets
        self._budget = budget
        self._counts = counts
        self._audit = audit
        self._clock = clock
        self.look_now: Callable[[], None] = _nothing
        """Called where an endpoint was found that does not answer."""

    @property
    def ready(self) -> bool:
        """Whether any side takes requests."""
        now = self._clock()
        return any(fleet.standing(now, unsure=True).absence in {None, "full"} for fleet in self._fleets.values())

    def changed(self) -> None:
        """Look at the sides: endpoints have come, gone or changed."""
        now = self._clock()
        self._chooser.look({side: fleet.standing(now) for side, fleet in self._fleets.items()}, now)
        self._tell_switches()

    def begin(self, journey: Journey) -> Attempt | None:
        """The first attempt; nothing where nobody takes the request."""
        now, factor = self._clock(), 1.0
        if journey.ask is None:
            choice = self._first_ready(now)
        else:
            self._budget.pay_in()
            standings = {side: fleet.standing(now) for side, fleet in self._fleets.items()}
            choice = self._chooser.choose(journey.ask, standings, now)
            if self._chooser.switches:
                self._tell_switches()
            if choice is not None:
                factor = optimiser.queue_factor(self._policy, choice.side, standings[choice.side])
        if unsure := choice is None:
            choice = self._last_resort(journey.ask, now)
        endpoint = None if choice is None else self._fleets[choice.side].pick(now, unsure=unsure)
        if choice is None or endpoint is None:
            self._counts.refused(journey.protocol)
            return None
        journey.choice = choice
        self._counts.routed(choice.side, choice.reason, journey.protocol)
        self._audit.routed(journey, choice, endpoint)
        endpoint.in_flight += 1
        return Attempt(journey, endpoint, now, factor)

    def again(self, attempt: Attempt, cause: str, *, harmless: bool = False) -> Attempt | None:
        """Another attempt after one that found no answer, first on the other side; nothing where there is none.

        ``harmless`` says that the request was surely not worked on.
        """
        attempt.endpoint.in_flight -= 1
        journey, now = attempt.journey, self._clock()
        journey.tried = (*journey.tried, attempt.endpoint)
        self._counts.unanswered(attempt.endpoint.side, cause)
        if not (journey.repeatable or harmless) or len(journey.tried) >= MOST_ATTEMPTS:
            return None
        endpoint = self._another(journey, attempt.endpoint.side, now)
        if endpoint is None or not self._budget.take(now):
            return None
        self._counts.routed(endpoint.side, Reason.RETRY, journey.protocol)
        self._audit.routed(journey, Choice(endpoint.side, Reason.RETRY), endpoint)
        endpoint.in_flight += 1
        return Attempt(journey, endpoint, now, 1.0)

    def unreachable(self, endpoint: Endpoint) -> None:
        """It could not be connected to: it is not ready until it says so again."""
        if endpoint.ready or endpoint.silent:
            endpoint.ready = endpoint.silent = False
            self.changed()
        self.look_now()

    def answered(self, attempt: Attempt, *, at_fault: bool = False, learns: bool = True) -> None:
        """An attempt has its whole answer. ``at_fault`` says that the answer is an error of the runtime's own."""
        attempt.endpoint.in_flight -= 1
        now = self._clock()
        seconds = now - attempt.started
        endpoint, journey = attempt.endpoint, attempt.journey
        endpoint.answered(at_fault=at_fault, now=now, seconds=self._policy.steadiness.recovery_seconds)
        if endpoint.silent:
            self.look_now()
        if journey.ask is None:
            return
        self._counts.took(endpoint.side, seconds)
        if learns and not at_fault and not journey.tried:
            self._chooser.observe(endpoint.side, journey.ask, seconds, attempt.factor, now)

    def failed(self, attempt: Attempt, cause: str) -> None:
        """An attempt found no whole answer, and is not made again."""
        attempt.endpoint.in_flight -= 1
        endpoint = attempt.endpoint
        self._counts.unanswered(endpoint.side, cause)
        endpoint.answered(at_fault=True, now=self._clock(), seconds=self._policy.steadiness.recovery_seconds)

    def given_up(self, attempt: Attempt) -> None:
        """Nobody waits for an attempt any more."""
        attempt.endpoint.in_flight -= 1

    def _first_ready(self, now: float) -> Choice | None:
        for side in Side:
            if self._fleets[side].pick(now) is not None:
                return Choice(side, Reason.FIRST_READY)
        return None

    def _last_resort(self, ask: Ask | None, now: float) -> Choice | None:
        """Where a request goes that nobody takes who is surely there: rather there than nowhere."""
        standings = {side: fleet.standing(now, unsure=True) for side, fleet in self._fleets.items()}
        if ask is None:
            sides = [side for side, standing in standings.items() if standing.absence is None]
            return Choice(sides[0], Reason.LAST_RESORT) if sides else None
        choice = self._chooser.choose(ask, standings, now)
        return None if choice is None else choice._replace(reason=Reason.LAST_RESORT)

    def _another(self, journey: Journey, side: Side, now: float) -> Endpoint | None:
        """An endpoint that was not tried: of the other side, unless a rule forbids it, else of the same."""
        strict = journey.choice is not None and journey.choice.strict
        sides = (side,) if strict else (side.other, side)
        for unsure, each in product((False, True), sides):
            fleet = self._fleets[each]
            if fleet.fault is None and (endpoint := fleet.pick(now, journey.tried, unsure=unsure)) is not None:
                return endpoint
        return None

    def _tell_switches(self) -> None:
        for switch in self._chooser.switches:
            self._counts.switched(switch)
            self._audit.switched(switch)
        self._chooser.switches.clear()


def _nothing() -> None:
    """For a watch that is not there."""
