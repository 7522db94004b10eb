"""Batches under random arrivals, departures, deadlines and failures: every caller gets its own answer, once."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.engine import batcher
from onnxruntime_server.engine.batcher import Batcher, QueueLimits
from onnxruntime_server.engine.cost import InlineBudget
from onnxruntime_server.engine.scheduler import Scheduler
from onnxruntime_server.engine.session import Halt
from onnxruntime_server.engine.work import Outcome, Work
from onnxruntime_server.errors import (
    ClientGoneError,
    ExpiredError,
    FullError,
    InvalidArgumentError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.protocol.messages import Array

from tests.serving_images.process import until

PATIENCE = 30.0
REFUSED = -1.0
"""A value that the model below can't compute."""


@dataclass
class Doubling:
    """Stands where a session does: doubles its input, refuses a forbidden value, and waits to be let go."""

    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    runs: list[int] = field(default_factory=list)
    shrunk: list[bool] = field(default_factory=list)
    outputs: tuple[()] = ()

    def run(
        self, inputs: dict[str, Array], outputs: Sequence[str], *, shrink: bool = False, halt: Halt | None = None
    ) -> list[Array]:
        values = inputs["x"].astype(np.float64)
        self.entered.set()
        self.gate.wait(PATIENCE)
        if halt is not None and halt.asked_for:
            raise ClientGoneError("the client left before its answer was ready")
        self.runs.append(len(values))
        self.shrunk.append(shrink)
        if (values == REFUSED).any():
            raise InvalidArgumentError("model 'doubling' can't compute these inputs")
        if (values < REFUSED).any():
            raise ZeroDivisionError
        found = {"twice": values * 2, "thrice": values * 3}
        return [found[name] for name in outputs]


