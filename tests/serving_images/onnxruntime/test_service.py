"""From a request that is understood to its answer: on the loop and on threads, remembered, refused and counted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pytest
from onnxruntime_server.engine import cost
from onnxruntime_server.engine.cache import ResponseCache
from onnxruntime_server.engine.scheduler import Scheduler
from onnxruntime_server.engine.served_model import ServedModel, Surroundings
from onnxruntime_server.engine.work import Work
from onnxruntime_server.errors import ClientGoneError, ExpiredError, InvalidArgumentError, NotFoundError, ServerError
from onnxruntime_server.metrics import Metrics
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.messages import InferRequest, InferResponse, Tensor
from onnxruntime_server.repository.configuration import ModelSettings
from onnxruntime_server.service import InferenceService

from tests.serving_images import models

PATIENCE = 30.0


@dataclass
class OneModel:
    """A repository with one model in it."""

    model: ServedModel

    def servable(self, name: str, version: str | None) -> ServedModel:
        if name != self.model.name:
            raise NotFoundError(f"no model '{name}'; this server has 'm'")
        del version
        return self.model


@dataclass
class Bench:
    """A service of one model, with the loop that it lives on."""

    service: InferenceService
    metrics: Metrics
    model: ServedModel
    loop: asyncio.AbstractEventLoop

    def on_loop(self, request: InferRequest, **options: float) -> InferResponse | ServerError:
        """The outcome of a request that comes over the loop; proves that it is told once, and on the loop's thread."""

        async def scenario() -> list[tuple[InferResponse | ServerError, int]]:
            told: list[tuple[InferResponse | ServerError, int]] = []
            done = asyncio.Event()

            def deliver(outcome: InferResponse | ServerError) -> None:
                told.append((outcome, threading.get_ident()))
                done.set()

            self.service.submit("m", None, request, deliver, **options)
            async with asyncio.timeout(PATIENCE):
                await done.wait()
            return told

        ((outcome, thread),) = self.loop.run_until_complete(scenario())
        assert thread == threading.get_ident()
        return outcome


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    monkeypatch.setattr(cost, "SHORT_SECONDS", 0.0)  # every run goes through the queue
    loop, scheduler = asyncio.new_event_loop(), Scheduler()

    def made(*, settings: ModelSettings | None = None) -> Bench:
        metrics = Metrics()
        surroundings = Surroundings(scheduler, 1, loop, threading.get_ident())
        statistics = metrics.of("m", "1")
        model = ServedModel(
            "m",
            "1",
            models.large_product().SerializeToString(),
            settings=settings or ModelSettings(),
            surroundings=surroundings,
            statistics=statistics,
        )
        model.warm_up()
        service = InferenceService(OneModel(model), metrics, ResponseCache(1_000_000), loop)  # type: ignore[arg-type]  # a stand-in
        return Bench(service, metrics, model, loop)

    yield made
    scheduler.close()
    loop.close()


def product(rows: int = 1, value: float = 1.0, **options: object) -> InferRequest:
    array = np.full((rows, 1024), value, dtype=np.float32)
    return replace(InferRequest((Tensor("x", Datatype.FP32, array),), id="seven"), **options)  # type: ignore[arg-type]  # as named


def answered(outcome: InferResponse | ServerError) -> InferResponse:
    assert isinstance(outcome, InferResponse), outcome
    return outcome


def test_an_answer_comes_back_on_the_loop(bench: Callable[..., Bench]) -> None:
    found = bench()
    answer = answered(found.on_loop(product(2)))
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "1", "seven")
    assert np.array_equal(answer.outputs[0].array, np.full((2, 1024), 1024.0))
    counts = found.model.statistics
    assert (counts.success, counts.inferences, counts.executions, counts.pending) == (1, 2, 1, 0)
    assert counts.infer_us > 0


def test_threads_get_their_own_answers(bench: Callable[..., Bench]) -> None:
    found = bench()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: found.service.answer("m", None, product(1, number)), range(24)))
    assert [float(each.outputs[0].array[0, 0]) for each in answers] == [1024.0 * number for number in range(24)]
    assert found.model.statistics.success == 24
    assert found.model.statistics.inferences == 24
    assert found.model.statistics.executions <= 24


