"""When a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job is ready."""

from __future__ import annotations

from collections.abc import Sequence

from falaj.engine.kubernetes.readiness.assessment import Assessment, Failed, Object, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.conditions import condition
from falaj.engine.kubernetes.readiness.pods import Trouble, troubles, warnings
from falaj.engine.kubernetes.values import dig

_REVISION = "deployment.kubernetes.io/revision"


def assess_deployment(deployment: Object, around: Surroundings) -> Assessment:
    """Ready when every pod is of the newest template and available, and none of the older ones is left."""
    if _is_unseen(deployment):
        return Waiting("the controller has not seen the change yet")
    if dig(deployment, "spec", "paused"):
        return Ready()
    found = _deployment_troubles(deployment, around)
    progressing = condition(deployment, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        limit = dig(deployment, "spec", "progressDeadlineSeconds", default=600)
        return Failed(f"the rollout made no progress for {limit} s", _texts(found))
    missing = _rollout_gap(deployment)
    return _waiting(missing, found) if missing else Ready()


def _rollout_gap(deployment: Object) -> str:
    """Say what a rollout still lacks, or nothing."""
    wanted = dig(deployment, "spec", "replicas", default=1)
    total, updated, available = (
        dig(deployment, "status", name, default=0) for name in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if updated < wanted:
        return f"{updated} of {wanted} new pods made"
    if total > updated:
        return f"{updated} of {wanted} new pods made, {total - updated} of the old ones still there"
    return f"{available} of {updated} new pods available" if available < updated else ""


def _deployment_troubles(deployment: Object, around: Surroundings) -> list[Trouble]:
    revision = dig(deployment, "metadata", "annotations", _REVISION)
    newest = {
        dig(replica_set, "metadata", "uid")
        for replica_set in around.replica_sets
        if dig(replica_set, "metadata", "annotations", _REVISION) == revision
    }
    pods = [pod for pod in around.pods if _owner(pod) in newest]
    refused = condition(deployment, "ReplicaFailure")
    found = [_creation_trouble(str(refused.get("message")))] if refused.get("status") == "True" else []
    return found + troubles(pods, around.events)


def assess_stateful_set(stateful_set: Object, around: Surroundings) -> Assessment:
    """Ready when as many pods as the partition lets through are of the newest template, and all are available."""
    if _is_unseen(stateful_set):
        return Waiting("the controller has not seen the change yet")
    wanted = dig(stateful_set, "spec", "replicas", default=1)
    found = _troubles_of(stateful_set, around)
    updated, available = (
        dig(stateful_set, "status", name, default=0) for name in ("updatedReplicas", "availableReplicas")
    )
    if dig(stateful_set, "spec", "updateStrategy", "type") != "OnDelete":
        partition = dig(stateful_set, "spec", "updateStrategy", "rollingUpdate", "partition", default=0)
        meant = max(0, wanted - partition)
        if updated < meant:
            return _waiting(f"{updated} of {meant} pods are of the new template", found)
    if available < wanted:
        return _waiting(f"{available} of {wanted} pods available", found)
    return Ready()


def assess_daemon_set(daemon_set: Object, around: Surroundings) -> Assessment:
    """Ready when the pod of every node it is meant for is of the newest template and available."""
    if _is_unseen(daemon_set):
        return Waiting("the controller has not seen the change yet")
    wanted, updated, available = (
        dig(daemon_set, "status", name, default=0)
        for name in ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    )
    found = _troubles_of(daemon_set, around)
    if dig(daemon_set, "spec", "updateStrategy", "type") != "OnDelete" and updated < wanted:
        return _waiting(f"{updated} of {wanted} nodes have the new pod", found)
    if available < wanted:
        return _waiting(f"{available} of {wanted} nodes have an available pod", found)
    return Ready()


def assess_replica_set(replica_set: Object, around: Surroundings) -> Assessment:
    """Ready when all its pods are available."""
    if _is_unseen(replica_set):
        return Waiting("the controller has not seen the change yet")
    wanted = dig(replica_set, "spec", "replicas", default=1)
    available = dig(replica_set, "status", "availableReplicas", default=0)
    if available < wanted:
        return _waiting(f"{available} of {wanted} pods available", _troubles_of(replica_set, around))
    return Ready()


def assess_job(job: Object, around: Surroundings) -> Assessment:
    """Ready when it has completed; a suspended one is not waited for."""
    if condition(job, "Complete").get("status") == "True" or dig(job, "spec", "suspend"):
        return Ready()
    found = _troubles_of(job, around)
    failed = condition(job, "Failed")
    if failed.get("status") == "True":
        return Failed(f"the job failed: {failed.get('message') or failed.get('reason')}", _texts(found))
    wanted = dig(job, "spec", "completions", default=1)
    return _waiting(f"{dig(job, 'status', 'succeeded', default=0)} of {wanted} completions", found)


def _troubles_of(owner: Object, around: Surroundings) -> list[Trouble]:
    uid = dig(owner, "metadata", "uid")
    refusals = [_creation_trouble(text) for text in warnings(owner, around.events) if text.startswith("FailedCreate")]
    return refusals + troubles([pod for pod in around.pods if _owner(pod) == uid], around.events)


def _creation_trouble(message: str) -> Trouble:
    return Trouble(f"pods are not made: {message.removeprefix('FailedCreate: ')}", stuck=True)


def _waiting(reason: str, found: Sequence[Trouble]) -> Assessment:
    texts = _texts(found)
    if any("violates PodSecurity" in text for text in texts):
        return Failed(reason, texts)
    return Waiting(reason, texts, any(trouble.stuck for trouble in found))


def _texts(found: Sequence[Trouble]) -> tuple[str, ...]:
    return tuple(trouble.text for trouble in found)


def _is_unseen(workload: Object) -> bool:
    generation = dig(workload, "metadata", "generation", default=0)
    return bool(dig(workload, "status", "observedGeneration", default=0) < generation)


def _owner(pod: Object) -> str:
    for reference in dig(pod, "metadata", "ownerReferences", default=[]):
        if reference.get("controller"):
            return str(reference.get("uid"))
    return ""
