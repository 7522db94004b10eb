"""A model as it is served, on ONNX Runtime itself: whose rows may be joined, what is short, what is remembered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from onnx import ModelProto, TensorProto
from onnxruntime_server.engine.cache import ResponseCache, key_of
from onnxruntime_server.engine.scheduler import Scheduler
from onnxruntime_server.engine.served_model import ServedModel, Surroundings
from onnxruntime_server.engine.session import Session
from onnxruntime_server.engine.work import Outcome, Work
from onnxruntime_server.errors import ClientGoneError, RepositoryError, ServerError, UnavailableError
from onnxruntime_server.metrics import ModelStatistics
from onnxruntime_server.protocol.messages import Array
from onnxruntime_server.repository.configuration import ModelSettings

from tests.serving_images import models
from tests.serving_images.process import until

PATIENCE = 30.0


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    made = Scheduler()
    yield made
    made.close()


def served(
    model: ModelProto,
    scheduler: Scheduler,
    *,
    warm_up: tuple[bytes, ...] = (),
    is_bounded: bool = True,
    **settings: bool,
) -> ServedModel:
    found = ServedModel(
        "m",
        "1",
        model.SerializeToString(),
        settings=ModelSettings(**settings),  # type: ignore[arg-type]  # switches only
        surroundings=Surroundings(scheduler, 1),
        statistics=ModelStatistics(),
        warm_up=warm_up,
        is_bounded=is_bounded,
    )
    found.warm_up()
    return found


def asked(model: ServedModel, **inputs: Array) -> list[Array]:
    """The model's answer to one request."""
    outcome = outcome_of(model, **inputs)
    assert not isinstance(outcome, ServerError), outcome
    return list(outcome)


def outcome_of(model: ServedModel, **inputs: Array) -> Outcome:
    outcomes: list[Outcome] = []
    done = threading.Event()

    def deliver(_work: Work, outcome: Outcome) -> None:
        outcomes.append(outcome)
        done.set()

    model.submit(Work(inputs, [spec.name for spec in model.metadata.outputs], deliver))
    assert done.wait(PATIENCE)
    return outcomes[0]


@pytest.mark.parametrize(
    ("model", "joined"),
    [
        (models.addition(), True),
        (models.identity(TensorProto.STRING, ["rows"]), True),
        (models.large_product(), True),
        (models.identity(TensorProto.FLOAT, [4]), False),
        (models.mean_over_the_batch(), False),
        (models.reshape(), False),
        (models.counting(), False),
        (models.lookup(), True),
    ],
    ids=["sum", "text", "product", "fixed", "mean", "reshape", "loop", "table"],
)
def test_rows_are_joined_where_each_is_computed_for_itself(
    model: ModelProto, joined: bool, scheduler: Scheduler
) -> None:
    assert served(model, scheduler).has_batch_axis is joined


def test_who_configures_the_model_has_the_last_word(scheduler: Scheduler) -> None:
    assert served(models.mean_over_the_batch(), scheduler, batch_axis=True).has_batch_axis
    assert not served(models.addition(), scheduler, batch_axis=False).has_batch_axis


def test_what_was_asked_in_one_turn_of_the_loop_is_one_run(scheduler: Scheduler) -> None:
    async def scenario() -> tuple[list[Work], list[Array]]:
        loop = asyncio.get_running_loop()
        model = ServedModel(
            "m",
            "1",
            models.addition().SerializeToString(),
            settings=ModelSettings(max_batch_size=4),
            surroundings=Surroundings(scheduler, 1, loop, threading.get_ident()),
            statistics=ModelStatistics(),
        )
        model.warm_up()
        done: list[Work] = []
        answers: list[Array] = []

        def deliver(work: Work, outcome: Outcome) -> None:
            assert not isinstance(outcome, ServerError)
            done.append(work)
            answers.append(outcome[0])

        for number in range(6):
            pair = np.full((1, 2), number, dtype=np.float32)
            model.submit(Work({"a": pair, "b": pair}, ["sum"], deliver))
        assert not done
        while len(done) < 6:  # noqa: ASYNC110 - a turn of the loop is what is waited for
            await asyncio.sleep(0)
        return done, answers

    done, answers = asyncio.run(scenario())

    assert [array.tolist() for array in answers] == [[[2.0 * number, 2.0 * number]] for number in range(6)]
    assert sum(work.first_of_run for work in done) < 6


