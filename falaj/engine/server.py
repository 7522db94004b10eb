"""The engine's own gRPC servers, on loopback only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

from falaj.engine.plugin_process import CHANNEL_OPTIONS

_THREADS = 256


def serve(add_services: Callable[[grpc.Server], None]) -> tuple[grpc.Server, str]:
    """A running server with these services, and its address. Its calls block while resources are made."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="engine-call")
    server = grpc.server(pool, options=list(CHANNEL_OPTIONS))
    add_services(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"
