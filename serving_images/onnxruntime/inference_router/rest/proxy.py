"""What the router answers over REST: health and metrics are its own, all else is passed on to a runtime."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from onnxruntime_server.http import answers
from onnxruntime_server.http.answers import Answer
from onnxruntime_server.http.routes import ROUTES, Handler, Target, nowhere

from inference_router.dispatcher import Journey
from inference_router.rest.heads import LOOKED_AT, ask_of, caller_of, request_id
from inference_router.rest.passage import Passage
from inference_router.rest.streaming import Upload
from inference_router.rest.upstream import Pool

if TYPE_CHECKING:
    from onnxruntime_server.http.backend import Counts
    from onnxruntime_server.http.exchange import Exchange

    from inference_router.backends.fleet import Endpoint
    from inference_router.dispatcher import Dispatcher

STOPPED: Final = "stopped"
"""The cause of what is broken off at the end."""

IDLE_SECONDS: Final = 45.0
"""How long a connection to a runtime is kept that carries nothing: less than runtimes keep theirs."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Surroundings:
    """What every passage needs."""

    dispatcher: Dispatcher
    now: Callable[[], float]
    answer_seconds: float
    """How long a runtime may be silent."""
    connect_seconds: float
    """How long connecting to it may take."""
    open: set[Passage] = field(default_factory=set)
    """Requests that are on their way."""
    _pools: dict[Endpoint, Pool] = field(default_factory=dict)

    def pool_of(self, endpoint: Endpoint) -> Pool:
        """The connections to a runtime."""
        if (pool := self._pools.get(endpoint)) is None:
            pool = self._pools[endpoint] = Pool(endpoint.address, self.connect_seconds)
            endpoint.on_gone.append(pool.lose)
        return pool

    def look(self, known: set[Endpoint]) -> None:
        """Break off what has been silent for too long; close what is not used. To be called now and then."""
        now = self.now()
        for passage in [each for each in self.open if each.deadline < now]:
            passage.late()
        for endpoint, pool in tuple(self._pools.items()):
            pool.prune(now - IDLE_SECONDS if endpoint in known else now)
            if endpoint not in known and not endpoint.in_flight and pool.empty:
                del self._pools[endpoint]

    async def close(self) -> None:
        """Close every connection to a runtime."""
        for pool in self._pools.values():
            pool.lose(STOPPED)
        while not all(pool.empty for pool in self._pools.values()):  # noqa: ASYNC110 - it ends within a turn or two
            await asyncio.sleep(0)


class Proxy:
    """Answers requests. A refusal of the router's own is ``{"error": "..."}``, as a runtime's would be."""

    draining: bool
    """Whether the router is on its way out, and so not ready."""

    starting: bool
    """Whether another way in is not open yet, and so the router not ready."""

    handlers: dict[str, Handler]
    """What answers at each endpoint."""

    def __init__(self, around: Surroundings, counts: Counts, caller_header: bytes | None) -> None:
        self.draining = False
        self.starting = True
        self._around = around
        self._counts = counts
        self._tasks: set[asyncio.Future[None]] = set()
        self._caller_header = caller_header
        names = {name for route in ROUTES for name in route.endpoints.values()}
        self.handlers = {
            **dict.fromkeys(names, self._pass_on),
            "infer": self._infer,
            "live": self._live,
            "ready": self._ready,
            "metrics": self._metrics,
            "load": _refuse_control,
            "unload": _refuse_control,
        }

    def handle(self, exchange: Exchange) -> None:
        """Answer, now or later."""
        try:
            target = exchange.target
            if target is not None and (handler := target.handlers.get(exchange.method)) is not None:
                answer = handler(exchange, target)
            else:
                answer = nowhere(exchange)
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the place
            _LOG.exception("a request was not handled")
            answer = answers.internal_error()
        if answer is not None:
            exchange.reply(answer)

    def refusal_before_body(self, exchange: Exchange) -> Answer | None:
        """Why a request's body need not be read, where that is known."""
        if exchange.target is None or exchange.method not in exchange.target.handlers:
            return nowhere(exchange)
        return None

    def _infer(self, exchange: Exchange, target: Target) -> None:
        upload = exchange.work if isinstance(exchange.work, Upload) else None
        if upload is None:
            start, length = exchange.body, len(exchange.body)
        else:
            start, length = upload.pieces[0], int(exchange.headers[b"content-length"])
        ask = ask_of(exchange, target.name, start[:LOOKED_AT], length)
        caller = caller_of(exchange, self._caller_header)
        Passage(
            self._around, exchange, Journey(ask, "rest", caller=caller, request_id=request_id(exchange)), upload
        ).begin()

    def _pass_on(self, exchange: Exchange, target: Target) -> None:
        del target
        upload = exchange.work if isinstance(exchange.work, Upload) else None
        Passage(self._around, exchange, Journey(None, "rest"), upload).begin()

    def _live(self, exchange: Exchange, target: Target) -> Answer:
        del exchange, target
        return answers.of_json({"live": True})

    def _ready(self, exchange: Exchange, target: Target) -> Answer:
        del exchange, target
        ready = self._around.dispatcher.ready and not self.draining and not self.starting
        return answers.of_json({"ready": ready}, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    def _metrics(self, exchange: Exchange, target: Target) -> None:
        """Written on another thread: it takes some milliseconds, in which nobody else would be answered."""
        del target
        task = asyncio.ensure_future(self._tell_metrics(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_metrics(self, exchange: Exchange) -> None:
        exchange.reply(Answer(answers.OK, answers.PROMETHEUS, await asyncio.to_thread(self._counts.text)))


def _refuse_control(exchange: Exchange, target: Target) -> Answer:
    """Models are loaded and unloaded on one runtime, not on whichever comes."""
    del exchange, target
    return answers.refusal(HTTPStatus.FORBIDDEN, "the router changes no models; ask the runtime itself")
