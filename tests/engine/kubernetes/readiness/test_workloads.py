from __future__ import annotations

from typing import Any

from falaj.engine.kubernetes.readiness.assessment import Failed, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.workloads import (
    assess_daemon_set,
    assess_deployment,
    assess_job,
    assess_replica_set,
    assess_stateful_set,
)
from falaj.engine.kubernetes.values import Json

ALONE = Surroundings()
QUOTA = 'pods "a-1" is forbidden: exceeded quota: acme, requested: pods=1, used: pods=1, limited: pods=1'
SECURITY = 'pods "a-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'


def workload(spec: dict[str, Any] | None = None, **status: Json) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "a",
            "uid": "owner",
            "generation": 2,
            "annotations": {"deployment.kubernetes.io/revision": "2"},
        },
        "spec": spec or {},
        "status": {"observedGeneration": 2, **status},
    }


def replica_set(uid: str, revision: str) -> dict[str, Any]:
    return {"metadata": {"uid": uid, "annotations": {"deployment.kubernetes.io/revision": revision}}}


def pod(owner: str, name: str = "a-1", **waiting: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "uid": name, "ownerReferences": [{"uid": owner, "controller": True}]},
        "spec": {"containers": [{"name": "main", "image": "falaj.local/a:1"}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "main", "state": {"waiting": waiting}}]},
    }


def test_a_complete_rollout_is_ready() -> None:
    assert assess_deployment(workload({"replicas": 2}, replicas=2, updatedReplicas=2, availableReplicas=2), ALONE) == (
        Ready()
    )


def test_a_change_the_controller_has_not_seen_is_waited_for() -> None:
    seen_before = workload(replicas=1, updatedReplicas=1, availableReplicas=1, observedGeneration=1)
    unseen = Waiting("the controller has not seen the change yet")
    for assess in (assess_deployment, assess_stateful_set, assess_daemon_set, assess_replica_set):
        assert assess(seen_before, ALONE) == unseen


def test_a_paused_deployment_is_not_waited_for() -> None:
    assert assess_deployment(workload({"paused": True}), ALONE) == Ready()


def test_no_replicas_are_ready_at_once() -> None:
    assert assess_deployment(workload({"replicas": 0}), ALONE) == Ready()


def test_each_stage_of_a_rollout_says_what_it_lacks() -> None:
    spec = {"replicas": 3}
    assert assess_deployment(workload(spec, replicas=3, updatedReplicas=1), ALONE) == Waiting("1 of 3 new pods made")
    assert assess_deployment(workload(spec, replicas=4, updatedReplicas=3), ALONE) == Waiting(
        "3 of 3 new pods made, 1 of the old ones still there"
    )
    assert assess_deployment(workload(spec, replicas=3, updatedReplicas=3, availableReplicas=2), ALONE) == Waiting(
        "2 of 3 new pods available"
    )


def test_only_pods_of_the_newest_template_are_blamed() -> None:
    around = Surroundings(
        pods=[pod("old", "old-1", reason="ErrImageNeverPull"), pod("new", "new-1", reason="ErrImageNeverPull")],
        replica_sets=[replica_set("old", "1"), replica_set("new", "2")],
    )
    assert assess_deployment(workload(replicas=1, updatedReplicas=1), around) == Waiting(
        "0 of 1 new pods available",
        ("pod new-1: container main: image falaj.local/a:1 is not on the node, and imagePullPolicy is Never",),
        stuck=True,
    )


def test_no_progress_for_too_long_fails() -> None:
    stalled = workload(
        {"progressDeadlineSeconds": 5},
        conditions=[{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
    )
    assert assess_deployment(stalled, ALONE) == Failed("the rollout made no progress for 5 s")


def test_pods_over_the_quota_are_stuck_and_may_still_come() -> None:
    refused = workload(conditions=[{"type": "ReplicaFailure", "status": "True", "message": QUOTA}])
    assert assess_deployment(refused, ALONE) == Waiting(
        "0 of 1 new pods made", (f"pods are not made: {QUOTA}",), stuck=True
    )


def test_pods_that_violate_pod_security_fail_at_once() -> None:
    refused = workload(conditions=[{"type": "ReplicaFailure", "status": "True", "message": SECURITY}])
    assert assess_deployment(refused, ALONE) == Failed("0 of 1 new pods made", (f"pods are not made: {SECURITY}",))


def test_a_stateful_set_is_ready_by_its_partition() -> None:
    spec = {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}
    assert assess_stateful_set(workload(spec, updatedReplicas=1, availableReplicas=3), ALONE) == Ready()
    assert assess_stateful_set(workload(spec, updatedReplicas=0, availableReplicas=3), ALONE) == Waiting(
        "0 of 1 pods are of the new template"
    )
    assert assess_stateful_set(workload(spec, updatedReplicas=1, availableReplicas=2), ALONE) == Waiting(
        "2 of 3 pods available"
    )


def test_a_stateful_set_updated_on_deletion_keeps_its_old_pods() -> None:
    spec = {"replicas": 2, "updateStrategy": {"type": "OnDelete"}}
    assert assess_stateful_set(workload(spec, updatedReplicas=0, availableReplicas=2), ALONE) == Ready()


def test_a_refused_pod_of_a_stateful_set_is_told_from_its_events() -> None:
    event = {
        "type": "Warning",
        "reason": "FailedCreate",
        "message": f"create Pod a-0 in StatefulSet a failed error: {SECURITY}",
        "involvedObject": {"uid": "owner"},
    }
    assert assess_stateful_set(workload(), Surroundings(events=[event])) == Failed(
        "0 of 1 pods are of the new template",
        (f"pods are not made: create Pod a-0 in StatefulSet a failed error: {SECURITY}",),
    )


def test_a_daemon_set_is_ready_on_every_node_it_is_meant_for() -> None:
    assert assess_daemon_set(workload(desiredNumberScheduled=0), ALONE) == Ready()
    status: dict[str, Json] = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}
    assert assess_daemon_set(workload(**status), ALONE) == Ready()
    assert assess_daemon_set(workload(**{**status, "updatedNumberScheduled": 1}), ALONE) == Waiting(
        "1 of 2 nodes have the new pod"
    )
    assert assess_daemon_set(workload(**{**status, "numberAvailable": 1}), ALONE) == Waiting(
        "1 of 2 nodes have an available pod"
    )


def test_a_replica_set_is_ready_when_its_pods_are_available() -> None:
    assert assess_replica_set(workload({"replicas": 1}, availableReplicas=1), ALONE) == Ready()
    assert assess_replica_set(workload({"replicas": 1}), ALONE) == Waiting("0 of 1 pods available")


def test_a_job_is_ready_when_complete_and_fails_with_its_reason() -> None:
    complete = workload(conditions=[{"type": "Complete", "status": "True"}])
    failed = workload(conditions=[{"type": "Failed", "status": "True", "message": "backoff limit reached"}])
    assert assess_job(complete, ALONE) == Ready()
    assert assess_job(failed, ALONE) == Failed("the job failed: backoff limit reached")
    assert assess_job(workload({"completions": 3}, succeeded=1), ALONE) == Waiting("1 of 3 completions")
    assert assess_job(workload({"suspend": True}), ALONE) == Ready()
