"""The router's life: listen, watch the runtimes, route, drain, stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import time
from typing import TYPE_CHECKING, Final

from onnxruntime_server.ending import Ending
from onnxruntime_server.http.body import Memory
from onnxruntime_server.http.listening import listen
from onnxruntime_server.http.options import LARGEST_BODIES, HttpOptions
from onnxruntime_server.http.server import HttpServer
from onnxruntime_server.http.tls import CertificateFiles
from onnxruntime_server.tracing import Tracer

from inference_router.audit import Audit
from inference_router.backends.fleet import Fleet
from inference_router.backends.watch import Watch, WatchTimes
from inference_router.calls.front import Front, FrontOptions
from inference_router.calls.front import Surroundings as CallSurroundings
from inference_router.counts import Counts
from inference_router.decision.chooser import Chooser
from inference_router.decision.policy import Policy, PolicyError, read
from inference_router.decision.sides import Side
from inference_router.dispatcher import Dispatcher
from inference_router.rest.proxy import Proxy, Surroundings
from inference_router.rest.streaming import StreamingConnection
from inference_router.retries import RetryBudget

if TYPE_CHECKING:
    from socket import socket

    from inference_router.settings import Settings

LOOK_SECONDS: Final = 0.25
"""How often deadlines are looked at."""

_LOG = logging.getLogger(__name__)


async def serve(settings: Settings) -> int:
    """Route until a signal comes; the exit code."""
    try:
        policy = Policy() if settings.policy is None else read(settings.policy)
        listeners = [listen(settings.host, settings.port)]
        if settings.grpc_port is not None:
            listeners.append(listen(settings.host, settings.grpc_port))
        router = _Router(settings, policy)
    except OSError as error:
        ports = " and ".join(str(port) for port in (settings.port, settings.grpc_port) if port is not None)
        _LOG.error("can't start: %s port %s: %s", settings.host, ports, os.strerror(error.errno or 0))
        return 1
    except (PolicyError, ValueError) as error:
        _LOG.error("can't start: %s", error)
        return 1
    return await router.run(listeners)


class _Router:
    """All parts of the router, put together. Refuses certificates that can't be used."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        self._settings = settings
        self._fleets = {side: Fleet(side, policy.of(side).most_in_flight) for side in Side}
        chooser = Chooser(policy)
        counts = Counts(self._fleets, chooser.estimates)
        budget = RetryBudget(settings.retry_share, time.monotonic())
        audit = Audit(policy, settings.audit_each)
        self._dispatcher = Dispatcher(chooser, self._fleets, budget, counts=counts, audit=audit)
        self._dispatcher.look_now = self._look_now
        self._surroundings = Surroundings(
            self._dispatcher, time.monotonic, settings.answer_seconds, settings.connect_seconds
        )
        self._proxy = Proxy(self._surroundings, counts, settings.caller_header)
        self._tracer = Tracer(settings.otlp_endpoint) if settings.otlp_endpoint else None
        self._certificates = _certificates(settings)
        http_options = HttpOptions(
            limits=settings.limits,
            body_seconds=settings.body_seconds,
            connections=settings.connections,
            log_requests=settings.log_requests,
            certificates=self._certificates,
        )
        self._http = HttpServer(self._proxy, counts, http_options, self._tracer, StreamingConnection)
        self._held = Memory(LARGEST_BODIES * settings.limits.body_bytes)
        counts.memories = {"rest": self._http.memory, "grpc": self._held}
        options = FrontOptions(settings.connections, self._certificates, settings.log_requests)
        self._front = Front(options, counts.calls, self._tracer) if settings.grpc_port is not None else None
        times = WatchTimes(settings.look_seconds)
        self._watches = [
            Watch(
                fleet,
                settings.sides[side],
                self._dispatcher.changed,
                times,
                health=settings.gpu_health if side is Side.GPU else (),
                namespace=settings.gpu_health_namespace,
            )
            for side, fleet in self._fleets.items()
        ]
        self._ending = Ending(settings.drain_seconds, self._drain)

    async def run(self, listeners: list[socket]) -> int:
        """Route until told to stop; the exit code."""
        self._ending.heed_signals()
        await self._http.start(listeners[:1])
        facts: dict[str, object] = dict(zip(("host", "port"), listeners[0].getsockname()[:2], strict=True))
        if self._front is not None:
            await self._front.start(listeners[1:], self._surroundings_of_calls(self._front))
            facts["grpc_port"] = listeners[1].getsockname()[1]
        _LOG.info("listening", extra={"facts": facts})
        looking = asyncio.get_running_loop().create_task(self._look())
        await asyncio.gather(*(watch.start() for watch in self._watches))
        self._proxy.starting = False
        gc.collect()
        gc.freeze()
        _LOG.info("ready")
        exit_code = await self._ending.wait()
        ways_in = [self._http.stop(self._settings.grace_seconds)]
        if self._front is not None:
            ways_in.append(self._front.stop(self._settings.grace_seconds))
        await asyncio.gather(*ways_in)
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await asyncio.gather(*(watch.stop() for watch in self._watches), self._surroundings.close())
        if self._tracer is not None:
            await asyncio.to_thread(self._tracer.close)
        _LOG.info("stopped")
        return exit_code

    def _surroundings_of_calls(self, front: Front) -> CallSurroundings:
        settings = self._settings
        return CallSurroundings(
            self._dispatcher,
            self._held,
            time.monotonic,
            front.note,
            answer_seconds=settings.answer_seconds,
            message_seconds=settings.body_seconds,
            connect_seconds=settings.connect_seconds,
            most_held=settings.limits.body_bytes,
            caller_header=settings.caller_header,
        )

    async def _look(self) -> None:
        """See to deadlines and connections, now and then: cheaper than a timer for every request."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            known = {endpoint for fleet in self._fleets.values() for endpoint in fleet.endpoints}
            try:
                self._surroundings.look(known)
                if self._front is not None:
                    self._front.look(known)
            except Exception:  # noqa: BLE001 - whatever it is, the next look may go well
                _LOG.exception("deadlines and connections were not seen to")

    def _look_now(self) -> None:
        for watch in self._watches:
            watch.look_now()

    def _drain(self) -> None:
        self._http.draining = True
        if self._front is not None:
            self._front.drain()


def _certificates(settings: Settings) -> CertificateFiles | None:
    if (tls := settings.tls) is None:
        return None
    return CertificateFiles(tls.certificate, tls.key, tls.client_authority)
