"""One layer under load, in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.http_layers import candidates

WHOLE = "the whole server"
NAMES = (*candidates.CANDIDATES, WHOLE)
PATIENCE = 60.0
SCRIPT = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [[%s]]\n'
LINE = re.compile(r"^\s*(\d+) requests in", re.MULTILINE)


def summary(own: list[tuple[float, float]], base: list[tuple[float, float]]) -> dict[str, float]:
    """The middle of all rounds; a share is taken of the other's figure in the same round."""
    rates = [mine / theirs for (mine, _), (theirs, _) in zip(own, base, strict=True)]
    costs = [mine / theirs for (_, mine), (_, theirs) in zip(own, base, strict=True)]
    return {
        "requests_per_second": round(statistics.median(rate for rate, _ in own)),
        "cpu_microseconds_per_request": round(statistics.median(cost for _, cost in own), 1),
        "rate_over_uvicorn": round(statistics.median(rates), 2),
        "cpu_over_uvicorn": round(statistics.median(costs), 2),
    }


def measured(name: str, models: Path, body: str, connections: int, seconds: int) -> tuple[float, float]:
    """Answers a second, and microseconds of processor time for each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(["taskset", "-c", "0", sys.executable, *_command(name, port, models)]) as server:
        try:
            path = f"/v2/models/{next(models.iterdir()).name}/infer"
            _await(port, path, body)
            _answers(port, path, body, connections, 1)
            before = _processor_seconds(server.pid)
            answers = _answers(port, path, body, connections, seconds)
            return answers / seconds, (_processor_seconds(server.pid) - before) / answers * 1e6
        finally:
            server.kill()


def _command(name: str, port: int, models: Path) -> list[str]:
    if name != WHOLE:
        return [candidates.__file__, name, str(port), str(models)]
    return ["-m", "onnxruntime_server", "--models", str(models), "--host", "127.0.0.1", "--port", str(port)]


def _await(port: int, path: str, body: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
            client.request("POST", path, body)
            if client.getresponse().status == http.client.OK:
                return
        time.sleep(0.05)
    raise TimeoutError(f"port {port} did not answer within {PATIENCE:g} seconds")


def _answers(port: int, path: str, body: str, connections: int, seconds: int) -> int:
    """How many right answers came in this time."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % body)
        script.flush()
        load = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", script.name]
        command = ["taskset", "-c", "1", *load, f"http://127.0.0.1:{port}{path}"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told or (counted := LINE.search(told)) is None:
        raise AssertionError(told)
    return int(counted[1])


def _processor_seconds(process: int) -> float:
    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)
