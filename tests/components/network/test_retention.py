from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.network.retention import FOR_EVER, OFFERED_DAYS, log_group_days


@pytest.mark.parametrize(("wanted", "days"), [(1, 1), (31, 60), (365, 365), (366, 400), (1826, 1827), (9132, 0)])
def test_a_log_is_kept_no_shorter_than_wanted(wanted: int, days: int) -> None:
    assert log_group_days(wanted) == days


@given(st.integers(1, 40_000))
def test_only_what_the_service_offers_is_asked_for(wanted: int) -> None:
    days = log_group_days(wanted)

    assert days == FOR_EVER or (days in OFFERED_DAYS and days >= wanted)
