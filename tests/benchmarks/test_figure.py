"""A figure beside its goal."""

from __future__ import annotations

import pytest

from benchmarks.figure import Figure


@pytest.mark.parametrize(
    ("runs", "at_least", "met"),
    [([1.0, 2.0, 9.0], False, True), ([3.0], False, False), ([3.0], True, True), ([1.0, 1.5, 9.0], True, False)],
)
def test_the_median_keeps_to_a_goal_of_either_kind(runs: list[float], at_least: bool, met: bool) -> None:
    assert Figure("x", 2.0, runs, at_least=at_least).met is met


def test_a_goal_that_is_the_least_says_so() -> None:
    figure = Figure("served", 2.0, [3.0], "x", at_least=True)
    assert " ".join(figure.line().split()) == "met served 3.00 x goal at least 2 x (3.00 to 3.00, 1 runs)"
    assert figure.as_record() == {
        "name": "served",
        "unit": "x",
        "goal": 2.0,
        "atLeast": True,
        "median": 3.0,
        "runs": [3.0],
    }


def test_a_goal_that_is_the_most_is_recorded_as_ever() -> None:
    assert Figure("took", 2.0, [1.0]).as_record() == {
        "name": "took",
        "unit": "s",
        "goal": 2.0,
        "median": 1.0,
        "runs": [1.0],
    }
