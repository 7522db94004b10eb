"""The two sides, what is asked of them and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Word(StrEnum):
    """A word of a few. An enumeration's own hash is computed in Python, and words are looked up for every request."""

    __hash__ = str.__hash__


class Side(Word):
    """A set of runtimes that serve the same models."""

    CPU = "cpu"
    GPU = "gpu"

    @property
    def other(self) -> Side:
        """The side across."""
        return Side.GPU if self is Side.CPU else Side.CPU


class Reason(Word):
    """Why a request went where it went; the label of the counter."""

    WISH = "wish"
    """Its client asked for this side."""
    RULE = "rule"
    """A rule of the policy says so."""
    CHEAPER = "cheaper"
    """Both meet the latency target, and this side costs less."""
    MEETS_TARGET = "meets_target"
    """Only this side meets the latency target."""
    FASTER = "faster"
    """Neither side meets the latency target, and this one is closer to it."""
    UNKNOWN = "unknown"
    """Nothing is known yet of how long either side takes."""
    OVERFLOW = "overflow"
    """The preferred side is slower at the moment, because of what waits there."""
    PROBE = "probe"
    """A share that keeps the estimates of the other side fresh."""
    OTHER_NOT_READY = "other_not_ready"
    """The other side has no endpoint that is ready."""
    OTHER_FAULTY = "other_faulty"
    """The hardware of the other side reports a fault."""
    OTHER_FULL = "other_full"
    """The other side has as many requests as it takes."""
    RETRY = "retry"
    """The first attempt found no answer, and asking again does no harm."""
    LAST_RESORT = "last_resort"
    """No endpoint is surely there, and this one has only been silent or at fault for a moment."""
    FIRST_READY = "first_ready"
    """Either side would do: a question about models, not for a prediction."""


class Absence(Word):
    """Why a side can't take a request."""

    NOT_READY = "not_ready"
    FAULTY = "faulty"
    FULL = "full"


BEHIND = {
    Absence.NOT_READY: Reason.OTHER_NOT_READY,
    Absence.FAULTY: Reason.OTHER_FAULTY,
    Absence.FULL: Reason.OTHER_FULL,
}
"""The reason of a request that went elsewhere for an absence."""


class Size(NamedTuple):
    """How much work a request is, in powers of two: estimates are kept for each."""

    measure: str
    """`rows` where they were cheap to find, else `bytes`."""
    power: int
    """The number of binary digits of the measure."""


@dataclass(slots=True)
class Ask:
    """What is known of a request for a prediction before it is sent on."""

    model: str
    """The model it names."""
    rows: int | None = None
    """The first dimension of its first tensor, where that was cheap to find."""
    body_bytes: int | None = None
    """How long it is, where that was said."""
    wish: Side | None = None
    """The side its client asked for."""
    target_seconds: float | None = None
    """How soon its client needs the answer, where that is sooner than the policy's target."""
    size: Size = field(init=False)
    """The bin of its estimates."""

    def __post_init__(self) -> None:
        """Find its bin."""
        if self.rows is not None:
            self.size = Size("rows", self.rows.bit_length())
        else:
            self.size = Size("bytes", (self.body_bytes or 0).bit_length())


class Standing(NamedTuple):
    """What is known of a side at this moment."""

    ready: int
    """Endpoints that take requests."""
    in_flight: int = 0
    """Requests of this router that are not answered yet."""
    others: int = 0
    """Requests of others that wait there, as its metrics told last."""
    most_in_flight: int = 1_000_000
    """How many requests of this router it takes."""
    fault: str | None = None
    """What its hardware reports."""

    @property
    def absence(self) -> Absence | None:
        """Why it can't take a request; nothing where it can."""
        if self.ready == 0:
            return Absence.NOT_READY
        if self.fault is not None:
            return Absence.FAULTY
        if self.in_flight >= self.most_in_flight:
            return Absence.FULL
        return None


class Choice(NamedTuple):
    """Where a request goes, and why."""

    side: Side
    reason: Reason
    rule: str = ""
    """The name of the rule that said so."""
    strict: bool = False
    """Whether the other side is no way out."""
