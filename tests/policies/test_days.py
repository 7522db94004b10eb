"""A day that somebody wrote down counts for a year, to the day, and never before it has come."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.days import YEAR, day_of, is_within_a_year, lies_within, today
from policies.node import Node
from policies.values import UNKNOWN

NOW = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "recent"),
    [
        ("2026-11-23", False),
        ("2026-11-22", True),
        ("2026-11-21", True),
        ("2025-11-23", True),
        ("2025-11-22", True),
        ("2025-11-21", False),
    ],
)
def test_a_year_is_counted_to_the_day(text: str, recent: bool) -> None:
    assert lies_within(text, YEAR, now=NOW) is recent


@given(ago=st.integers(-1000, 1000), days=st.integers(0, 1000))
def test_a_day_counts_from_the_day_itself_until_so_many_days_later(ago: int, days: int) -> None:
    assert lies_within(str(NOW - timedelta(days=ago)), days, now=NOW) is (0 <= ago <= days)


@pytest.mark.parametrize(
    "value", ["20261122", "2026-W47-7", "2026-13-01", "2026-02-30", "22.11.2026", " 2026-11-22", "", None, 20261122, {}]
)
def test_anything_else_is_no_day(value: object) -> None:
    assert day_of(value) is None
    assert lies_within(value, YEAR, now=NOW) is False


def test_the_judgement_goes_by_the_day_it_is_made() -> None:
    assert list(is_within_a_year(Node(str(today())))) == []
    assert [str(each) for each in is_within_a_year(Node("2020-01-31"))] == [
        ": found 2020-01-31, expected a day of the last 365, as YYYY-MM-DD"
    ]
    assert [str(each) for each in is_within_a_year(Node(UNKNOWN))] == [": not known yet"]
