"""What the soak counts, and how it judges."""

from __future__ import annotations

import pytest

from benchmarks.serving.endurance.tally import MOST_PROBLEMS, Tally
from benchmarks.serving.endurance.verdict import (
    Sample,
    complaints,
    failures,
    figures,
    growth_percent,
    new_descriptors,
    settled,
)

INFO = '{"level":"info","message":"ready"}'
WARNING = '{"level":"warning","message":"slow"}'


def samples(*sizes: float) -> list[Sample]:
    return [Sample(float(place), size, 30) for place, size in enumerate(sizes)]


def test_growth_before_a_server_has_settled_is_forgiven() -> None:
    found = samples(100, 150, 200, 200, 200, 200, 200, 200, 200)
    assert [each.seconds for each in settled(found)] == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert growth_percent(found) == 0.0


def test_steady_growth_is_told_in_percent_of_the_middle() -> None:
    found = samples(0, 0, 80, 90, 100, 110, 120, 130, 140)
    assert growth_percent(found) == pytest.approx(100 * 60 / 110)


def test_a_server_that_gives_memory_back_did_not_grow() -> None:
    assert growth_percent(samples(0, 300, 250, 200, 150)) < 0


def test_descriptors_are_counted_from_when_it_settled() -> None:
    found = [Sample(0.0, 1, 5), Sample(1.0, 1, 30), Sample(2.0, 1, 80), Sample(4.0, 1, 90)]
    assert new_descriptors(found) == 60


def test_failures_are_added_up_by_reason() -> None:
    text = (
        'nv_inference_request_failure{model="a",reason="BACKEND",version="1"} 2.0\n'
        'nv_inference_request_failure{model="b",reason="BACKEND",version="1"} 1.0\n'
        'nv_inference_request_failure{model="b",reason="OTHER",version="1"} 7.0\n'
        'nv_inference_request_success{model="b",version="1"} 9.0\n'
    )
    assert failures(text) == {"BACKEND": 3.0, "OTHER": 7.0}


def test_errors_and_whatever_is_no_log_line_are_complaints() -> None:
    error = '{"level":"error","message":"the model failed"}'
    traceback = "Traceback (most recent call last):"
    assert complaints("\n".join([INFO, error, WARNING, "", traceback, "[]"])) == [error, traceback, "[]"]


@pytest.mark.parametrize(
    ("wrong", "broken", "said", "code", "missed"),
    [
        (0, 0, 0, 0, []),
        (1, 0, 0, 0, ["soak, wrong or missing answers"]),
        (0, 1, 0, 0, ["soak, models that failed by its own count"]),
        (0, 0, 1, 0, ["soak, errors in its log"]),
        (0, 0, 0, 1, ["soak, exit code after SIGTERM"]),
    ],
)
def test_a_single_fault_is_a_miss(wrong: int, broken: float, said: int, code: int, missed: list[str]) -> None:
    found = figures(samples(1, 1, 1, 1), wrong, broken, said, code)
    assert [each.name for each in found if not each.met] == missed


def test_a_server_that_was_killed_is_a_miss() -> None:
    found = figures(samples(1, 1, 1, 1), 0, 0, 0, -9)
    assert [each.name for each in found if not each.met] == ["soak, exit code after SIGTERM"]


def test_problems_are_all_counted_and_the_first_are_told() -> None:
    tally = Tally()
    tally.right("gRPC", 0.25)
    tally.right("gRPC", 0.75)
    for number in range(MOST_PROBLEMS + 5):
        tally.wrong("refusals", f"number {number}")
    assert tally.as_record() == {
        "gRPC": {"right": 2, "wrong": 0, "mean_ms": 500.0, "slowest_ms": 750.0},
        "refusals": {"right": 0, "wrong": 25, "mean_ms": 0.0, "slowest_ms": 0.0},
    }
    assert tally.problems == [f"refusals: number {number}" for number in range(MOST_PROBLEMS)]
