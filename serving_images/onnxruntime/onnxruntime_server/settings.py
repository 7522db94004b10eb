"""The command line, read once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from onnxruntime_server.engine.threads import usable_threads
from onnxruntime_server.protocol.messages import Limits


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the certificate, its key and the authority of the clients lie; read again when they change."""

    certificate: Path
    key: Path
    client_authority: Path | None = None
    """With it, only clients with a certificate of this authority are served."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server is to run."""

    models: Path
    """The model repository."""

    host: str
    """The address to listen on."""

    port: int
    """The port of HTTP; 0 takes a free one."""

    grpc_port: int | None
    """The port of gRPC; nothing where it is not served."""

    threads: int
    """Threads of all model runs together."""

    side_by_side: int
    """Runs at the same time, which share the threads."""

    limits: Limits
    """What one request may ask for."""

    cache_bytes: int
    """Most bytes that the response cache holds."""

    body_seconds: float
    """How long a request body may take to arrive."""

    connections: int
    """Most connections at the same time."""

    drain_seconds: float
    """How long new requests are still answered after SIGTERM, while the endpoint is taken out of service."""

    grace_seconds: int
    """How long requests in flight may take after that."""

    poll_seconds: float
    """How often the repository is looked at for new and dropped versions; 0 is never."""

    model_control: bool
    """Whether clients may load and unload models."""

    manifest_key: Path | None
    """Public key that the repository's manifest must be signed with."""

    manifest_digests: frozenset[str]
    """Digests that manifests may have."""

    manifest_required: bool
    """Whether models need a manifest even where neither key nor digest is given."""

    tls: TlsFiles | None
    """What the server and its clients show each other."""

    otlp_endpoint: str | None
    """Where spans go to; nothing where none are made."""

    log_requests: bool
    """Whether every request is logged, not only failures of the server."""


def parse(arguments: list[str] | None = None) -> Settings:
    """The settings that a command line asks for; a wrong one ends the process with exit code 2 and a usage line."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if (given.tls_certificate is None) != (given.tls_key is None):
        parser.error("--tls-certificate and --tls-key go together")
    if given.tls_client_authority is not None and given.tls_certificate is None:
        parser.error("--tls-client-authority needs --tls-certificate and --tls-key")
    threads = given.threads or usable_threads(Path("/"))
    return Settings(
        models=given.models,
        host=given.host,
        port=given.port,
        grpc_port=given.grpc_port,
        threads=threads,
        side_by_side=min(given.runs_at_once, threads),
        limits=Limits(given.max_body_bytes, given.max_tensors, given.max_elements),
        cache_bytes=given.cache_bytes,
        body_seconds=given.body_seconds,
        connections=given.max_connections,
        drain_seconds=given.drain_seconds,
        grace_seconds=given.grace_seconds,
        poll_seconds=given.poll_seconds,
        model_control=given.model_control,
        manifest_key=given.manifest_key,
        manifest_digests=frozenset(given.manifest_digest),
        manifest_required=given.require_manifest,
        tls=TlsFiles(given.tls_certificate, given.tls_key, given.tls_client_authority)
        if given.tls_certificate
        else None,
        otlp_endpoint=given.otlp_endpoint,
        log_requests=given.log_requests,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m onnxruntime_server",
        description="Serve ONNX models over the Open Inference Protocol v2.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    everywhere = "0.0.0.0"  # noqa: S104 - in a pod the walls are the network policy's
    whole, seconds = at_least(int, 0), at_least(float, 0)
    option = parser.add_argument
    option("--models", type=Path, required=True, metavar="DIR", help="folder of <model>/<version>/model.onnx")
    option("--host", default=everywhere, help="address to listen on")
    option("--port", type=whole, default=8080, help="port of HTTP; 0 takes a free one")
    option("--grpc-port", type=whole, help="port of gRPC; 0 takes a free one; without it gRPC is not served")
    option("--drain-seconds", type=seconds, default=5.0, help="time new requests are still answered after SIGTERM")
    option("--grace-seconds", type=whole, default=20, help="time requests in flight may take after that")
    option("--otlp-endpoint", metavar="URL", help="send spans there over OTLP/HTTP; without it none are made")
    option("--log-requests", action="store_true", help="log every request, not only failures of the server")
    _add_engine(parser)
    _add_limits(parser)
    _add_trust(parser)
    return parser


def _add_engine(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("models")
    whole, positive, seconds = at_least(int, 0), at_least(int, 1), at_least(float, 0)
    option = group.add_argument
    option("--threads", type=whole, default=0, help="threads of all runs together; 0 takes the CPU quota, rounded down")
    option("--runs-at-once", type=positive, default=1, help="model runs side by side, which share the threads")
    option("--cache-bytes", type=whole, default=64 * 1024 * 1024, help="most bytes of the response cache")
    option("--poll-seconds", type=seconds, default=0.0, help="look for new and dropped versions so often; 0 is never")
    option("--model-control", action="store_true", help="let clients load and unload models")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    limits = Limits()
    group = parser.add_argument_group("limits")
    positive, seconds = at_least(int, 1), at_least(float, 0)
    option = group.add_argument
    option("--max-body-bytes", type=positive, default=limits.body_bytes, help="most bytes of a request body")
    option("--max-tensors", type=positive, default=limits.tensors, help="most inputs of a request")
    option("--max-elements", type=positive, default=limits.elements, help="most elements of a request")
    option("--max-connections", type=positive, default=1024, help="most connections at the same time")
    option("--body-seconds", type=seconds, default=30.0, help="time a request body may take to arrive")


def _add_trust(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("trust")
    option = group.add_argument
    option("--manifest-key", type=Path, metavar="PEM", help="public key that signed the repository's manifest")
    option(
        "--manifest-digest", action="append", default=[], metavar="sha256:HEX", help="a manifest's digest; repeatable"
    )
    option("--require-manifest", action="store_true", help="serve no model that no manifest lists")
    option("--tls-certificate", type=Path, metavar="PEM", help="certificate of the server, with its chain")
    option("--tls-key", type=Path, metavar="PEM", help="its key")
    option("--tls-client-authority", type=Path, metavar="PEM", help="serve only clients with its certificates")


class at_least:  # noqa: N801 - argparse shows the name of a type in its messages
    """A number that is not below a bound."""

    def __init__(self, kind: type[int] | type[float], least: float) -> None:
        self._kind = kind
        self._least = least
        self.__name__ = f"number of at least {least}"

    def __call__(self, text: str) -> int | float:
        """The number that a word of the command line is."""
        value = self._kind(text)
        if not value >= self._least:
            raise ValueError(text)
        return value
