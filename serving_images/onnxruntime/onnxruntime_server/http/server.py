"""The server's life: listen, load, serve, drain, stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from typing import TYPE_CHECKING, Final

import uvicorn

from onnxruntime_server.engine.executor import Executor
from onnxruntime_server.engine.repository import Repository, scan
from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.http.application import Application
from onnxruntime_server.http.body import BodyReader
from onnxruntime_server.http.connection import Connection
from onnxruntime_server.metrics import Metrics
from onnxruntime_server.service import InferenceService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnxruntime_server.settings import Settings

KEEP_ALIVE_SECONDS: Final = 120
"""Longer than gateways keep idle connections (90 in Go's client), so that none is closed as a request comes over it."""

_LOG = logging.getLogger(__name__)


class _UvicornServer(uvicorn.Server):
    """uvicorn's server with the signals left to us; its own way ends the process by the signal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> int:
    """Serve until a signal comes; the exit code. It listens at once, and is ready when every model is loaded."""
    try:
        repository = Repository(scan(settings.models))
        listener = _listen(settings.host, settings.port)
    except RepositoryError as error:
        _LOG.error("can't start: %s", error)
        return 1
    except OSError as error:
        _LOG.error("can't start: %s port %d: %s", settings.host, settings.port, os.strerror(error.errno or 0))
        return 1
    metrics = Metrics()
    executor = Executor(settings.most_waiting)
    application = Application(
        repository,
        InferenceService(repository, executor, metrics),
        metrics,
        BodyReader(settings.limits.body_bytes, settings.body_seconds),
        settings.limits,
        log_requests=settings.log_requests,
    )
    server = _UvicornServer(_configuration(application, settings))
    _Drain(application, server, settings.drain_seconds)
    loading = asyncio.ensure_future(_load(repository, metrics, settings.threads, server))
    host, port = listener.getsockname()[:2]
    _LOG.info("listening", extra={"facts": {"host": host, "port": port, "threads": settings.threads}})
    await server.serve(sockets=[listener])
    executor.close()
    _LOG.info("stopped")
    return 0 if await loading else 1


def _listen(host: str, port: int) -> socket.socket:
    if ":" in host:
        return socket.create_server((host, port), family=socket.AF_INET6, backlog=1024)
    return socket.create_server((host, port), backlog=1024)


def _configuration(application: Application, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.grace_seconds,
    )


async def _load(repository: Repository, metrics: Metrics, threads: int, server: uvicorn.Server) -> bool:
    """Load every model; where one can't be loaded, say why and end the server."""
    try:
        await asyncio.to_thread(repository.load, threads)
    except RepositoryError as error:
        _LOG.error("can't start: %s", error)
    except Exception:  # noqa: BLE001 - whatever it is, the process ends with the reason in its log
        _LOG.exception("can't start: a model could not be loaded")
    else:
        for model in repository.models():
            metrics.of(model.name, model.version)
        _LOG.info("ready")
        return True
    server.should_exit = True
    return False


class _Drain:
    """Takes the server out of service when a signal comes, without refusing anybody.

    The first SIGTERM makes it not ready and keeps it answering for a while: until every gateway has taken note, new
    requests still arrive. Then, or at once on SIGINT or a second signal, it stops listening and ends what is in flight.
    """

    def __init__(self, application: Application, server: uvicorn.Server, seconds: float) -> None:
        self._application = application
        self._server = server
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGTERM, self._terminate)
        self._loop.add_signal_handler(signal.SIGINT, self._stop)

    def _terminate(self) -> None:
        if self._application.draining:
            self._stop()
            return
        self._application.draining = True
        _LOG.info("draining")
        self._loop.call_later(self._seconds, self._stop)

    def _stop(self) -> None:
        self._application.draining = True
        self._server.should_exit = True
