"""Serves a provider of ours as a plugin process: prints its port, the only line on stdout, and ends with its parent."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures

import grpc

from falaj.engine.protocol import provider_pb2_grpc

_LARGEST_MESSAGE = 400 << 20
_THREADS = 64


def serve_until_stopped(provider: provider_pb2_grpc.ResourceProviderServicer) -> None:
    """Serve on a loopback port until asked to stop, or until the process that started this one is gone."""
    parent = os.getppid()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    options = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.max_send_message_length", _LARGEST_MESSAGE),
        ("grpc.max_metadata_size", _LARGEST_MESSAGE),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while not stopped.wait(1.0) and os.getppid() == parent:
        pass
    server.stop(grace=1.0).wait()
