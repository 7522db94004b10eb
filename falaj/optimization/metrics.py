"""How much worse a changed model answers than the original, on the owner's own samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from falaj.errors import ConfigurationError
from falaj.optimization.samples import Array


class Metric(StrEnum):
    """What is held against the maximum drop."""

    ACCURACY = "accuracy"
    """Share of samples answered as their label says; the drop is what the original had more."""
    AGREEMENT = "agreement"
    """Share of samples answered as the original answers; the drop is the share of the others."""
    RELATIVE_ERROR = "relative-error"
    """The worst sample's largest difference from the original's answer, over the largest magnitude in that answer."""


@dataclass(frozen=True)
class Judgement:
    """One model by one metric."""

    value: float
    drop: float


def judge(
    metric: Metric, original: Sequence[Array], changed: Sequence[Array], labels: Array | None, output: str
) -> Judgement:
    """Judge answers, one for each sample; refuses a metric that has no meaning for them."""
    if metric is Metric.RELATIVE_ERROR:
        worst = max(_relative_error(before, after, output) for before, after in zip(original, changed, strict=True))
        return Judgement(worst, worst)
    before, after = ([_choice(answer, output, metric) for answer in answers] for answers in (original, changed))
    if metric is Metric.AGREEMENT:
        same = _share(before, after)
        return Judgement(same, 1 - same)
    if labels is None:
        raise _refused(metric, "The samples have no array `labels`", "add it, or choose agreement or relative-error")
    expected = labels.tolist()
    if {type(each) for each in expected} != {type(each) for each in before}:
        kinds = f"{type(expected[0]).__name__}, and output {output} answers with {type(before[0]).__name__}"
        raise _refused(
            metric, f"The labels are of type {kinds}", "choose another output with --tensor, or other labels"
        )
    value = _share(expected, after)
    return Judgement(value, _share(expected, before) - value)


def _share(expected: Sequence[object], found: Sequence[object]) -> float:
    return sum(one == other for one, other in zip(expected, found, strict=True)) / len(expected)


def _choice(answer: Array, output: str, metric: Metric) -> object:
    """The class that one answer names, or gives most to."""
    if answer.dtype.kind != "f":
        if answer.size != 1:
            raise _refused(
                metric,
                f"Output {output} answers with {answer.size} values a sample",
                "choose another output with --tensor",
            )
        return answer.reshape(-1).tolist()[0]
    if answer.size == 1:
        raise _refused(
            metric, f"Output {output} answers with one number a sample, which is no class", "choose relative-error"
        )
    return int(np.argmax(answer.reshape(-1)))


def _relative_error(before: Array, after: Array, output: str) -> float:
    if before.dtype.kind not in "fiu":
        raise _refused(
            Metric.RELATIVE_ERROR, f"Output {output} holds no numbers", "choose another output with --tensor"
        )
    if before.shape != after.shape:
        return float("inf")
    one, other = before.astype(np.float64), after.astype(np.float64)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    if same.all():
        return 0.0
    if not (np.isfinite(one[~same]).all() and np.isfinite(other[~same]).all()):
        return float("inf")
    largest = float(np.abs(one[np.isfinite(one)]).max())
    return float(np.abs(one[~same] - other[~same]).max()) / largest if largest else float("inf")


def _refused(metric: Metric, why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{why}.", code="FAL-MOD-005", where=f"--metric {metric}", hint=hint)
