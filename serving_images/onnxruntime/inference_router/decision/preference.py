"""The cheapest side that meets the latency target, else the fastest; kept until another is better by a margin.

Noise makes no difference: the side that is preferred is given the benefit of the margin in every comparison, the other
one has to overcome it. So for values that stray from what they stand for by at most half the margin, a preference
changes once at most, and whatever the values are, not before it has dwelt for its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from inference_router.decision.sides import Reason, Side


class Score(NamedTuple):
    """What a request takes and costs on a side."""

    seconds: float
    cost: float


def better(mine: Score, others: Score, target: float, margin: float) -> Reason | None:
    """Why the other side is better, by the margin; nothing where it is not."""
    i_meet = mine.seconds <= target * (1 + margin)
    it_meets = others.seconds <= target * (1 - margin)
    if i_meet and it_meets:
        return Reason.CHEAPER if others.cost < mine.cost * (1 - margin) else None
    if i_meet:
        return None
    if it_meets:
        return Reason.MEETS_TARGET
    return Reason.FASTER if others.seconds < mine.seconds * (1 - margin) else None


def reason_of(side: Side, scores: Mapping[Side, Score], target: float) -> Reason:
    """Why a side that is kept is the preferred one."""
    mine, others = scores[side], scores[side.other]
    if mine.seconds <= target:
        return Reason.CHEAPER if others.seconds <= target else Reason.MEETS_TARGET
    return Reason.FASTER


@dataclass(slots=True)
class Preference:
    """The preferred side for requests of one kind."""

    side: Side
    since: float = -inf
    """When it became the preferred one."""
    switches: int = 0
    """How often that changed."""

    def settle(
        self, scores: Mapping[Side, Score], target: float, now: float, *, margin: float, dwell_seconds: float
    ) -> bool:
        """Take the better side where it is better by the margin and the present one has dwelt; whether it changed."""
        if now - self.since < dwell_seconds:
            return False
        if better(scores[self.side], scores[self.side.other], target, margin) is None:
            return False
        self.side = self.side.other
        self.since = now
        self.switches += 1
        return True
