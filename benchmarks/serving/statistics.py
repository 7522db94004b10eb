"""The arithmetic of the figures."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed (nearest rank); refuses an empty list."""
    if not values:
        raise ValueError("a percentile of nothing")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours over theirs, round by round; refuses lists of different lengths."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def paired_share(served: float, before: float, after: float) -> float:
    """What a server reached of the limit, which was measured before and after it because the machine's speed drifts."""
    return served / ((before + after) / 2)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """The straight line's rise per unit of time, by least squares; refuses fewer than two times."""
    count = len(times)
    middle_time, middle_value = sum(times) / count, sum(values) / count
    spread = sum((time - middle_time) ** 2 for time in times)
    if spread == 0:
        raise ValueError("a slope needs two different times")
    together = zip(times, values, strict=True)
    return sum((time - middle_time) * (value - middle_value) for time, value in together) / spread
