"""What a request would take and cost on each side."""

from __future__ import annotations

from math import inf
from typing import Final

from inference_router.decision.estimates import Estimates
from inference_router.decision.policy import Policy
from inference_router.decision.sides import Ask, Side, Standing

_SECONDS_PER_HOUR: Final = 3600.0


def target_of(policy: Policy, ask: Ask) -> float:
    """How soon the answer is wanted, in seconds: the policy's target for the model, or what the client needs."""
    wanted = policy.target_of(ask.model)
    own = inf if wanted is None else wanted / 1000
    return own if ask.target_seconds is None else min(own, ask.target_seconds)


def service_seconds(policy: Policy, estimates: Estimates, side: Side, ask: Ask) -> float | None:
    """How long a side takes for the request alone: as learnt, else as the policy expects, else nothing."""
    if (estimate := estimates.nearest(side, ask.model, ask.size)) is not None:
        return estimate.seconds
    expected = policy.of(side).expected_ms
    return None if expected is None else expected / 1000


def price_of(policy: Policy, side: Side) -> float:
    """What a second of service costs: requests that are worked on side by side share it."""
    settings = policy.of(side)
    return settings.cost_per_hour / _SECONDS_PER_HOUR / settings.concurrency


def queue_factor(policy: Policy, side: Side, standing: Standing) -> float:
    """How many times its service time a request takes from now: what waits is worked off side by side."""
    asked = standing.in_flight + standing.others + 1
    at_once = (standing.ready or 1) * policy.of(side).concurrency
    return asked / at_once if asked > at_once else 1.0
