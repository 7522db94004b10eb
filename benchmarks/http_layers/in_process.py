"""``python -m benchmarks.http_layers.in_process MODELS``: what each layer costs, without sockets and other processes.

Bytes of 32 connections are put into the protocols, and the event loop runs until all have answered. The least of many
short bursts is kept: on a machine that does other things too it moves little, where rates move by half.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import uvloop
from onnxruntime_server.http.connection import Connection
from onnxruntime_server.http.endpoints import Endpoints
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.state import State
from onnxruntime_server.metrics import Metrics

from benchmarks.http_layers.candidates import LIMITS, Model, asgi, bare_protocol

CONNECTIONS, BURSTS = 32, 300
HEAD = "POST /v2/models/tiny/infer HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"


class Transport(asyncio.Transport):
    """Takes answers in and counts them."""

    answers = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """An answer, or its head."""
        Transport.answers += bytes(data[:5]) == b"HTTP/"

    def is_closing(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing is open."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own
        """Nothing is known."""
        del name
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""


class Alive(Model):
    """Says that it is: what is left is the layer."""

    def answer(self, body: bytes) -> bytes:
        """What our server answers to a probe of its health."""
        del body
        return b'{"live":true}'


async def measured(make: Callable[[], asyncio.Protocol], request: bytes) -> float:
    """Microseconds for a request."""
    connections = [make() for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.connection_made(Transport())
    least = float("inf")
    for _ in range(BURSTS):
        wanted = Transport.answers + CONNECTIONS
        started = time.perf_counter()
        for connection in connections:
            connection.data_received(request)
        while Transport.answers < wanted:  # noqa: ASYNC110 - a layer has no event for its answers
            await asyncio.sleep(0)
        least = min(least, time.perf_counter() - started)
    return least / CONNECTIONS * 1e6


def makers(model: Model) -> dict[str, Callable[[], asyncio.Protocol]]:
    """A protocol of each kind; to be called on the event loop."""
    metrics, options = Metrics(), HttpOptions()
    state = State(options, Endpoints(model, model, metrics, LIMITS), metrics)
    config_module, protocol_module, server_module = (
        importlib.import_module(f"uvicorn.{name}") for name in ("config", "protocols.http.httptools_impl", "server")
    )
    config = config_module.Config(asgi(model), lifespan="off", access_log=False)
    config.load()
    uvicorn_state = server_module.ServerState()
    return {
        "bare httptools": bare_protocol(model),
        "this layer": lambda: Connection(state),
        "uvicorn": lambda: protocol_module.HttpToolsProtocol(config, uvicorn_state, {}),
    }


@click.command()
@click.argument("models", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--input", "name", default="X", show_default=True, help="The model's only input.")
@click.option("--features", default=13, show_default=True, help="Numbers in a row of it.")
@click.option("--rounds", default=5, show_default=True)
def main(*, models: Path, name: str, features: int, rounds: int) -> None:
    """Print, as JSON, microseconds for a prediction and for a probe of health, which is the layer alone."""
    tensor = {
        "name": name,
        "shape": [1, features],
        "datatype": "FP32",
        "data": [each + 0.5 for each in range(features)],
    }
    body = json.dumps({"inputs": [tensor]}).encode()
    asked = {
        "prediction": (Model(models), f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body),
        "probe": (Alive(models), b"GET /v2/health/live HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"),
    }

    async def run() -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, list[float]]] = {}
        for _ in range(rounds):
            for what, (model, request) in asked.items():
                for kind, make in makers(model).items():
                    times = found.setdefault(what, {}).setdefault(kind, [])
                    times.append(await measured(make, request))
        return {what: {kind: round(min(times), 1) for kind, times in kinds.items()} for what, kinds in found.items()}

    click.echo(json.dumps(uvloop.run(run()), indent=2))


if __name__ == "__main__":
    main()
