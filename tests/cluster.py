"""One real cluster for the whole suite, and a client of it. Loaded as a plugin by conftest.py."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from falaj import localcluster
from falaj.localcluster.locks import lock
from falaj.localcluster.places import cache_directory

if TYPE_CHECKING:
    from lightkube import Client

    from falaj.localcluster import Status

NAME = "falaj-test"
KEEP = "FALAJ_KEEP_TEST_CLUSTER"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap tests first; those of the cluster last, in one worker, each module's together as it shares what it made."""

    def order(item: pytest.Item) -> tuple[bool, bool]:
        needs_cluster = item.get_closest_marker("cluster") is not None
        return needs_cluster, not needs_cluster and item.get_closest_marker("slow") is not None

    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.xdist_group("cluster"))
    items.sort(key=order)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Status]:
    """A cluster of the suite's own, made new by the first process that needs it, removed by the last.

    With FALAJ_KEEP_TEST_CLUSTER=1 it is left running, and one that was left running is used again.
    """
    keep = os.environ.get(KEEP) == "1"
    with _users_file().open("a") as users:
        with lock(f"{NAME}-users-turn"):
            if _is_alone(users) and not keep:
                localcluster.down(NAME)
            fcntl.flock(users, fcntl.LOCK_SH)
            status = localcluster.up(NAME)
        yield status
        with lock(f"{NAME}-users-turn"):
            if _is_alone(users) and not keep:
                localcluster.down(NAME)


@pytest.fixture(scope="session")
def kubernetes_client(cluster: Status) -> Iterator[Client]:
    """A client with the administrator's rights on the suite's cluster."""
    from lightkube import Client, KubeConfig  # noqa: PLC0415 - half a second that most tests need not spend

    client = Client(config=KubeConfig.from_file(cluster.kubeconfig), field_manager="tests", trust_env=False)
    yield client
    client.close()


def _users_file() -> Path:
    """Locked in common by every process that uses the cluster; a killed one lets go."""
    file = cache_directory() / "locks" / f"{NAME}.users"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _is_alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
