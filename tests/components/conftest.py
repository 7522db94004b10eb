"""The strict monitor, as one fixture for every component test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.fakes.cluster import cluster_answer
from tests.fakes.monitor import Plan, programs

Run = Callable[..., Plan]


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs a program that makes components and returns its plan: an update, or a preview where asked."""
    with programs() as run_program:

        def run(program: Callable[[], None], *, preview: bool = False) -> Plan:
            return run_program(program, answer=cluster_answer, preview=preview, stack="local")

        yield run
