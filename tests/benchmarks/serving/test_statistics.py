"""The arithmetic of the figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.serving.statistics import paired_share, percentile, ratios, slope

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], share) == value


@given(VALUES, st.floats(0.01, 1))
def test_at_least_that_share_does_not_exceed_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert sum(each <= found for each in values) >= share * len(values)
    assert sum(each < found for each in values) < share * len(values)


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a percentile of nothing$"):
        percentile([], 0.5)


def test_ratios_go_round_by_round() -> None:
    assert ratios([6.0, 4.0], [2.0, 8.0]) == [3.0, 0.5]
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_a_share_is_of_the_middle_of_what_was_found_before_and_after() -> None:
    assert paired_share(9.0, 8.0, 12.0) == 0.9


def test_a_slope_is_the_rise_of_the_straight_line() -> None:
    assert slope([0.0, 1.0, 2.0], [5.0, 7.0, 9.0]) == 2.0
    assert slope([0.0, 1.0, 2.0, 3.0], [1.0, -1.0, -1.0, 1.0]) == 0.0
    with pytest.raises(ValueError, match=r"^a slope needs two different times$"):
        slope([1.0, 1.0], [1.0, 2.0])
