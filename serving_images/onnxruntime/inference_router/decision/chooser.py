"""Puts rules, estimates and steadiness together: one choice for each request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from inference_router.decision import optimiser, rules
from inference_router.decision.estimates import Estimate, Estimates
from inference_router.decision.policy import Policy
from inference_router.decision.preference import Preference, Score, reason_of
from inference_router.decision.presence import Presence
from inference_router.decision.sides import BEHIND, Absence, Ask, Choice, Reason, Side, Size, Standing

MOST_KINDS: Final = 4096
"""Preferences that are kept; of more kinds of requests the ones that were seen first are forgotten."""
FAR_TOO_SLOW: Final = 2.0
"""A side that takes this many times the target is probed with a tenth of the share."""
_SELDOM: Final = 0.1


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of where requests go: of the preferred side of one kind, or of a side that went or came back."""

    to: Side
    reason: str
    model: str = ""
    size: Size | None = None


@dataclass(slots=True)
class _Kind:
    """Requests of one model and size."""

    preference: Preference
    exact: dict[Side, Estimate]
    """What is known of this very size; estimates are kept up to date where they are."""
    owed_probes: float = 0.0


@dataclass(slots=True)
class Chooser:
    """Decides for one request at a time. ``switches`` gathers what changed, until somebody takes it."""

    policy: Policy
    estimates: Estimates = field(default_factory=Estimates)
    switches: list[Switch] = field(default_factory=list)
    _kinds: dict[tuple[str, Size], _Kind] = field(default_factory=dict)
    _presence: dict[Side, Presence] = field(default_factory=dict)
    _prices: dict[Side, float] = field(default_factory=dict)
    _forgotten: int = 0

    def __post_init__(self) -> None:
        """Both sides are away until they are seen."""
        self._presence = {side: Presence(self.policy.steadiness.recovery_seconds) for side in Side}
        self._prices = {side: optimiser.price_of(self.policy, side) for side in Side}

    def look(self, standings: Mapping[Side, Standing], now: float) -> None:
        """Take note of which sides are there. To be called whenever that changes, and now and then."""
        for side, standing in standings.items():
            absence = standing.absence
            there = absence in {None, Absence.FULL}
            if self._presence[side].look(now, there=there):
                if there:
                    self.switches.append(Switch(side, "available"))
                else:
                    self.switches.append(Switch(side.other, f"{side}_{absence}"))

    def choose(self, ask: Ask, standings: Mapping[Side, Standing], now: float) -> Choice | None:
        """Where the request goes; nothing where no side takes it."""
        target = optimiser.target_of(self.policy, ask)
        if ask.wish is not None and self.policy.wishes:
            return self._or_other(Choice(ask.wish, Reason.WISH), standings)
        if self.policy.rules and (rule := rules.first(self.policy, ask, target)) is not None:
            return self._or_other(Choice(rule.send, Reason.RULE, rule.name, rule.strict), standings)
        for side, presence in self._presence.items():
            absence = standings[side].absence
            if absence is not None or not presence.steady:
                absence = absence or Absence.NOT_READY
                return self._or_other(Choice(side, Reason.UNKNOWN), standings, absence)
        return self._between_both(ask, standings, target, now)

    def observe(self, side: Side, ask: Ask, seconds: float, factor: float, now: float) -> None:
        """Learn from an answer that took so long, with a queue of ``factor`` service times when it was asked for."""
        self.estimates.observe(side, ask.model, ask.size, seconds / factor, now)

    def steady(self, side: Side) -> bool:
        """Whether a side is there, and has been for long enough."""
        return self._presence[side].steady

    def _absence(self, side: Side, standing: Standing) -> Absence | None:
        absence = standing.absence
        return Absence.NOT_READY if absence is None and not self._presence[side].steady else absence

    def _or_other(
        self, choice: Choice, standings: Mapping[Side, Standing], absence: Absence | None = None
    ) -> Choice | None:
        """The choice where its side takes requests, else the other side, else a side that has only just come back."""
        side = choice.side
        absence = absence or self._absence(side, standings[side])
        if absence is None:
            return choice
        other = standings[side.other]
        if not choice.strict and self._absence(side.other, other) is None:
            return Choice(side.other, BEHIND[absence], choice.rule)
        if standings[side].absence is None:
            only = choice.reason is Reason.UNKNOWN and other.absence
            return Choice(side, BEHIND[only]) if only else choice
        if not choice.strict and other.absence is None:
            return Choice(side.other, BEHIND[absence], choice.rule)
        return None

    def _between_both(self, ask: Ask, standings: Mapping[Side, Standing], target: float, now: float) -> Choice:
        if self._forgotten != self.estimates.forgotten:
            self._forgotten = self.estimates.forgotten
            self._kinds.clear()
        kind = self._kinds.get((ask.model, ask.size))
        if kind is None or len(kind.exact) < len(Side):
            kind = self._kind(ask, target)
        scores = self._scores(ask, kind)
        preference = kind.preference
        steadiness = self.policy.steadiness
        dwell = steadiness.dwell_seconds
        if len(scores) == len(Side) and now - preference.since >= dwell:
            margin = steadiness.margin
            if preference.settle(scores, target, now, margin=margin, dwell_seconds=dwell):
                self.switches.append(
                    Switch(preference.side, reason_of(preference.side, scores, target), ask.model, ask.size)
                )
        if self._probes(kind, scores, target, now):
            return Choice(preference.side.other, Reason.PROBE)
        return self._by_queue(preference.side, scores, standings, target)

    def _scores(self, ask: Ask, kind: _Kind) -> dict[Side, Score]:
        """Of the sides of which something is known."""
        found = {}
        for side, price in self._prices.items():
            estimate = kind.exact.get(side)
            if estimate is not None:
                seconds: float | None = estimate.seconds
            else:
                seconds = optimiser.service_seconds(self.policy, self.estimates, side, ask)
            if seconds is not None:
                found[side] = Score(seconds, seconds * price)
        return found

    def _kind(self, ask: Ask, target: float) -> _Kind:
        """The kind of a request, with what is known of its size by now."""
        kind = self._kinds.get((ask.model, ask.size))
        exact = {side: known for side in Side if (known := self.estimates.of(side, ask.model, ask.size)) is not None}
        if kind is not None:
            kind.exact = exact
            return kind
        kind = _Kind(Preference(Side.CPU), exact)
        kind.preference.side = self._at_first(self._scores(ask, kind), target)
        if self.estimates.knows(ask.model):  # else the name may be one that a client made up
            if len(self._kinds) >= MOST_KINDS:
                del self._kinds[next(iter(self._kinds))]
            self._kinds[ask.model, ask.size] = kind
        return kind

    def _at_first(self, scores: Mapping[Side, Score], target: float) -> Side:
        """The better side as far as is known; of one that is not known the best is hoped for."""
        if len(scores) == len(Side):
            meeting = [side for side in Side if scores[side].seconds <= target]
            if meeting:
                return min(meeting, key=lambda side: scores[side].cost)
            return min(Side, key=lambda side: scores[side].seconds)
        for side, known in scores.items():
            return side if known.seconds <= target else side.other
        return min(Side, key=lambda side: self.policy.of(side).cost_per_hour)

    def _probes(self, kind: _Kind, scores: Mapping[Side, Score], target: float, now: float) -> bool:
        """Whether this request is one of the share that goes to the side that is not preferred."""
        side = kind.preference.side.other
        estimate = kind.exact.get(side)
        if estimate is not None and now - estimate.at < self.policy.probing.fresh_seconds:
            return False
        far = side in scores and scores[side].seconds > target * FAR_TOO_SLOW
        kind.owed_probes += self.policy.probing.share * (_SELDOM if far else 1.0)
        if kind.owed_probes < 1.0:
            return False
        kind.owed_probes -= 1.0
        return True

    def _by_queue(
        self, side: Side, scores: Mapping[Side, Score], standings: Mapping[Side, Standing], target: float
    ) -> Choice:
        """The preferred side, unless what waits there makes the other one the better for this request."""
        if len(scores) < len(Side):
            return Choice(side, Reason.UNKNOWN)
        mine = scores[side].seconds * optimiser.queue_factor(self.policy, side, standings[side])
        if mine > target:
            other = side.other
            others = scores[other].seconds * optimiser.queue_factor(self.policy, other, standings[other])
            if others <= target or others < mine * (1 - self.policy.steadiness.margin):
                return Choice(other, Reason.OVERFLOW)
        return Choice(side, reason_of(side, scores, target))
