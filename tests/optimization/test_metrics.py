"""How a changed model's answers are judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from falaj.errors import ConfigurationError
from falaj.optimization.metrics import Judgement, Metric, judge

NUMBERS = arrays.arrays(np.float32, (3,), elements=st.floats(-1e6, 1e6, width=32))


def test_accuracy_counts_labels_and_drops_against_the_original() -> None:
    before = [np.array([0.1, 0.9]), np.array([0.8, 0.2]), np.array([0.3, 0.7]), np.array([0.9, 0.1])]
    after = [before[0], before[1], before[1], before[3]]
    assert judge(Metric.ACCURACY, before, after, np.array([1, 0, 1, 1]), "y") == Judgement(0.5, 0.25)
    assert judge(Metric.AGREEMENT, before, after, None, "y") == Judgement(0.75, 0.25)


def test_a_better_model_has_a_negative_drop() -> None:
    before, after = [np.array(2)], [np.array(3)]
    assert judge(Metric.ACCURACY, before, after, np.array([3]), "y") == Judgement(1.0, -1.0)


def test_strings_are_classes() -> None:
    answers = [np.array("setosa", dtype=object), np.array("virginica", dtype=object)]
    assert judge(Metric.ACCURACY, answers, answers, np.array(["setosa", "x"]), "y") == Judgement(0.5, 0.0)


@given(before=NUMBERS, after=NUMBERS)
def test_relative_error_is_of_the_worst_element_over_the_largest(before: object, after: object) -> None:
    one, other = np.asarray(before), np.asarray(after)
    found = judge(Metric.RELATIVE_ERROR, [one, one], [one, other], None, "y")
    largest = float(np.abs(one).max())
    worst = float(np.abs(one.astype(float) - other.astype(float)).max())
    if worst == 0:
        assert found == Judgement(0.0, 0.0)
    else:
        assert found.drop == (worst / largest if largest else math.inf)


@pytest.mark.parametrize("changed", [[np.nan, 1.0], [np.inf, 1.0], [1.0]])
def test_no_number_and_another_shape_are_as_wrong_as_can_be(changed: list[float]) -> None:
    assert judge(Metric.RELATIVE_ERROR, [np.array([1.0, 1.0])], [np.array(changed)], None, "y").drop == math.inf


def test_what_both_do_not_know_is_no_difference() -> None:
    odd = np.array([np.nan, np.inf, 2.0])
    assert judge(Metric.RELATIVE_ERROR, [odd], [odd.copy()], None, "y").drop == 0


@pytest.mark.parametrize(
    ("metric", "answer", "message"),
    [
        (Metric.AGREEMENT, np.array([0.5]), "Output y answers with one number a sample, which is no class."),
        (Metric.AGREEMENT, np.array([1, 2]), "Output y answers with 2 values a sample."),
        (Metric.RELATIVE_ERROR, np.array(["a"]), "Output y holds no numbers."),
    ],
)
def test_a_metric_without_meaning_is_refused(
    metric: Metric, answer: np.ndarray[tuple[int], np.dtype[np.generic]], message: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        judge(metric, [answer], [answer], None, "y")
    assert (refused.value.code, refused.value.message) == ("FAL-MOD-005", message)
