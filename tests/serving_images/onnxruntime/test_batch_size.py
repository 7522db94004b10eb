"""How large a batch gets: as large as it pays, within its budget."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.engine.batch_size import SHORT_SECONDS, TRIALS, TRIED_AGAIN_AFTER, BatchSize

MOST = 32
Cost = Callable[[int], float]


def used(size: BatchSize, cost: Cost, waiting: int = MOST, batches: int = 10 * TRIALS) -> int:
    """The size of the last of many batches, where so many rows always wait."""
    rows = 0
    for _ in range(batches):
        rows = min(waiting, size.most_rows(MOST))
        size.observe(rows, cost(rows))
    return rows


def test_rows_that_get_no_cheaper_are_not_put_together() -> None:
    assert used(BatchSize(), lambda rows: 0.1 * rows) == 1


def test_a_batch_grows_as_long_as_its_rows_get_cheaper() -> None:
    row_seconds = {1: 0.009, 2: 0.007, 4: 0.006, 8: 0.005, 16: 0.005, 32: 0.005}
    assert used(BatchSize(), lambda rows: rows * row_seconds[rows]) == 8


def test_a_model_that_reads_more_than_it_computes_has_the_largest_batches() -> None:
    assert used(BatchSize(), lambda rows: 0.1 + 0.001 * rows) == MOST


def test_short_runs_are_put_together_whatever_it_saves() -> None:
    assert used(BatchSize(), lambda rows: rows * SHORT_SECONDS / MOST) == MOST


def test_one_slow_run_of_a_size_does_not_rule_it_out() -> None:
    size = BatchSize()
    size.observe(1, 0.1)
    size.observe(2, 1.0)
    assert used(size, lambda rows: 0.1 + 0.001 * rows) == MOST


def test_a_larger_batch_is_tried_again_after_a_while() -> None:
    size = BatchSize()
    assert used(size, lambda rows: 0.1 * rows) == 1
    assert used(size, lambda rows: 0.1 + 0.001 * rows, batches=TRIED_AGAIN_AFTER + 10 * TRIALS) == MOST


def test_requests_of_several_rows_are_put_together_too() -> None:
    size = BatchSize()
    for _ in range(10 * TRIALS):
        size.observe(max(6, size.most_rows(MOST)), 0.1)
    assert size.most_rows(MOST) == MOST


def test_nothing_is_known_at_first() -> None:
    assert BatchSize().most_rows(MOST) == 1


def test_a_batch_keeps_within_the_latency_budget() -> None:
    size = BatchSize(0.1)
    assert used(size, lambda rows: 0.01 * rows**0.9) <= 13
    size.observe(1, 10)
    assert size.most_rows(MOST) == 1


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
