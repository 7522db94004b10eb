"""Answers inference requests: the one place where protocol, engine, cache and counts meet. Knows no transport."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from onnxruntime_server.engine.batch import deliver as handed_over
from onnxruntime_server.engine.cache import key_of
from onnxruntime_server.engine.signature import bind
from onnxruntime_server.engine.work import Work
from onnxruntime_server.errors import ClientGoneError, ServerError
from onnxruntime_server.protocol.messages import InferResponse, Tensor

if TYPE_CHECKING:
    import asyncio

    from onnxruntime_server.engine.cache import ResponseCache
    from onnxruntime_server.engine.work import Outcome, Servable
    from onnxruntime_server.metrics import Metrics
    from onnxruntime_server.protocol.messages import InferRequest
    from onnxruntime_server.repository.repository import Repository

Deliver: TypeAlias = Callable[[InferResponse | ServerError], None]
"""Takes an answer, or why there is none. May raise a ServerError for an answer that the transport can't carry, and is
then called with that."""

LOOK_SECONDS: Final = 0.05
"""How often a thread that waits for an answer looks whether its client is still there."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A request that is being answered."""

    servable: Servable
    request: InferRequest
    deliver: Deliver
    received: float
    input_seconds: float = 0.0
    cache_key: bytes | None = None


class InferenceService:
    """Checks requests against the model's signature, has them answered, counts each step."""

    def __init__(
        self, repository: Repository, metrics: Metrics, cache: ResponseCache, loop: asyncio.AbstractEventLoop
    ) -> None:
        """To be made on the loop's own thread."""
        self._repository = repository
        self._metrics = metrics
        self._cache = cache
        self._loop = loop
        self._loop_thread = threading.get_ident()

    def submit(
        self,
        name: str,
        version: str | None,
        request: InferRequest,
        deliver: Deliver,
        *,
        received: float | None = None,
        timeout_seconds: float | None = None,
    ) -> Work | None:
        """Have a request answered that came over the event loop; to be called on its thread, which also delivers.

        Raises NotFoundError or UnavailableError where there is no such model; whatever else is refused is delivered,
        perhaps before this returns. ``received`` is when the request was complete, on the clock of ``perf_counter``.
        Whoever waits sets ``abandoned`` on the work that is returned when nobody does any more.
        """
        asked = self._asked(name, version, request, deliver, received)
        return self._begin(asked, self._settle_on_loop, timeout_seconds)

    def answer(
        self,
        name: str,
        version: str | None,
        request: InferRequest,
        *,
        received: float | None = None,
        timeout_seconds: float | None = None,
        abandoned: Callable[[], bool] = bool,
    ) -> InferResponse:
        """The answer to a request that came on a thread of its own, which waits. Raises a ServerError for none."""
        answers: list[InferResponse | ServerError] = []
        asked = self._asked(name, version, request, answers.append, received)
        done = threading.Event()

        def settle(work: Work, outcome: Outcome) -> None:
            self._settle(asked, work, outcome)
            done.set()

        work = self._begin(asked, lambda _: settle, timeout_seconds)
        while not answers and not done.wait(LOOK_SECONDS):
            if work is not None and abandoned():
                work.abandoned = True
                raise ClientGoneError
        if isinstance(answers[0], ServerError):
            raise answers[0]
        return answers[0]

    def _asked(
        self, name: str, version: str | None, request: InferRequest, deliver: Deliver, received: float | None
    ) -> _Asked:
        servable = self._repository.servable(name, version)
        return _Asked(servable, request, deliver, time.perf_counter() if received is None else received)

    def _begin(
        self,
        asked: _Asked,
        settling: Callable[[_Asked], Callable[[Work, Outcome], None]],
        timeout_seconds: float | None,
    ) -> Work | None:
        servable, request = asked.servable, asked.request
        servable.statistics.begun()
        try:
            inputs, outputs = bind(servable.metadata, request)
        except ServerError as error:
            self._refuse(asked, error)
            return None
        work = Work(
            inputs,
            outputs,
            settling(asked),
            request.priority or servable.settings.default_priority,
            _deadline(servable, request, timeout_seconds),
        )
        asked.input_seconds = time.perf_counter() - asked.received
        if servable.generation is not None and self._from_cache(asked, work, servable.generation):
            return None
        servable.submit(work)
        return work

    def _settle_on_loop(self, asked: _Asked) -> Callable[[Work, Outcome], None]:
        def settle(work: Work, outcome: Outcome) -> None:
            if threading.get_ident() == self._loop_thread:
                self._settle(asked, work, outcome)
            else:
                self._loop.call_soon_threadsafe(self._settle, asked, work, outcome)

        return settle

    def _from_cache(self, asked: _Asked, work: Work, generation: int) -> bool:
        servable = asked.servable
        asked.cache_key = key_of(servable.metadata, servable.version, generation, work)
        found = self._cache.get(asked.cache_key)
        servable.statistics.looked_up(hit=found is not None)
        if found is None:
            return False
        asked.cache_key = None
        handed_over(work, found)
        return True

    def _settle(self, asked: _Asked, work: Work, outcome: Outcome) -> None:
        servable = asked.servable
        if isinstance(outcome, ServerError):
            servable.statistics.ran(work)
            self._refuse(asked, outcome)
            return
        if asked.cache_key is not None:
            self._cache.put(asked.cache_key, outcome)
            self._metrics.cache_bytes = self._cache.used_bytes
        written_from = time.perf_counter()
        datatypes = servable.metadata.gives
        tensors = tuple([Tensor(name, datatypes[name], each) for name, each in zip(work.outputs, outcome, strict=True)])
        try:
            asked.deliver(InferResponse(servable.name, servable.version, tensors, asked.request.id))
        except ServerError as error:
            servable.statistics.ran(work)
            self._refuse(asked, error)
            return
        now = time.perf_counter()
        servable.statistics.answered(work, now - asked.received, asked.input_seconds, now - written_from)

    def _refuse(self, asked: _Asked, error: ServerError) -> None:
        asked.servable.statistics.failed(error, time.perf_counter() - asked.received)
        asked.deliver(error)


def _deadline(servable: Servable, request: InferRequest, timeout_seconds: float | None) -> float | None:
    """When the request must have begun: the earliest that client, transport or model says."""
    own = request.timeout_seconds or servable.settings.default_timeout_ms / 1000
    given = [seconds for seconds in (own, timeout_seconds) if seconds]
    return time.monotonic() + min(given) if given else None
