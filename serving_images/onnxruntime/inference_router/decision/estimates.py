"""How long each side takes for requests of each size, learnt from answers.

An exponentially weighted mean for each side, model and power of two of the size. What is learnt is the service time:
what a request would take with nothing before it. The time in a queue is the reader's to add, by what waits at the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inference_router.decision.sides import Side, Size

WEIGHT: Final = 0.1
"""How much a new answer counts: of an old state a hundredth is left after 44 answers."""
MOST_MODELS: Final = 256
"""Of more models the ones that were heard of first are forgotten."""


@dataclass(slots=True)
class Estimate:
    """What is believed of one size."""

    seconds: float
    """The service time."""
    at: float
    """When it was last observed."""
    answers: int = 1
    """How many answers it rests on."""


class Estimates:
    """Estimates of all sides, models and sizes. Bounded: a model has at most some hundred sizes."""

    def __init__(self) -> None:
        self.forgotten = 0
        """How many models were forgotten: what was kept of their estimates is out of date."""
        self._models: dict[str, dict[tuple[Side, str], dict[int, Estimate]]] = {}

    def observe(self, side: Side, model: str, size: Size, seconds: float, now: float) -> None:
        """Learn from an answer what its service took."""
        if (known := self._models.get(model)) is None:
            if len(self._models) >= MOST_MODELS:
                del self._models[next(iter(self._models))]
                self.forgotten += 1
            known = self._models[model] = {}
        powers = known.setdefault((side, size.measure), {})
        if (estimate := powers.get(size.power)) is None:
            powers[size.power] = Estimate(seconds, now)
            return
        estimate.seconds += WEIGHT * (seconds - estimate.seconds)
        estimate.at = now
        estimate.answers += 1

    def of(self, side: Side, model: str, size: Size) -> Estimate | None:
        """What is believed of this size; nothing where no answer of it was seen."""
        return self._powers(side, model, size).get(size.power)

    def nearest(self, side: Side, model: str, size: Size) -> Estimate | None:
        """The same, of the nearest size that is known; of two as near the larger one."""
        powers = self._powers(side, model, size)
        if (exact := powers.get(size.power)) is not None or not powers:
            return exact
        return powers[min(powers, key=lambda power: (abs(power - size.power), -power))]

    def knows(self, model: str) -> bool:
        """Whether any side has ever answered for a model."""
        return model in self._models

    def all(self) -> list[tuple[Side, str, Size, Estimate]]:
        """Every estimate, for those who look on."""
        return [
            (side, model, Size(measure, power), estimate)
            for model, known in self._models.items()
            for (side, measure), powers in known.items()
            for power, estimate in powers.items()
        ]

    def _powers(self, side: Side, model: str, size: Size) -> dict[int, Estimate]:
        return self._models.get(model, {}).get((side, size.measure), {})
