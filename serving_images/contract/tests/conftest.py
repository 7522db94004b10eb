"""Where the server is and which models with known answers it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import httpx2
import pytest

from serving_images.contract.case import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.register_assert_rewrite("serving_images.contract.tests.rest")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line options."""
    group = parser.getgroup("contract", "Open Inference Protocol v2")
    group.addoption("--base-url", help="the server, such as http://127.0.0.1:8080")
    group.addoption("--grpc-url", help="the same over gRPC, such as 127.0.0.1:8081")
    group.addoption("--case", action="append", default=[], type=Path, help="a case file; may be repeated")
    for what in ("body-bytes", "tensors", "elements"):
        group.addoption(f"--limit-{what}", type=int, help=f"most {what.replace('-', ' ')} of a request, if limited")


def pytest_configure(config: pytest.Config) -> None:
    """Tell the marker of tests that need to know a limit."""
    config.addinivalue_line("markers", "limit(name): needs --limit-<name>")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that looks at a model once for every case."""
    if "case" in metafunc.fixturenames:
        files = metafunc.config.getoption("--case")
        metafunc.parametrize("case", [Case.read(file) for file in files], ids=[file.stem for file in files])


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A client of the server under test."""
    with httpx2.Client(base_url=_address(request.config, "--base-url"), timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def channel(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A connection to the server under test."""
    with grpc.insecure_channel(_address(request.config, "--grpc-url")) as opened:
        yield opened


def _address(config: pytest.Config, option: str) -> str:
    """Where the server is; half of the contract may be left out."""
    if not any(map(config.getoption, ("--base-url", "--grpc-url"))):
        raise pytest.UsageError(
            "the contract needs a server: --base-url http://127.0.0.1:8080 --grpc-url 127.0.0.1:8081 --case FILE"
        )
    if (address := config.getoption(option)) is None:
        pytest.skip(f"no {option}")
    return str(address)
