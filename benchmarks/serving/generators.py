"""Loads a server with wrk (REST), h2load (gRPC) or at a constant rate, from the callers' core."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.answers import HOST, call_grpc
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.load import Load, from_h2load, from_open_loop, from_wrk
from benchmarks.serving.process import Server
from benchmarks.serving.requests import Protocol, Request, framed
from benchmarks.serving.surroundings import Bench

PACKAGES = {"wrk": "wrk", "h2load": "nghttp2-client", "taskset": "util-linux"}
SCRIPT = Path(__file__).with_name("post.lua")
STREAMS = 8
"""gRPC calls at once on one connection; more callers share more connections."""
SLOWEST_ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Missing:
    """Programs that aren't there, and the Debian packages that have them."""

    programs: tuple[str, ...]
    packages: tuple[str, ...]

    @classmethod
    def here(cls) -> Missing:
        """What this machine lacks."""
        programs = tuple(name for name in PACKAGES if shutil.which(name) is None)
        return cls(programs, tuple(PACKAGES[name] for name in programs))


def ensure() -> None:
    """Install the load generators from Debian where that is possible; refuses with the next command where it isn't."""
    missing = Missing.here()
    if not missing.programs:
        return
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing.packages]
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        raise MeasurementError(f"{', '.join(missing.programs)} is missing. Next, as root: {' '.join(install)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], install):
        done = subprocess.run(command, env=quiet, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise MeasurementError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def load(bench: Bench, server: Server, request: Request, connections: int, seconds: float | None = None) -> Load:
    """Closed loop: so many callers, each with one request at a time; refuses a load in which any failed."""
    run = _h2load if request.protocol is Protocol.GRPC else _wrk
    found = run(bench, server, request, connections, seconds or bench.seconds)
    return _without_errors(found, server)


def open_loop(bench: Bench, server: Server, request: Request, rate: float, seconds: float) -> Load:
    """Requests at a constant rate, whether or not the ones before are answered; time counts from when each was due."""
    body = _kept(bench, request)
    target = [str(server.ports.http), request.path, str(body), _headers(request)]
    command = [sys.executable, "-m", "benchmarks.serving.open_loop", *target, str(rate), str(seconds)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise MeasurementError(f"the constant-rate generator failed on {server.name}:\n{done.stderr[-2000:]}")
    return _without_errors(from_open_loop(done.stdout), server)


def _wrk(bench: Bench, server: Server, request: Request, connections: int, seconds: float) -> Load:
    url = f"http://{HOST}:{server.ports.http}{request.path}"
    length = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", f"{SLOWEST_ANSWER_SECONDS}s"]
    variables = {"REQUEST_BODY": str(_kept(bench, request)), "REQUEST_HEADERS": _headers(request)}
    command = ["wrk", *length, "-s", str(SCRIPT), url]
    done = subprocess.run(command, env={**os.environ, **variables}, check=False, capture_output=True, text=True)
    return from_wrk(done.stdout + done.stderr)


def _h2load(bench: Bench, server: Server, request: Request, connections: int, seconds: float) -> Load:
    answer = len(framed(call_grpc(server.ports.grpc, request)))
    body, log = bench.folder / "message", bench.folder / "h2load"
    body.write_bytes(framed(request.body))
    log.unlink(missing_ok=True)
    streams, whole = min(STREAMS, connections), max(1, round(seconds))
    shape = ["-t1", f"-c{connections // streams}", f"-m{streams}", "-D", str(whole), "--warm-up-time=0"]
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    url = f"http://{HOST}:{server.ports.grpc}{request.path}"
    command = ["h2load", *shape, "-d", str(body), *headers, f"--log-file={log}", url]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    lines = log.read_text().splitlines() if log.exists() else []
    return from_h2load(lines, done.stdout + done.stderr, whole, answer)


def _without_errors(found: Load, server: Server) -> Load:
    if found.errors:
        raise MeasurementError(
            f"{server.name}: {found.errors} requests failed beside {found.requests}\n{server.last_words()}"
        )
    return found


def _kept(bench: Bench, request: Request) -> Path:
    body = bench.folder / "body"
    body.write_bytes(request.body)
    return body


def _headers(request: Request) -> str:
    return "\n".join(f"{name}: {value}" for name, value in request.headers.items())
