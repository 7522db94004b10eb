"""How large a batch gets: as large as its budget allows, or as a few of the smallest runs take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.engine.batch_size import SHORT_SECONDS, TIMES_THE_SMALLEST, BatchSize

MOST = 32
Cost = Callable[[int], float]


def used(size: BatchSize, cost: Cost, batches: int = 60) -> int:
    """The size of the last of many batches, after a single row, where rows always wait."""
    size.observe(1, cost(1))
    rows = 0
    for _ in range(batches):
        rows = size.most_rows(MOST)
        size.observe(rows, cost(rows))
    return rows


@pytest.mark.parametrize(
    ("cost", "rows"),
    [
        (lambda rows: 0.1 * rows, TIMES_THE_SMALLEST),
        (lambda rows: 0.004 + 0.006 * rows, 7),
        (lambda rows: 0.1 + 0.001 * rows, MOST),
        (lambda rows: rows * SHORT_SECONDS / MOST, MOST),
        (lambda rows: 0.001 * rows, 20),
    ],
    ids=["rows that get no cheaper", "rows that get a little cheaper", "much to read", "short", "short up to a size"],
)
def test_a_batch_takes_a_few_times_as_long_as_a_row_alone_or_is_short(cost: Cost, rows: int) -> None:
    assert used(BatchSize(), cost) == rows


def test_a_batch_keeps_within_the_latency_budget() -> None:
    size = BatchSize(0.1)
    assert used(size, lambda rows: 0.01 * rows) == 10
    assert used(BatchSize(0.001), lambda rows: 0.01 * rows) == 1


def test_a_model_that_got_slower_has_smaller_batches() -> None:
    size = BatchSize(0.1)
    assert used(size, lambda rows: 0.005 * rows) == 20
    assert used(size, lambda rows: 0.01 * rows) == 10


def test_requests_of_several_rows_are_put_together_too() -> None:
    size = BatchSize()
    for _ in range(10):
        size.observe(6, 0.06)
    assert size.most_rows(MOST) == 4 * TIMES_THE_SMALLEST


def test_while_nothing_is_known_nothing_is_bounded() -> None:
    assert BatchSize(0.001).most_rows(MOST) == MOST


@given(
    most=st.integers(1, 300),
    seen=st.lists(st.tuples(st.integers(0, 300), st.floats(0, 10)), max_size=60),
    budget=st.sampled_from([0.0, 0.001, 1.0]),
)
def test_there_is_always_one_and_never_more_than_allowed(
    most: int, seen: list[tuple[int, float]], budget: float
) -> None:
    size = BatchSize(budget)
    for rows, seconds in seen:
        assert 1 <= size.most_rows(most) <= most
        size.observe(rows, seconds)
    assert 1 <= size.most_rows(most) <= most
