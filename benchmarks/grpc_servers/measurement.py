"""One candidate under load: answers a second, and what each costs."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
import psutil

from benchmarks.grpc_servers import candidates

PATH = f"/{candidates.SERVICE}/{candidates.CALL}"
CONNECTIONS, CALLS_OF_EACH = 4, 8
PATIENCE = 60.0


def measured(name: str, model: str, request: bytes, seconds: int) -> tuple[float, float]:
    """Answers a second, and microseconds of processor time for each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["taskset", "-c", "0", sys.executable, candidates.__file__, name, str(port), model]
    with subprocess.Popen(command) as server:
        try:
            _await(port, request)
            _answers(port, request, 1)
            before = _processor_seconds(server.pid)
            answers = _answers(port, request, seconds)
            return answers / seconds, (_processor_seconds(server.pid) - before) / answers * 1e6
        finally:
            server.kill()


def _await(port: int, request: bytes) -> None:
    until = time.monotonic() + PATIENCE
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask = channel.unary_unary(PATH, None, None)
        while True:
            try:
                ask(request, timeout=PATIENCE, wait_for_ready=True)
            except grpc.RpcError:
                if time.monotonic() > until:
                    raise
            else:
                return


def _answers(port: int, request: bytes, seconds: int) -> int:
    """How many right answers came in this time."""
    with tempfile.TemporaryDirectory() as folder:
        body, log = Path(folder, "body"), Path(folder, "log")
        body.write_bytes(b"\0" + len(request).to_bytes(4, "big") + request)
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        load = [f"-c{CONNECTIONS}", f"-m{CALLS_OF_EACH}", f"-D{seconds}", "--warm-up-time=0", "-d", str(body)]
        command = ["taskset", "-c", "1", "h2load", "-t1", *load, *headers, f"--log-file={log}"]
        subprocess.run([*command, f"http://127.0.0.1:{port}{PATH}"], check=True, stdout=subprocess.DEVNULL)
        return sum(line.split()[1] == "200" for line in log.read_text().splitlines())


def _processor_seconds(process: int) -> float:
    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)
