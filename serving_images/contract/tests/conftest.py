"""Where the server is and which models with known answers it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import httpx2
import pytest

from serving_images.contract.case import Case
from serving_images.contract.differences import Differences

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

TABLE: pytest.StashKey[Differences] = pytest.StashKey()

pytest.register_assert_rewrite("serving_images.contract.tests.rest")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line options."""
    group = parser.getgroup("contract", "Open Inference Protocol v2")
    group.addoption("--base-url", help="the server, such as http://127.0.0.1:8080")
    group.addoption("--grpc-url", help="the same over gRPC, such as 127.0.0.1:8081")
    group.addoption("--metrics-url", help="its metrics, where they are not at /metrics of the same address")
    group.addoption("--case", action="append", default=[], type=Path, help="a case file; may be repeated")
    group.addoption("--differences", type=Path, help="what this server is known to answer differently, in TOML")
    for what in ("body-bytes", "tensors", "elements"):
        group.addoption(f"--limit-{what}", type=int, help=f"most {what.replace('-', ' ')} of a request, if limited")


def pytest_configure(config: pytest.Config) -> None:
    """Tell the marker of tests that need to know a limit, and read the table of differences."""
    config.addinivalue_line("markers", "limit(name): needs --limit-<name>")
    file = config.getoption("--differences")
    config.stash[TABLE] = Differences(()) if file is None else Differences.read(file)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test that the table says may end the server."""
    if (reason := item.config.stash[TABLE].untried(_name(item))) is not None:
        pytest.skip(f"not tried: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a failure pass that the table has, as expected and with its reason."""
    report = yield
    if report.when == "call":
        table, test = item.config.stash[TABLE], _name(item)
        table.ran(test)
        if call.excinfo is not None and report.failed:
            reason = table.explain(test, str(call.excinfo.value))
            if reason is not None:
                report.outcome, report.wasxfail = "skipped", reason
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how often each difference was seen."""
    for count, reason in config.stash[TABLE].counts():
        terminalreporter.write_line(f"DIFFERENT [{count}] {reason}")
    for each in config.stash[TABLE].outlived():
        terminalreporter.write_line(f"OUTLIVED {each.reason}: no test fails by it any more; take it out")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A table that says more than is so fails the run."""
    if session.config.stash[TABLE].outlived() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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


@pytest.fixture(scope="session")
def metrics(request: pytest.FixtureRequest) -> str:
    """Where the server under test tells its counts."""
    return str(request.config.getoption("--metrics-url") or "/metrics")


def _name(item: pytest.Item) -> str:
    """A test as the table writes it."""
    return f"{item.path.name}::{item.name}"


def _address(config: pytest.Config, option: str) -> str:
    """Where the server is; half of the contract may be left out."""
    if not any(map(config.getoption, ("--base-url", "--grpc-url"))):
        raise pytest.UsageError(
            "the contract needs a server: --base-url http://127.0.0.1:8080 --grpc-url 127.0.0.1:8081 --case FILE"
        )
    if (address := config.getoption(option)) is None:
        pytest.skip(f"no {option}")
    return str(address)
