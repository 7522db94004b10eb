"""What the server is told when it is started."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from triton_server.cores import usable_cores

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
MEBIBYTE: Final = 2**20
PORTS: Final = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Options:
    """Where models lie, what is believed of them, and how Triton is to run."""

    models: Path
    work: Path
    """For the checked copy, and what else has to be written; whatever lies there is removed."""

    triton: Path
    """The folder of `bin/tritonserver`, `backends` and `caches`."""

    manifest_digests: frozenset[str]
    manifest_key: Path | None
    manifest_required: bool
    host: str
    http_port: int
    grpc_port: int
    metrics_port: int
    threads: int
    max_batch_size: int
    """Of models whose configuration names none."""

    max_body_bytes: int
    cache_bytes: int
    grace_seconds: int
    cpu_only: bool

    @property
    def repository(self) -> Path:
        """What Triton reads models from."""
        return self.work / "models"

    @property
    def asks_for_a_manifest(self) -> bool:
        """Whether nothing is served that no manifest lists."""
        return self.manifest_required or bool(self.manifest_digests) or self.manifest_key is not None


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; argparse ends the process where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m triton_server", description=__doc__)
    _add_models(parser)
    _add_server(parser)
    given = parser.parse_args(arguments)
    return Options(
        models=given.models,
        work=given.work,
        triton=given.triton,
        manifest_digests=frozenset(given.manifest_digest),
        manifest_key=given.manifest_key,
        manifest_required=given.require_manifest,
        host=given.host,
        http_port=given.http_port,
        grpc_port=given.grpc_port,
        metrics_port=given.metrics_port,
        threads=given.threads or usable_cores(Path("/")),
        max_batch_size=given.max_batch_size,
        max_body_bytes=given.max_body_bytes,
        cache_bytes=given.cache_bytes,
        grace_seconds=given.grace_seconds,
        cpu_only=given.cpu_only,
    )


def _add_models(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("models")
    group.add_argument("--models", type=Path, required=True, metavar="DIR", help="<model>/<version>/model.onnx")
    group.add_argument("--work", type=Path, required=True, metavar="DIR", help="where the checked copy goes")
    group.add_argument("--manifest-digest", type=_digest, action="append", default=[], metavar="sha256:HEX")
    group.add_argument("--manifest-key", type=Path, metavar="PEM", help="public key that signed the manifest")
    group.add_argument("--require-manifest", action="store_true", help="serve nothing that no manifest lists")
    group.add_argument("--max-batch-size", type=_count, default=32, help="of models that name none")


def _add_server(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("server")
    group.add_argument("--triton", type=Path, default=Path("/opt/tritonserver"), metavar="DIR")
    group.add_argument("--host", default="0.0.0.0")  # noqa: S104 - the pod's own address is not known beforehand
    for name, port in (("http", 8080), ("grpc", 8081), ("metrics", 8082)):
        group.add_argument(f"--{name}-port", type=_port, default=port)
    group.add_argument("--threads", type=_count, help="of each session; the CPU quota rounded down if absent")
    group.add_argument("--max-body-bytes", type=_count, default=16 * MEBIBYTE, help="of a REST request, where it can")
    group.add_argument("--cache-bytes", type=_count, default=64 * MEBIBYTE, help="of answers, where a model keeps them")
    group.add_argument("--grace-seconds", type=_count, default=20, help="for requests in flight after SIGTERM")
    local = os.environ.get("TRITON_SERVER_VARIANT") == "local-cpu"
    group.add_argument("--cpu-only", action="store_true", default=local, help="refuse models that ask for a GPU")


def _digest(text: str) -> str:
    if DIGEST.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r}: expected sha256: and 64 hexadecimal digits")
    return text


def _port(text: str) -> int:
    number = _count(text)
    if number not in PORTS:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a port from {PORTS[0]} to {PORTS[-1]}")
    return number


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1")
    return int(text)
