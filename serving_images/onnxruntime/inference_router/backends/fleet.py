"""The endpoints of a side: which of them take requests, and which one takes the next."""

from __future__ import annotations

from collections.abc import Callable, Container
from math import inf
from typing import TYPE_CHECKING, Final

from inference_router.decision.sides import Side, Standing

if TYPE_CHECKING:
    from inference_router.backends.address import Address
    from inference_router.backends.readings import Reading

MOST_COMPARED: Final = 16
"""Of more endpoints only so many are looked at for a request."""

ERRORS_IN_A_ROW: Final = 5
"""After so many answers that are its own fault an endpoint is left alone for a while."""


class Endpoint:
    """One runtime."""

    def __init__(self, side: Side, address: Address) -> None:
        self.side = side
        self.address = address
        self.ready = False
        """Whether it said so, when it was asked last."""
        self.silent = False
        """Whether it was ready, and has left unanswered too few questions since to be taken for lost."""
        self.fault: str | None = None
        """What its own metrics say of its hardware."""
        self.utilisation: float | None = None
        self.in_flight = 0
        """Requests of this router."""
        self.others = 0
        """Requests of others, when its metrics were read last."""
        self.left_alone_until = -inf
        self._errors = 0
        self.on_gone: list[Callable[[str], None]] = []
        """Called where it does not answer at all, so that nobody waits for it any more."""

    def takes_requests(self, now: float, *, unsure: bool = False) -> bool:
        """Whether it is sound, ready and not left alone; if ``unsure``, whether it may well answer all the same."""
        if self.fault is not None:
            return False
        return self.ready or self.silent if unsure else self.ready and self.left_alone_until <= now

    def read(self, reading: Reading) -> None:
        """Take over what its metrics say."""
        self.fault = reading.fault
        self.utilisation = reading.utilisation
        if reading.pending is not None:
            self.others = max(0, reading.pending - self.in_flight)

    def answered(self, *, at_fault: bool, now: float, seconds: float) -> None:
        """An answer came; where it is one error too many, the endpoint is left alone for some seconds."""
        self._errors = self._errors + 1 if at_fault else 0
        if self._errors >= ERRORS_IN_A_ROW:
            self._errors = 0
            self.left_alone_until = now + seconds

    def gone(self, why: str) -> None:
        """It can't be reached: what waits for it is told."""
        self.ready = self.silent = False
        for told in self.on_gone:
            told(why)


class Fleet:
    """All endpoints of a side."""

    def __init__(self, side: Side, most_in_flight: int) -> None:
        self.side = side
        self.endpoints: list[Endpoint] = []
        self.fault: str | None = None
        """What is told of all GPUs of the side by others than the endpoints."""
        self._most_in_flight = most_in_flight
        self._turn = 0

    def standing(self, now: float, *, unsure: bool = False) -> Standing:
        """What is known of the side; if ``unsure``, with endpoints of which it is not sure that they answer."""
        ready = in_flight = others = 0
        fault = self.fault
        for endpoint in self.endpoints:
            if endpoint.takes_requests(now, unsure=unsure):
                ready += 1
                in_flight += endpoint.in_flight
                others += endpoint.others
            elif endpoint.ready and endpoint.fault is not None:
                fault = fault or endpoint.fault
        if ready and self.fault is None:
            return Standing(ready, in_flight, others, ready * self._most_in_flight)
        if fault is not None:
            return Standing(max(ready, 1), in_flight, others, fault=fault)
        return Standing(0)

    def pick(self, now: float, tried: Container[Endpoint] = (), *, unsure: bool = False) -> Endpoint | None:
        """The endpoint with the fewest requests; of several, each in its turn. Nothing where none takes another."""
        endpoints = self.endpoints
        self._turn = turn = (self._turn + 1) % max(1, len(endpoints))
        best: Endpoint | None = None
        compared = 0
        for index in range(len(endpoints)):
            endpoint = endpoints[(turn + index) % len(endpoints)]
            if endpoint.in_flight >= self._most_in_flight or endpoint in tried:
                continue
            if not endpoint.takes_requests(now, unsure=unsure):
                continue
            if best is None or endpoint.in_flight < best.in_flight:
                best = endpoint
            compared += 1
            if compared >= MOST_COMPARED or not best.in_flight:
                break
        return best

    @property
    def in_flight(self) -> int:
        """Requests of this router, on endpoints that are leaving too."""
        return sum(endpoint.in_flight for endpoint in self.endpoints)

    def replace(self, addresses: list[Address]) -> list[Endpoint]:
        """Take over where the endpoints are now; those that are new. Requests on dropped ones are not cut off."""
        known = {endpoint.address: endpoint for endpoint in self.endpoints}
        added = [Endpoint(self.side, address) for address in addresses if address not in known]
        self.endpoints = [*(known[address] for address in addresses if address in known), *added]
        return added
