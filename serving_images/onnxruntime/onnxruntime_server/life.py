"""The server's life: listen, load, serve, drain, stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
from typing import TYPE_CHECKING

from onnxruntime_server.ending import Ending
from onnxruntime_server.engine.cache import ResponseCache
from onnxruntime_server.engine.scheduler import Scheduler
from onnxruntime_server.engine.served_model import Surroundings
from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.http.endpoints import Endpoints
from onnxruntime_server.http.listening import listen
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.server import HttpServer
from onnxruntime_server.http.tls import CertificateFiles
from onnxruntime_server.metrics import Metrics
from onnxruntime_server.repository.manifest import Trust
from onnxruntime_server.repository.repository import Repository, RepositoryOptions
from onnxruntime_server.service import InferenceService
from onnxruntime_server.tracing import Tracer

if TYPE_CHECKING:
    from socket import socket

    from onnxruntime_server.grpc_server.server import GrpcServer
    from onnxruntime_server.settings import Settings

_LOG = logging.getLogger(__name__)


async def serve(settings: Settings) -> int:
    """Serve until a signal comes; the exit code. It listens at once, and is ready when the models are loaded."""
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        _LOG.error("can't start: %s port %d: %s", settings.host, settings.port, os.strerror(error.errno or 0))
        return 1
    try:
        server = _Server(settings, listener)
    except (OSError, ValueError, RepositoryError) as error:
        _LOG.error("can't start: %s", error)
        return 1
    return await server.run()


class _Server:
    """All parts of the server, put together. Refuses certificates and manifests that can't be used."""

    def __init__(self, settings: Settings, listener: socket) -> None:
        loop = asyncio.get_running_loop()
        self._settings = settings
        self._listener = listener
        self._metrics = Metrics()
        self._scheduler = Scheduler(settings.side_by_side)
        self._certificates = _certificates(settings)
        self._tracer = Tracer(settings.otlp_endpoint) if settings.otlp_endpoint else None
        threads = max(1, settings.threads // settings.side_by_side)
        self._repository = Repository(
            settings.models,
            RepositoryOptions(
                trust=Trust(settings.manifest_digests, settings.manifest_key, settings.manifest_required),
                poll_seconds=settings.poll_seconds,
                model_control=settings.model_control,
            ),
            self._metrics,
            Surroundings(self._scheduler, threads, loop, threading.get_ident()),
        )
        self._service = InferenceService(self._repository, self._metrics, ResponseCache(settings.cache_bytes), loop)
        self._http = HttpServer(
            Endpoints(self._service, self._repository, self._metrics, settings.limits),
            self._metrics,
            HttpOptions(
                limits=settings.limits,
                body_seconds=settings.body_seconds,
                connections=settings.connections,
                log_requests=settings.log_requests,
                certificates=self._certificates,
            ),
            self._tracer,
        )
        self._grpc: GrpcServer | None = None
        self._ending = Ending(settings.drain_seconds, self._drain)
        self._listening = asyncio.Event()

    async def run(self) -> int:
        """Serve until told to stop; the exit code."""
        self._ending.heed_signals()
        self._http.starting = self._settings.grpc_port is not None
        await self._http.start([self._listener])
        loading = asyncio.ensure_future(self._load())
        facts: dict[str, object] = dict(zip(("host", "port"), self._listener.getsockname()[:2], strict=True))
        try:
            if self._settings.grpc_port is not None:
                facts["grpc_port"] = await asyncio.to_thread(self._start_grpc, self._settings.grpc_port)
            _LOG.info("listening", extra={"facts": {**facts, "threads": self._settings.threads}})
        except OSError as error:
            _LOG.error("can't start: %s", error)
            self._ending.stop(1)
        self._http.starting = False
        self._listening.set()
        exit_code = await self._ending.wait()
        await self._end()
        await loading
        _LOG.info("stopped")
        return exit_code

    def _start_grpc(self, port: int) -> int:
        # Imported here: whoever serves no gRPC does not pay for it, and models load meanwhile.
        from onnxruntime_server.grpc_server.options import GrpcOptions  # noqa: PLC0415 - see above
        from onnxruntime_server.grpc_server.server import GrpcServer  # noqa: PLC0415 - see above

        settings = self._settings
        options = GrpcOptions(
            settings.host,
            port,
            limits=settings.limits,
            connections=settings.connections,
            message_seconds=settings.body_seconds,
            log_requests=settings.log_requests,
            certificates=self._certificates,
        )
        server = GrpcServer(self._service, self._repository, options, self._metrics, self._tracer)
        found = server.start()
        self._grpc = server
        return found

    async def _load(self) -> None:
        """Load the models, and be ready once all ways in are open too; where none can be served, say why and end."""
        try:
            await asyncio.to_thread(self._repository.load)
        except RepositoryError as error:
            _LOG.error("can't start: %s", error)
            self._ending.stop(1)
        except Exception:  # noqa: BLE001 - whatever it is, the process ends with the place in its log
            _LOG.exception("can't start: the models could not be loaded")
            self._ending.stop(1)
        else:
            await self._listening.wait()
            if not self._ending.draining:
                self._tell_ready()

    def _tell_ready(self) -> None:
        # What the start left is not looked through for garbage again and again while requests wait.
        gc.collect()
        gc.freeze()
        if self._grpc is not None:
            self._grpc.set_serving(ready=self._repository.ready)
        _LOG.info("ready")

    def _drain(self) -> None:
        self._http.draining = True
        if self._grpc is not None:
            self._grpc.set_serving(ready=False)

    async def _end(self) -> None:
        """Answer what is in flight on all ways in, then end the engine."""
        grace = self._settings.grace_seconds
        ending = [self._http.stop(grace)]
        if self._grpc is not None:
            ending.append(asyncio.to_thread(self._grpc.stop, grace))
        await asyncio.gather(*ending)
        await asyncio.to_thread(self._repository.close, 1.0)
        if self._tracer is not None:
            await asyncio.to_thread(self._tracer.close)


def _certificates(settings: Settings) -> CertificateFiles | None:
    if (tls := settings.tls) is None:
        return None
    return CertificateFiles(tls.certificate, tls.key, tls.client_authority)
