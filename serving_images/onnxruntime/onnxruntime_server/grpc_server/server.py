"""The gRPC server: start, readiness, stop."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

# Its C library writes lines of its own to standard error, where only JSON belongs.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

from onnxruntime_server.grpc_server import health, inference, reflection
from onnxruntime_server.grpc_server.calls import Calls

if TYPE_CHECKING:
    from onnxruntime_server.grpc_server.backend import Counts, Service
    from onnxruntime_server.grpc_server.options import GrpcOptions
    from onnxruntime_server.http.tls import CertificateFiles
    from onnxruntime_server.repository.view import Models
    from onnxruntime_server.tracing import Tracer

MOST_HEADER_BYTES: Final = 32 * 1024
"""Most bytes of a call's headers, as for HTTP."""

HANDSHAKE_SECONDS: Final = 10.0
"""How long a client may take to connect."""

KEEPALIVE_ANSWER_SECONDS: Final = 20.0
"""How long a client may take to say that it is still there."""


class GrpcServer:
    """Serves the protocol, health and reflection on a port of their own, from threads."""

    def __init__(
        self,
        service: Service,
        repository: Models,
        options: GrpcOptions,
        counts: Counts,
        tracer: Tracer | None = None,
    ) -> None:
        self._options = options
        self._calls = Calls(options, counts, tracer)
        self._inference = inference.Inference(service, repository, self._calls, options.limits)
        self._health = health.Health(self._inference, self._calls)
        threads = options.calls + options.streams
        self._server = grpc.server(
            ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
            options=_channel_options(options),
            maximum_concurrent_rpcs=threads,
        )
        services = (inference.SERVICE, health.SERVICE, *reflection.SERVICES)
        for name, handlers in (
            (inference.SERVICE, self._inference.handlers()),
            (health.SERVICE, self._health.handlers()),
            *((name, reflection.handlers(self._calls, services)) for name in reflection.SERVICES),
        ):
            self._server.add_registered_method_handlers(name, handlers)  # type: ignore[attr-defined]  # not in the stubs

    def start(self) -> int:
        """Take calls; the port. Raises an OSError where the address can't be had."""
        address = f"{_bracketed(self._options.host)}:{self._options.port}"
        try:
            if self._options.certificates is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, _credentials(self._options.certificates))
        except RuntimeError:
            raise OSError(f"can't listen for gRPC on {address}: in use, or not an address of this machine") from None
        self._calls.watch.start()
        self._server.start()
        return port

    def set_serving(self, ready: bool) -> None:
        """Say in health and readiness whether requests are to be sent here. Calls are answered either way."""
        self._inference.serving = ready
        self._health.look_again()

    def stop(self, grace_seconds: float) -> None:
        """Take no more calls; answer those there are as far as the time allows, cancel what is left. Blocks."""
        self.set_serving(ready=False)
        stopped = self._server.stop(grace_seconds)
        self._calls.watch.stop()
        self._health.look_again()
        stopped.wait()


def _channel_options(options: GrpcOptions) -> list[tuple[str, int]]:
    """What grpcio leaves open or sets wider. Source: grpc/impl/channel_arg_names.h of its C library."""
    return [
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", options.limits.body_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", MOST_HEADER_BYTES),
        ("grpc.absolute_max_metadata_size", MOST_HEADER_BYTES),
        ("grpc.max_concurrent_streams", options.calls_of_a_connection),
        ("grpc.max_allowed_incoming_connections", options.connections),
        ("grpc.max_connection_idle_ms", _milliseconds(options.idle_seconds)),
        ("grpc.server_handshake_timeout_ms", _milliseconds(HANDSHAKE_SECONDS)),
        ("grpc.keepalive_time_ms", _milliseconds(options.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", _milliseconds(KEEPALIVE_ANSWER_SECONDS)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", _milliseconds(options.least_ping_seconds)),
    ]


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _credentials(files: CertificateFiles) -> grpc.ServerCredentials:
    """TLS with the newest sound state of the files; a client needs a certificate where there is an authority."""
    used = files.current

    def configuration() -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([(used.key, used.chain)], used.client_authority)

    def changed() -> grpc.ServerCertificateConfiguration | None:
        """Asked for each connection. HTTP may have seen the change first."""
        nonlocal used
        files.refresh()
        if files.current is used:
            return None
        used = files.current
        return configuration()

    return grpc.dynamic_ssl_server_credentials(
        configuration(),
        changed,  # type: ignore[arg-type]  # the stubs leave out that there may be no change
        require_client_authentication=used.client_authority is not None,
    )