def test_bfloat16_is_carried_bit_by_bit(scheduler: Scheduler) -> None:
    bits = np.array([[0x3F80, 0xC0A0], [0x7F80, 0x0001]], dtype=np.uint16)
    (found,) = asked(served(models.identity(TensorProto.BFLOAT16, ["rows", 2]), scheduler), x=bits)
    assert np.array_equal(found, bits)
    (empty,) = asked(served(models.identity(TensorProto.BFLOAT16, ["rows", 2]), scheduler), x=bits[:0])
    assert empty.shape == (0, 2)


def test_recorded_requests_warm_it_up(scheduler: Scheduler) -> None:
    right = b'{"inputs": [{"name": "row", "shape": [1], "datatype": "INT64", "data": [3]}]}'
    assert served(models.lookup(), scheduler, warm_up=(right,)).warm_up()["batched"] is True
    wrong = right.replace(b"[3]", b"[7]")
    with pytest.raises(RepositoryError, match=r"^its warm-up request is refused: model 'm' can't compute these inputs"):
        served(models.lookup(), scheduler, warm_up=(wrong,))


def test_what_is_no_model_is_refused_with_the_runtimes_reason() -> None:
    with pytest.raises(RepositoryError, match=r"^onnxruntime can't load it: \[ONNXRuntimeError\]"):
        Session("m", b"no model", 1)
    with pytest.raises(RepositoryError, match=r"^output 'y' has type seq\(tensor\(float\)\), which the protocol"):
        Session("m", models.sequence().SerializeToString(), 1)


def test_a_long_run_that_nobody_waits_for_any_more_ends(scheduler: Scheduler) -> None:
    model = served(models.counting(), scheduler, is_bounded=False)
    told: list[Outcome] = []
    done = threading.Event()

    def deliver(_work: Work, outcome: Outcome) -> None:
        told.append(outcome)
        done.set()

    work = Work({"steps": np.array(2**62)}, ["count"], deliver)
    model.submit(work)
    until(lambda: model._batcher._running == 1, message="the run does not begin")
    work.abandoned = True
    assert done.wait(PATIENCE)
    assert isinstance(told[0], ClientGoneError)


def test_closed_it_refuses(scheduler: Scheduler) -> None:
    model = served(models.addition(), scheduler)
    model.close(PATIENCE)
    pair = np.zeros((1, 2), dtype=np.float32)
    assert isinstance(outcome_of(model, a=pair, b=pair), UnavailableError)


def key(model: ServedModel, outputs: list[str], **inputs: Array) -> bytes:
    assert model.generation is not None
    return key_of(model.metadata, model.version, model.generation, Work(inputs, outputs, lambda _work, _outcome: None))


def test_an_answer_is_remembered_for_the_same_bytes_alone(scheduler: Scheduler) -> None:
    model = served(models.identity(TensorProto.STRING, ["rows"]), scheduler, response_cache=True)
    texts = np.array(["ab", "c"], dtype=np.object_)
    same = key(model, ["y"], x=texts)
    assert key(model, ["y"], x=texts.copy()) == same
    others = [
        key(model, ["y"], x=np.array(["a", "bc"], dtype=np.object_)),
        key(model, ["y"], x=np.array(["ab", "c", ""], dtype=np.object_)),
        key(served(models.identity(TensorProto.STRING, ["rows"]), scheduler, response_cache=True), ["y"], x=texts),
    ]
    assert len({same, *others}) == 4


def test_the_cache_lets_go_of_what_was_not_used_for_longest() -> None:
    cache = ResponseCache(20_000)
    answer = [np.zeros(125, dtype=np.float64)]
    for number in range(12):
        cache.put(bytes([number]), answer)
        cache.get(b"\0")
    assert cache.used_bytes <= 20_000
    kept = [number for number in range(12) if cache.get(bytes([number])) is not None]
    assert kept == [0, *range(12 - len(kept) + 1, 12)]


def test_the_cache_keeps_no_giant_and_counts_once() -> None:
    cache = ResponseCache(20_000)
    cache.put(b"giant", [np.zeros(10_000)])
    assert cache.get(b"giant") is None
    cache.put(b"a", [np.zeros(10)])
    once = cache.used_bytes
    cache.put(b"a", [np.zeros(10)])
    assert cache.used_bytes == once


def test_a_remembered_row_does_not_hold_its_batch() -> None:
    cache = ResponseCache(1_000_000)
    batch = np.arange(1000.0)
    cache.put(b"row", [batch[3:4]])
    found = cache.get(b"row")
    assert found is not None
    assert found[0].base is None
    assert found[0].tolist() == [3.0]
