"""One server for the tests that leave it as they found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from onnx import TensorProto

from serving_images.contract import echo
from tests.serving_images import models
from tests.serving_images.process import ServerProcess


@pytest.fixture(scope="session")
def contract_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """The repository of the contract's own models and their cases."""
    return echo.write(tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="session")
def repository(contract_files: tuple[Path, list[Path]]) -> Path:
    folder, _ = contract_files
    models.save(models.addition(), folder, "addition")
    models.save(models.addition(), folder, "addition", "12")
    models.save(models.reciprocal(), folder, "reciprocal")
    models.save(models.lookup(), folder, "lookup")
    models.save(models.reshape(), folder, "reshape")
    models.save(models.counting(), folder, "counting")
    models.save(models.identity(TensorProto.STRING, [1]), folder, "text")
    models.save(models.identity(TensorProto.FLOAT, ["a", "b", "c"]), folder, "cube")
    return folder


@pytest.fixture(scope="session")
def server(repository: Path) -> Iterator[ServerProcess]:
    limits = ("--drain-seconds", "0", "--max-body-bytes", "100000", "--body-seconds", "1")
    process = ServerProcess(repository, *limits, "--grpc-port", "0")
    process.said("ready")
    yield process
    process.close()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client
