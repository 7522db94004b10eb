"""What every test of the suite shares: the real cluster, thrift, and a CI run that skips nothing silently."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from falaj.engine.generated_code import import_quickly

import_quickly()  # before any test module imports a cloud's SDK; the engine has every program do the same

settings.register_profile("falaj", deadline=None)  # how long something takes is asked by benchmarks, not by tests
settings.load_profile("falaj")

pytest_plugins = ["tests.cluster", "tests.fakes.forked_python"]

ELSEWHERE = "needs what CI can't get: "
"""How the reason of a skip begins that is no fault of the run: another party's files, which are not ours to keep."""

_skipped: list[str] = []


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """From now on garbage is looked for in what the tests make, not in what was imported and collected for them."""
    gc.collect()
    gc.freeze()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if not reason.removeprefix("Skipped: ").startswith(ELSEWHERE):
            _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    gc.unfreeze()  # pytest looks for what was never awaited or closed, once more and everywhere
    if _skipped and os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK:
        print("\nskipped in CI, where everything must run:", *_skipped, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
