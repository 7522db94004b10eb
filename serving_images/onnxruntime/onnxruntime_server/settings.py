"""The command line, read once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from onnxruntime_server.engine.threads import usable_threads
from onnxruntime_server.protocol.messages import Limits


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server is to run."""

    models: Path
    """The model repository."""

    host: str
    """The address to listen on."""

    port: int
    """The port to listen on; 0 takes a free one."""

    threads: int
    """Threads of a model run."""

    limits: Limits
    """What one request may ask for."""

    most_waiting: int
    """Most requests in the queue."""

    body_seconds: float
    """How long a request body may take to arrive."""

    drain_seconds: float
    """How long new requests are still answered after SIGTERM, while the endpoint is taken out of service."""

    grace_seconds: int
    """How long requests in flight may take after that."""

    log_requests: bool
    """Whether every request is logged, not only failures of the server."""


def parse(arguments: list[str] | None = None) -> Settings:
    """The settings that a command line asks for; a wrong one ends the process with exit code 2 and a usage line."""
    given = _parser().parse_args(arguments)
    return Settings(
        models=given.models,
        host=given.host,
        port=given.port,
        threads=given.threads or usable_threads(Path("/")),
        limits=Limits(given.max_body_bytes, given.max_tensors, given.max_elements),
        most_waiting=given.max_waiting,
        body_seconds=given.body_seconds,
        drain_seconds=given.drain_seconds,
        grace_seconds=given.grace_seconds,
        log_requests=given.log_requests,
    )


def _parser() -> argparse.ArgumentParser:
    limits = Limits()
    parser = argparse.ArgumentParser(
        prog="python -m onnxruntime_server",
        description="Serve ONNX models over the Open Inference Protocol v2.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    everywhere = "0.0.0.0"  # noqa: S104 - in a pod the walls are the network policy's
    whole, positive, seconds = _at_least(int, 0), _at_least(int, 1), _at_least(float, 0)
    option = parser.add_argument
    option("--models", type=Path, required=True, metavar="DIR", help="folder of <model>/<version>/model.onnx")
    option("--host", default=everywhere, help="address to listen on")
    option("--port", type=whole, default=8080, help="port to listen on; 0 takes a free one")
    option("--threads", type=whole, default=0, help="threads of a model run; 0 takes the CPU quota, rounded down")
    option("--max-body-bytes", type=positive, default=limits.body_bytes, help="most bytes of a request body")
    option("--max-tensors", type=positive, default=limits.tensors, help="most inputs of a request")
    option("--max-elements", type=positive, default=limits.elements, help="most elements of a request")
    option("--max-waiting", type=positive, default=64, help="most requests in the queue")
    option("--body-seconds", type=seconds, default=30.0, help="time a request body may take to arrive")
    option("--drain-seconds", type=seconds, default=5.0, help="time new requests are still answered after SIGTERM")
    option("--grace-seconds", type=whole, default=20, help="time requests in flight may take after that")
    option("--log-requests", action="store_true", help="log every request, not only failures of the server")
    return parser


class _at_least:  # noqa: N801 - argparse shows the name of a type in its messages
    """A number that is not below a bound."""

    def __init__(self, kind: type[int] | type[float], least: int) -> None:
        self._kind = kind
        self._least = least
        self.__name__ = f"number of at least {least}"

    def __call__(self, text: str) -> int | float:
        value = self._kind(text)
        if not value >= self._least:
            raise ValueError(text)
        return value
