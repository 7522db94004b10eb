"""What every test of the suite shares: the real cluster, and a CI run that skips nothing silently."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["tests.cluster"]

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped and os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK:
        print("\nskipped in CI, where everything must run:", *_skipped, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
