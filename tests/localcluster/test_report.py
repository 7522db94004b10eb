"""Whose word counts when a cluster is asked how it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from falaj.localcluster import report, state
from falaj.localcluster.places import Places
from falaj.localcluster.state import SupervisorState
from falaj.localcluster.subnets import Subnets

STARTED = datetime(2026, 11, 22, 23, 57, 4, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said_at", "counts"),
    [
        pytest.param("2026-11-22T23:57:03Z", False, id="before the start"),
        pytest.param("2026-11-22T23:57:04Z", False, id="in its second, perhaps by the kubelet before"),
        pytest.param("2026-11-22T23:57:05Z", True, id="after it"),
    ],
)
def test_a_node_is_ready_by_a_word_of_the_kubelet_that_runs_now(
    monkeypatch: pytest.MonkeyPatch, said_at: str, counts: bool
) -> None:
    account = SupervisorState(pid=1, started=STARTED.timestamp(), binaries="", fingerprint="", components=())
    word = {"type": "Ready", "status": "True", "lastHeartbeatTime": said_at}
    monkeypatch.setattr(state, "read", lambda _: account)
    monkeypatch.setattr(report, "read_node", lambda *_: {"status": {"conditions": [word]}})

    assert report.node_is_ready(Places("falaj"), Subnets(0)) is counts
