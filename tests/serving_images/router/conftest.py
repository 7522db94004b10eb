"""Two real servers of the same models; one of them is taken for one on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from onnx import TensorProto

from tests.serving_images import models
from tests.serving_images.process import ServerProcess
from tests.serving_images.router.dressed import DressedRuntime
from tests.serving_images.router.process import RouterProcess, address_of

Serve = Callable[[], ServerProcess]
Route = Callable[..., RouterProcess]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    models.save(models.identity(TensorProto.FLOAT, ["n"]), folder, "tiny")
    models.save(models.counting(), folder, "counting")
    return folder


@pytest.fixture
def serve(tiny: Path) -> Iterator[Serve]:
    """Starts servers, which end with the test."""
    started: list[ServerProcess] = []

    def start() -> ServerProcess:
        server = ServerProcess(tiny, "--grpc-port", "0", "--drain-seconds", "2", "--grace-seconds", "5")
        started.append(server)
        server.said("ready")
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture
def route() -> Iterator[Route]:
    """Starts routers, which end with the test."""
    started: list[RouterProcess] = []

    def start(*sides: ServerProcess | str | None, **more: object) -> RouterProcess:
        options = more.pop("options", ())
        router = RouterProcess(*sides, *options, **more)  # type: ignore[arg-type, misc]  # as the class takes them
        started.append(router)
        router.said("ready")
        return router

    yield start
    for router in started:
        router.close()


@pytest.fixture(scope="module")
def module_servers(tiny: Path) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two servers for tests that leave them as they found them."""
    servers = [ServerProcess(tiny, "--grpc-port", "0", "--drain-seconds", "0") for _ in range(2)]
    for server in servers:
        server.said("ready")
    yield servers[0], servers[1]
    for server in servers:
        server.close()


@pytest.fixture
def dressed(module_servers: tuple[ServerProcess, ServerProcess]) -> Iterator[DressedRuntime]:
    """The second server, dressed as one on a GPU."""
    runtime = DressedRuntime(address_of(module_servers[1]))
    yield runtime
    runtime.close()