def test_what_does_not_fit_is_refused_and_counted(bench: Callable[..., Bench]) -> None:
    found = bench()
    wrong = InferRequest((Tensor("x", Datatype.FP32, np.zeros((1, 3), dtype=np.float32)),))
    assert str(found.on_loop(wrong)) == "input 'x': expected shape [-1, 1024], got [1, 3]"
    with pytest.raises(InvalidArgumentError, match=r"^input 'x': expected shape \[-1, 1024\], got \[1, 3\]$"):
        found.service.answer("m", None, wrong)
    assert found.model.statistics.failures == {"OTHER": 2}
    assert found.model.statistics.pending == 0


def test_an_unknown_model_is_not_counted(bench: Callable[..., Bench]) -> None:
    found = bench()
    with pytest.raises(NotFoundError):
        found.service.answer("n", None, product())
    assert found.model.statistics.failures == {}


@pytest.mark.parametrize("on_loop", [True, False])
def test_the_earliest_deadline_counts(bench: Callable[..., Bench], on_loop: bool) -> None:
    found = bench(settings=ModelSettings(default_timeout_ms=3_600_000))
    late = product(timeout_seconds=1e-9)
    if on_loop:
        assert isinstance(found.on_loop(late, timeout_seconds=3600.0), ExpiredError)
    else:
        with pytest.raises(ExpiredError, match=r"was not begun in time$"):
            found.service.answer("m", None, product(), timeout_seconds=1e-9)
    assert answered(found.on_loop(product(), timeout_seconds=3600.0)).id == "seven"


def test_the_same_bytes_are_answered_from_memory(bench: Callable[..., Bench]) -> None:
    found = bench(settings=ModelSettings(response_cache=True))
    first, again = (answered(found.on_loop(product(1, 3.0))) for _ in range(2))
    other = answered(found.on_loop(product(1, 4.0)))
    assert np.array_equal(first.outputs[0].array, again.outputs[0].array)
    assert float(other.outputs[0].array[0, 0]) == 4096.0
    counts = found.model.statistics
    assert (counts.cache_hits, counts.cache_misses, counts.executions, counts.success) == (1, 2, 2, 3)
    assert found.metrics.cache_bytes > 2 * 4096


def test_an_answer_that_can_not_be_written_is_a_refusal(bench: Callable[..., Bench]) -> None:
    found = bench()
    told: list[object] = []

    def deliver(outcome: InferResponse | ServerError) -> None:
        told.append(outcome)
        if isinstance(outcome, InferResponse):
            raise InvalidArgumentError("output 'y': JSON can't carry its NaN or infinity")

    async def scenario() -> None:
        found.service.submit("m", None, product(), deliver)
        async with asyncio.timeout(PATIENCE):
            while len(told) < 2:  # noqa: ASYNC110 - turns of the loop are what is waited for
                await asyncio.sleep(0)

    found.loop.run_until_complete(scenario())
    assert str(told[1]) == "output 'y': JSON can't carry its NaN or infinity"
    assert found.model.statistics.failures == {"OTHER": 1}
    assert found.model.statistics.success == 0


def test_a_thread_whose_client_left_does_not_wait(bench: Callable[..., Bench]) -> None:
    found = bench()
    begun, go_on = threading.Event(), threading.Event()

    scheduler = found.model._batcher._scheduler
    held = Work({}, [], lambda _work, _outcome: None)

    class Busy:
        """A model whose run lasts as long as the test says."""

        def __init__(self) -> None:
            self.waits = True

        def head(self) -> tuple[int, float] | None:
            return (0, 0.0) if self.waits else None

        def take(self) -> list[Work]:
            self.waits = False
            return [held]

        def run(self, _batch: list[Work]) -> None:
            begun.set()
            go_on.wait(PATIENCE)

        def tidy(self) -> None:
            pass

    scheduler.add(Busy())
    with scheduler.changed:
        scheduler.changed.notify()
    assert begun.wait(PATIENCE)
    with pytest.raises(ClientGoneError, match=r"^the client left before its answer was ready$"):
        found.service.answer("m", None, product(), abandoned=lambda: True)
    go_on.set()
    assert answered(found.on_loop(product())).id == "seven"
    assert found.model.statistics.failures == {"CANCELED": 1}
