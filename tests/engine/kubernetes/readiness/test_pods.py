from __future__ import annotations

from typing import Any

import pytest

from falaj.engine.kubernetes.readiness.assessment import Failed, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.pods import assess_pod, crashed_containers, troubles, troubles_of
from falaj.engine.kubernetes.values import Json

ALONE = Surroundings()


def pod(status: dict[str, Any] | None = None, *, phase: str = "Pending", **more: Json) -> dict[str, Any]:
    statuses = [{"name": "main", **status}] if status else []
    return {
        "metadata": {"name": "a", "uid": "a", **more.pop("metadata", {})},
        "spec": {"containers": [{"name": "main", "image": "falaj.local/a:1"}]},
        "status": {"phase": phase, "containerStatuses": statuses, **more},
    }


def event(reason: str, message: str, at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "involvedObject": {"uid": "a"},
        "lastTimestamp": at,
    }


@pytest.mark.parametrize(
    ("status", "text", "stuck"),
    [
        (
            {"state": {"waiting": {"reason": "ErrImageNeverPull"}}},
            "container main: image falaj.local/a:1 is not on the node, and imagePullPolicy is Never",
            True,
        ),
        (
            {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}},
            "container main: image falaj.local/a:1 can't be pulled: not found",
            True,
        ),
        (
            {"state": {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "x" not found'}}},
            'container main can\'t be started: secret "x" not found',
            True,
        ),
        (
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
                "restartCount": 4,
            },
            "container main crashed and was restarted 4 times (exit code 137, OOMKilled)",
            True,
        ),
        (
            {
                "state": {"running": {}},
                "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
                "restartCount": 1,
            },
            "container main crashed and was restarted once (exit code 1, Error)",
            False,
        ),
        (
            {"state": {"terminated": {"exitCode": 2, "reason": "Error"}}},
            "container main ended (exit code 2, Error)",
            False,
        ),
        ({"state": {"running": {}}, "ready": False}, "container main is running but not ready", False),
    ],
)
def test_what_keeps_a_container_from_being_ready(status: dict[str, Any], text: str, stuck: bool) -> None:
    assert assess_pod(pod(status), ALONE) == Waiting("the pod is pending, not ready", (text,), stuck)


def test_containers_without_trouble_say_nothing() -> None:
    assert troubles_of(pod({"state": {"running": {}}, "ready": True}), ()) == []
    assert troubles_of(pod({"state": {"terminated": {"exitCode": 0}}}), ()) == []
    assert troubles_of(pod({"state": {"waiting": {"reason": "ContainerCreating"}}}), ()) == []


def test_a_pod_no_node_takes_says_why() -> None:
    message = "0/1 nodes are available: 1 Insufficient cpu."
    unscheduled = pod(conditions=[{"type": "PodScheduled", "status": "False", "message": message}])
    assert assess_pod(unscheduled, ALONE) == Waiting(
        "the pod is pending, not ready", ("can't be scheduled: 0/1 nodes are available: 1 Insufficient cpu.",)
    )


def test_warnings_are_told_once_for_each_reason_the_newest_of_each() -> None:
    events = [
        event("FailedMount", "new", "2026-01-01T00:00:02Z"),
        event("FailedMount", "old", "2026-01-01T00:00:01Z"),
        event("BackOff", "told by the container's state"),
        {**event("FailedMount", "of another"), "involvedObject": {"uid": "b"}},
    ]
    assert [trouble.text for trouble in troubles_of(pod(), events)] == ["FailedMount: new"]


def test_ready_and_ended_well_are_ready() -> None:
    assert assess_pod(pod(phase="Running", conditions=[{"type": "Ready", "status": "True"}]), ALONE) == Ready()
    assert assess_pod(pod(phase="Succeeded"), ALONE) == Ready()


def test_a_failed_pod_fails() -> None:
    assert assess_pod(pod(phase="Failed", reason="Evicted", message="low on memory"), ALONE) == Failed(
        "the pod failed: low on memory"
    )


def test_pods_that_are_ready_or_going_are_not_blamed() -> None:
    bad = {"state": {"waiting": {"reason": "ErrImageNeverPull"}}}
    going = pod(bad, metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    ready = pod(bad, conditions=[{"type": "Ready", "status": "True"}])
    assert troubles([going, ready], ()) == []


def test_crashed_containers_are_named_with_the_run_that_crashed() -> None:
    ended = pod({"state": {"terminated": {"exitCode": 1}}})
    again = pod({"state": {"running": {}}, "lastState": {"terminated": {"exitCode": 1}}})
    fine = pod({"state": {"running": {}}})
    assert crashed_containers([ended, again, fine]) == [("a", "main", False), ("a", "main", True)]
