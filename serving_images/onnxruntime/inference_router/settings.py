"""The command line, read once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from onnxruntime_server.protocol.messages import Limits
from onnxruntime_server.settings import TlsFiles, at_least

from inference_router.backends.address import Address
from inference_router.decision.sides import Side


@dataclass(frozen=True, slots=True)
class Settings:
    """How the router is to run."""

    sides: dict[Side, tuple[Address, ...]]
    """Where the runtimes are."""

    policy: Path | None
    """The file that says how to route."""

    host: str
    """The address to listen on."""

    port: int
    """The port of HTTP; 0 takes a free one."""

    grpc_port: int | None
    """The port of gRPC; nothing where it is not served."""

    limits: Limits
    """What one request may ask for; of it the router holds bodies to their size."""

    connections: int
    """Most connections at the same time."""

    body_seconds: float
    """How long a request body may take to arrive."""

    connect_seconds: float
    """How long connecting to a runtime may take."""

    answer_seconds: float
    """How long a runtime may be silent."""

    look_seconds: float
    """How often runtimes are asked whether they are ready."""

    retry_share: float
    """Of all requests, how many may be asked again."""

    gpu_health: tuple[Address, ...]
    """Sources of metrics of the GPUs, beside the runtimes' own."""

    gpu_health_namespace: str | None
    """Of those, only GPUs of this namespace's pods count."""

    audit_each: int
    """One of so many decisions is written down; 0 is none."""

    caller_header: bytes | None
    """The header by which the gateway says who asks."""

    drain_seconds: float
    """How long new requests are still answered after SIGTERM, while the endpoint is taken out of service."""

    grace_seconds: int
    """How long requests in flight may take after that."""

    tls: TlsFiles | None
    """What the router and its clients show each other."""

    otlp_endpoint: str | None
    """Where spans go to; nothing where none are made."""

    log_requests: bool
    """Whether every request is logged, not only failures of the router."""


def parse(arguments: list[str] | None = None) -> Settings:
    """The settings that a command line asks for; a wrong one ends the process with exit code 2 and a usage line."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not given.cpu and not given.gpu:
        parser.error("give --cpu or --gpu, or both: where the runtimes are")
    if (given.tls_certificate is None) != (given.tls_key is None):
        parser.error("--tls-certificate and --tls-key go together")
    if given.tls_client_authority is not None and given.tls_certificate is None:
        parser.error("--tls-client-authority needs --tls-certificate and --tls-key")
    if given.grpc_port is not None and any(address.grpc_port is None for address in (*given.cpu, *given.gpu)):
        parser.error("--grpc-port needs a gRPC port in every --cpu and --gpu, as in iris-cpu:8080:8081")
    return Settings(
        sides={Side.CPU: tuple(given.cpu), Side.GPU: tuple(given.gpu)},
        policy=given.policy,
        host=given.host,
        port=given.port,
        grpc_port=given.grpc_port,
        limits=Limits(given.max_body_bytes),
        connections=given.max_connections,
        body_seconds=given.body_seconds,
        connect_seconds=given.connect_seconds,
        answer_seconds=given.answer_seconds,
        look_seconds=given.look_seconds,
        retry_share=given.retry_share,
        gpu_health=tuple(given.gpu_health),
        gpu_health_namespace=given.gpu_health_namespace,
        audit_each=given.audit_each,
        caller_header=given.caller_header,
        drain_seconds=given.drain_seconds,
        grace_seconds=given.grace_seconds,
        tls=TlsFiles(given.tls_certificate, given.tls_key, given.tls_client_authority)
        if given.tls_certificate
        else None,
        otlp_endpoint=given.otlp_endpoint,
        log_requests=given.log_requests,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference_router",
        description="Send each request for a model to its runtime on CPU or on GPU.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    everywhere = "0.0.0.0"  # noqa: S104 - in a pod the walls are the network policy's
    whole, seconds = at_least(int, 0), at_least(float, 0)
    option = parser.add_argument
    for side in Side:
        option(
            f"--{side}",
            type=_address,
            action="append",
            default=[],
            metavar="HOST:HTTP[:GRPC[:METRICS]]",
            help=f"where runtimes on {side.upper()} answer; every address of the name is one; repeatable",
        )
    option("--policy", type=Path, metavar="TOML", help="how to route; without it costs and latencies decide")
    option("--host", default=everywhere, help="address to listen on")
    option("--port", type=whole, default=8080, help="port of HTTP; 0 takes a free one")
    option("--grpc-port", type=whole, help="port of gRPC; 0 takes a free one; without it gRPC is not served")
    option("--drain-seconds", type=seconds, default=5.0, help="time new requests are still answered after SIGTERM")
    option("--grace-seconds", type=whole, default=20, help="time requests in flight may take after that")
    _add_backends(parser)
    _add_limits(parser)
    _add_records(parser)
    _add_trust(parser)
    return parser


def _add_backends(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("runtimes")
    seconds = at_least(float, 0.01)
    option = group.add_argument
    option("--connect-seconds", type=seconds, default=1.0, help="time connecting to a runtime may take")
    option("--answer-seconds", type=seconds, default=60.0, help="time a runtime may be silent")
    option("--look-seconds", type=seconds, default=1.0, help="how often runtimes are asked whether they are ready")
    option("--retry-share", type=at_least(float, 0), default=0.2, help="of all requests, how many are asked again")
    option(
        "--gpu-health",
        type=_address,
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="metrics of the GPUs, such as DCGM's, beside the runtimes' own; repeatable",
    )
    option("--gpu-health-namespace", metavar="NAME", help="of those, only GPUs of this namespace's pods count")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("limits")
    positive, seconds = at_least(int, 1), at_least(float, 0)
    option = group.add_argument
    option("--max-body-bytes", type=positive, default=Limits().body_bytes, help="most bytes of a request body")
    option("--max-connections", type=positive, default=1024, help="most connections at the same time")
    option("--body-seconds", type=seconds, default=30.0, help="time a request body may take to arrive")


def _add_records(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("records")
    option = group.add_argument
    option("--audit-each", type=at_least(int, 0), default=100, help="one of so many decisions is logged; 0 is none")
    option("--caller-header", type=_header, metavar="NAME", help="header by which the gateway says who asks")
    option("--otlp-endpoint", metavar="URL", help="send spans there over OTLP/HTTP; without it none are made")
    option("--log-requests", action="store_true", help="log every request, not only failures of the router")


def _add_trust(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("trust")
    option = group.add_argument
    option("--tls-certificate", type=Path, metavar="PEM", help="certificate of the router, with its chain")
    option("--tls-key", type=Path, metavar="PEM", help="its key")
    option("--tls-client-authority", type=Path, metavar="PEM", help="serve only clients with its certificates")


def _address(text: str) -> Address:
    return Address.parse(text)


_address.__name__ = "HOST:HTTP[:GRPC[:METRICS]]"  # argparse shows the name of a type in its messages


def _header(text: str) -> bytes:
    return text.strip().lower().encode("ascii")
