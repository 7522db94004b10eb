"""Who is measured: the ONNX Runtime server, and peers as their users would set them up."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import environments
from benchmarks.serving.models import Model

MOST_ROWS, BATCH_SECONDS = 32, 0.002
PEERS = "benchmarks.serving.peers"


@dataclass(frozen=True)
class Ports:
    """Where a server listens on the loopback."""

    http: int
    grpc: int
    metrics: int

    @classmethod
    def free(cls) -> Ports:
        """Three that nobody has now."""
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            return cls(*(each.getsockname()[1] for each in sockets))


@dataclass(frozen=True)
class Command:
    """How a server is started."""

    arguments: list[str]
    variables: dict[str, str]


@dataclass(frozen=True)
class Contender:
    """A server that can be measured."""

    name: str
    command: Callable[[Model, Ports, Path], Command]
    """Its command for a model and ports; the folder is its own, for settings."""

    counts: bool = False
    """Whether its metrics are asked afterwards how many requests it answered."""


def ours(
    *options: str, name: str = "onnxruntime-server", python: Callable[[], Path] = environments.of_the_server
) -> Contender:
    """The server under test as its image starts it, with options if any."""

    def command(model: Model, ports: Ports, _: Path) -> Command:
        places = ["--models", str(model.repository), "--host", "127.0.0.1"]
        places += ["--port", str(ports.http), "--grpc-port", str(ports.grpc)]
        arguments = [str(python()), "-m", "onnxruntime_server", *places, *options]
        return Command(arguments, {"PYTHONPATH": str(environments.SERVER)})

    return Contender(name, command, counts=True)


def _module(environment: str, module: str) -> Callable[[Model, Ports, Path], Command]:
    def command(model: Model, ports: Ports, _: Path) -> Command:
        arguments = [str(environments.of_peer(environment)), "-m", f"{PEERS}.{module}"]
        return Command(arguments, _variables(model, ports))

    return command


def _mlserver(**batching: float) -> Callable[[Model, Ports, Path], Command]:
    def command(model: Model, ports: Ports, folder: Path) -> Command:
        settings = {"http_port": ports.http, "grpc_port": ports.grpc, "metrics_port": ports.metrics, "debug": False}
        implementation = {"name": model.name, "implementation": f"{PEERS}.mlserver_runtime.Runtime", **batching}
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "model-settings.json").write_text(json.dumps(implementation))
        program = environments.of_peer("mlserver").with_name("mlserver")
        return Command([str(program), "start", str(folder)], _variables(model, ports))

    return command


def _variables(model: Model, ports: Ports) -> dict[str, str]:
    return {
        "PYTHONPATH": str(environments.ROOT),
        "MODEL_NAME": model.name,
        "MODEL_FILE": str(model.file),
        "HTTP_PORT": str(ports.http),
        "GRPC_PORT": str(ports.grpc),
        "METRICS_PORT": str(ports.metrics),
    }


MLSERVER = Contender("MLServer", _mlserver())
MLSERVER_BATCHING = Contender("MLServer, batching", _mlserver(max_batch_size=MOST_ROWS, max_batch_time=BATCH_SECONDS))
KSERVE = Contender("KServe", _module("kserve", "kserve_server"))
FASTAPI = Contender("FastAPI", _module("fastapi", "fastapi_server"))


def _triton_image(model: Model, ports: Ports, folder: Path) -> Command:
    site = environments.of_triton()
    places = ["--triton", str(site / "pytriton" / "tritonserver"), "--models", str(model.repository)]
    places += ["--work", str(folder / "work"), "--host", "127.0.0.1"]
    listeners = ["--http-port", str(ports.http), "--grpc-port", str(ports.grpc), "--metrics-port", str(ports.metrics)]
    arguments = [str(environments.DEBIAN_PYTHON), "-m", "triton_server", *places, *listeners]
    return Command(arguments, {"PYTHONPATH": str(site), "TRITON_SERVER_VARIANT": "local-cpu"})


TRITON_IMAGE = Contender("Triton image, local variant", _triton_image)
TRITON = Contender("Triton, Python backend", _module("pytriton", "pytriton_server"))
