"""One plan for all tests that only read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.components.conftest import Run
from tests.fakes.cloud import cloud_answer
from tests.fakes.monitor import Plan, programs


@pytest.fixture(scope="module")
def module_run() -> Iterator[Run]:
    """As `run`, for plans that several tests of a module read."""
    with programs() as run_program:

        def run(program: Callable[[], None], *, preview: bool = False) -> Plan:
            return run_program(program, answer=cloud_answer, preview=preview, stack="aws-me-central-1-prod")

        yield run
