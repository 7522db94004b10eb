"""``python -m benchmarks.grpc_servers MODEL.onnx``: each candidate under 32 calls at once, in turns.

Needs h2load (Debian: nghttp2-client) and, beside the project's packages, those of the candidates:
``uv run --with grpclib --with jh2 --with pygrpc-native python -m benchmarks.grpc_servers MODEL.onnx``.
"""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import grpc
import numpy as np
import psutil
from tritonclient.grpc.service_pb2 import ModelInferRequest

from benchmarks.grpc_servers import candidates

PATH = f"/{candidates.SERVICE}/{candidates.CALL}"
CONNECTIONS, CALLS_OF_EACH = 4, 8
PATIENCE = 60.0


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.option("--features", default=13, show_default=True, help="Numbers in a row of the model's only input, X.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=2, show_default=True)
@click.option("--only", multiple=True, type=click.Choice(list(candidates.CANDIDATES)))
def main(*, model: str, features: int, rounds: int, seconds: int, only: tuple[str, ...]) -> None:
    """Print, as JSON, the rate and the processor time of each; servers on core 0, the generator on core 1."""
    row = np.random.default_rng(0).random((1, features), dtype=np.float32)
    request = ModelInferRequest(model_name="m", raw_input_contents=[row.tobytes()])
    request.inputs.add(name="X", datatype="FP32", shape=row.shape)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in only or candidates.CANDIDATES}
    for _ in range(rounds):
        for name, figures in found.items():
            figures.append(_measured(name, model, request.SerializeToString(), seconds))
    record = {
        name: {
            "requests_per_second": round(statistics.median(rate for rate, _ in figures)),
            "cpu_microseconds_per_request": round(statistics.median(cost for _, cost in figures)),
            "rounds": [round(rate) for rate, _ in figures],
        }
        for name, figures in found.items()
    }
    click.echo(json.dumps(record, indent=2))


def _measured(name: str, model: str, request: bytes, seconds: int) -> tuple[float, float]:
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


if __name__ == "__main__":
    main()
