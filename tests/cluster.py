"""One real cluster for the whole suite, and a client of it. Loaded as a plugin by conftest.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from falaj import localcluster

if TYPE_CHECKING:
    from lightkube import Client

    from falaj.localcluster import Status

NAME = "falaj-test"
KEEP = "FALAJ_KEEP_TEST_CLUSTER"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap tests first, and those of the cluster in one worker: it is the machine that limits them."""
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.xdist_group("cluster"))
    items.sort(key=lambda item: (bool(item.get_closest_marker("cluster")), bool(item.get_closest_marker("slow"))))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    """A cluster of the suite's own, made new, the same for every worker, removed by the last.

    With FALAJ_KEEP_TEST_CLUSTER=1 it is left running, and one that was left running is used again.
    """
    keep = os.environ.get(KEEP) == "1"

    def start() -> None:
        if not keep:
            localcluster.down(NAME)
        localcluster.up(NAME)

    def stop() -> None:
        if not keep:
            localcluster.down(NAME)

    with _shared(_common_directory(tmp_path_factory), start, stop):
        yield localcluster.status(NAME)


@pytest.fixture(scope="session")
def kubernetes_client(cluster: Status) -> Iterator[Client]:
    """A client with the administrator's rights on the suite's cluster."""
    from lightkube import Client, KubeConfig  # noqa: PLC0415 - half a second that most tests need not spend

    client = Client(config=KubeConfig.from_file(cluster.kubeconfig), field_manager="tests", trust_env=False)
    yield client
    client.close()


def _common_directory(factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def _shared(directory: Path, start: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    """Start what several workers share with the first of them, stop it with the last."""
    users = directory / "cluster-users"
    me = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}\n"
    with FileLock(directory / "cluster-users.lock"):
        others = users.read_text() if users.exists() else ""
        if not others:
            start()
        users.write_text(others + me)
    try:
        yield
    finally:
        with FileLock(directory / "cluster-users.lock"):
            others = users.read_text().replace(me, "", 1)
            users.write_text(others)
            if not others:
                stop()