class Caller:
    """Keeps what it is told, and counts how often."""

    def __init__(self, values: Sequence[float], output: str = "twice", **options: float | None) -> None:
        self.outcomes: list[Outcome] = []
        self.told = threading.Event()
        self.values: Array = np.array(values, dtype=np.float64)
        self.output = output
        self.work = Work({"x": self.values}, [output], self._take, rows=len(values), **options)  # type: ignore[arg-type]  # as named

    def _take(self, _work: Work, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.told.set()

    def answer(self) -> Array:
        assert self.told.wait(PATIENCE)
        (outcome,) = self.outcomes
        assert not isinstance(outcome, ServerError)
        (array,) = outcome
        return array

    def refusal(self) -> ServerError:
        assert self.told.wait(PATIENCE)
        (outcome,) = self.outcomes
        assert isinstance(outcome, ServerError)
        return outcome

    @property
    def right(self) -> Array:
        return self.values * (2 if self.output == "twice" else 3)


@dataclass
class Bench:
    """A batcher with a model of which the test says when it runs."""

    model: Doubling
    scheduler: Scheduler
    batcher: Batcher

    def hold(self) -> Caller:
        """Have one run begin that does not end before it is let go."""
        first = Caller([0.0])
        self.batcher.submit(first.work)
        assert self.model.entered.wait(PATIENCE)
        return first

    def submit(self, *callers: Caller) -> None:
        for caller in callers:
            self.batcher.submit(caller.work)

    def close(self) -> None:
        self.model.gate.set()
        self.batcher.close(PATIENCE)
        self.scheduler.close()


class AnySize:
    """Lets batches be as large as they may."""

    def observe(self, rows: int, seconds: float) -> None:
        """Learn nothing."""

    def most_rows(self, most: int) -> int:
        return most


def made(rows: int = 4, waiting: int = 8, threads: int = 1) -> Bench:
    model, scheduler = Doubling(), Scheduler(threads)
    made_of = Batcher(model, scheduler, QueueLimits(rows, waiting), AnySize(), InlineBudget())  # type: ignore[arg-type]  # a stand-in
    return Bench(model, scheduler, made_of)


@pytest.fixture
def bench() -> Iterator[Bench]:
    found = made()
    yield found
    found.close()


def test_what_came_during_a_run_is_the_next_run(bench: Bench) -> None:
    first = bench.hold()
    callers = [Caller([1.0, 2.0]), Caller([3.0]), Caller([4.0, 5.0])]
    bench.submit(*callers)
    bench.model.gate.set()
    for caller in (first, *callers):
        assert np.array_equal(caller.answer(), caller.right)
    assert bench.model.runs == [1, 3, 2]


def test_a_lone_request_never_waits(bench: Bench) -> None:
    bench.model.gate.set()
    caller = Caller([7.0])
    bench.submit(caller)
    assert np.array_equal(caller.answer(), [14.0])
    assert bench.model.runs == [1]


def test_requests_for_different_outputs_share_a_run(bench: Bench) -> None:
    bench.hold()
    callers = [Caller([1.0]), Caller([2.0], "thrice")]
    bench.submit(*callers)
    bench.model.gate.set()
    assert [caller.answer().tolist() for caller in callers] == [[2.0], [6.0]]
    assert bench.model.runs == [1, 2]


def test_other_shapes_wait_for_a_run_of_their_own(bench: Bench) -> None:
    bench.hold()
    flat, wide = Caller([1.0]), Caller([2.0])
    wide.work.inputs["x"] = wide.values = np.array([[2.0, 3.0]])
    after = Caller([4.0])
    bench.submit(flat, wide, after)
    bench.model.gate.set()
    for caller in (flat, wide, after):
        assert np.array_equal(caller.answer(), caller.right)
    assert bench.model.runs == [1, 2, 1]


def test_who_is_more_urgent_runs_first(bench: Bench) -> None:
    bench.hold()
    late = Caller([1.0] * 4, priority=2)
    soon = Caller([2.0] * 4, priority=1)
    bench.submit(late, soon)
    order: list[str] = []
    late.work.deliver = lambda _work, _outcome: order.append("late")
    soon.work.deliver = lambda _work, _outcome: order.append("soon")
    bench.model.gate.set()
    bench.batcher.close(PATIENCE)
    assert order == ["soon", "late"]


def test_whoever_left_costs_nothing(bench: Bench) -> None:
    bench.hold()
    callers = [Caller([float(number)] * 4) for number in range(6)]
    bench.submit(*callers)
    for caller in callers[:5]:
        caller.work.abandoned = True
    bench.model.gate.set()
    assert np.array_equal(callers[5].answer(), callers[5].right)
    assert bench.model.runs == [1, 4]
    assert {type(caller.refusal()) for caller in callers[:5]} == {ClientGoneError}


def test_a_run_for_nobody_is_broken_off_and_one_for_somebody_is_not(bench: Bench) -> None:
    first = bench.hold()
    first.work.abandoned = True
    stays, leaves = Caller([1.0]), Caller([2.0])
    bench.submit(stays, leaves)
    bench.model.entered.clear()
    bench.model.gate.set()
    assert isinstance(first.refusal(), ClientGoneError)
    assert bench.model.entered.wait(PATIENCE)
    leaves.work.abandoned = True
    assert np.array_equal(stays.answer(), [2.0])
    assert bench.model.runs == [2]


def test_nothing_of_a_batch_is_held_once_it_is_answered(bench: Bench) -> None:
    bench.hold()
    told: list[Outcome] = []
    held = []
    for number in range(3):
        values = np.array([float(number)])
        held.append(weakref.ref(values))
        bench.batcher.submit(Work({"x": values}, ["twice"], lambda _work, outcome: told.append(outcome)))
    del values
    gc.disable()
    try:
        bench.model.gate.set()
        bench.batcher.close(PATIENCE)
        until(lambda: [reference() for reference in held] == [None] * 3, message="a request is held")
    finally:
        gc.enable()
    assert len(told) == 3


def test_what_has_expired_is_not_begun(bench: Bench) -> None:
    bench.hold()
    caller = Caller([1.0], deadline=time.monotonic() - 1)
    bench.submit(caller)
    bench.model.gate.set()
    assert isinstance(caller.refusal(), ExpiredError)
    assert bench.model.runs == [1]


def test_a_full_queue_refuses_and_makes_room_of_whoever_left(bench: Bench) -> None:
    bench.hold()
    callers = [Caller([1.0]) for _ in range(8)]
    bench.submit(*callers)
    refused = Caller([2.0])
    bench.submit(refused)
    assert isinstance(refused.refusal(), FullError)
    assert str(refused.refusal()) == "the queue is full: 8 requests are waiting"
    callers[3].work.abandoned = True
    taken = Caller([3.0])
    bench.submit(taken)
    assert isinstance(callers[3].refusal(), ClientGoneError)
    bench.model.gate.set()
    assert np.array_equal(taken.answer(), [6.0])


def test_nobody_pays_for_anothers_inputs(bench: Bench) -> None:
    bench.hold()
    bad, good = Caller([REFUSED]), Caller([1.0])
    bench.submit(bad, good)
    bench.model.gate.set()
    assert str(bad.refusal()) == "model 'doubling' can't compute these inputs"
    assert np.array_equal(good.answer(), [2.0])


def test_a_fault_of_the_runtime_is_answered(bench: Bench) -> None:
    bench.model.gate.set()
    caller = Caller([-2.0])
    bench.submit(caller)
    assert str(caller.refusal()) == "the model failed; the server's log says where"


def test_a_caller_that_raises_takes_nobody_with_it(bench: Bench) -> None:
    bench.hold()

    def raises(_work: Work, _outcome: Outcome) -> None:
        raise ConnectionResetError

    broken, other = Caller([1.0]), Caller([2.0])
    broken.work.deliver = raises
    bench.submit(broken, other)
    bench.model.gate.set()
    assert np.array_equal(other.answer(), [4.0])


@pytest.mark.parametrize(("seconds", "shrunk"), [(0.0, [False, False, True, False]), (60.0, [False] * 4)])
def test_memory_is_given_back_once_runs_have_been_small_for_a_while(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: float, shrunk: list[bool]
) -> None:
    monkeypatch.setattr(batcher, "SMALL_SECONDS", seconds)
    bench.model.gate.set()
    for rows in (4, 2, 1, 1):
        caller = Caller([1.0] * rows)
        bench.submit(caller)
        caller.answer()
    assert bench.model.shrunk == shrunk


def test_closing_answers_what_waits_and_refuses_what_comes() -> None:
    bench = made()
    bench.hold()
    waits = Caller([1.0])
    bench.submit(waits)
    bench.close()
    assert np.array_equal(waits.answer(), [2.0])
    late = Caller([1.0])
    bench.submit(late)
    assert isinstance(late.refusal(), UnavailableError)


def test_closing_does_not_wait_for_ever() -> None:
    bench = made()
    bench.hold()
    waits = Caller([1.0])
    bench.submit(waits)
    bench.batcher.close(0)
    assert str(waits.refusal()) == "the model was unloaded before the request's turn came"
    bench.close()


arrivals = st.lists(
    st.fixed_dictionaries(
        {
            "values": st.lists(st.sampled_from([REFUSED, -2.0, 0.0, 1.0, 2.5, 1e9]), max_size=5),
            "output": st.sampled_from(["twice", "thrice"]),
            "priority": st.integers(0, 2),
            "deadline": st.sampled_from([None, 0.0, 1e12]),
            "leaves": st.sampled_from(["stays", "before", "after"]),
        }
    ),
    max_size=30,
)


@given(arrivals, st.integers(1, 6), st.integers(1, 12), st.integers(1, 3))
def test_every_caller_gets_its_own_answer_once(
    wanted: list[dict[str, object]], rows: int, waiting: int, threads: int
) -> None:
    bench = made(rows, waiting, threads)
    bench.model.gate.set()
    callers: list[tuple[Caller, str]] = []
    for each in wanted:
        options = {"priority": each["priority"], "deadline": each["deadline"]}
        caller = Caller(each["values"], str(each["output"]), **options)  # type: ignore[arg-type]  # drawn so
        caller.work.abandoned = each["leaves"] == "before"
        bench.submit(caller)
        caller.work.abandoned |= each["leaves"] == "after"
        callers.append((caller, str(each["leaves"])))
    bench.close()

    for caller, leaves in callers:
        (outcome,) = caller.outcomes
        if not isinstance(outcome, ServerError):
            assert leaves != "before"
            assert np.array_equal(outcome[0], caller.right)
        elif isinstance(outcome, ClientGoneError):
            assert leaves != "stays"
        elif isinstance(outcome, ExpiredError):
            assert caller.work.deadline == 0.0
        elif isinstance(outcome, FullError):
            assert len(callers) > waiting
        else:
            assert (np.asarray(caller.values, dtype=np.float64) <= REFUSED).any()
    assert all(run <= max(rows, *(len(caller.values) for caller, _ in callers)) for run in bench.model.runs)
