"""When a pod is ready, and what keeps pods from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from falaj.engine.kubernetes.readiness.assessment import Assessment, Failed, Object, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.conditions import condition
from falaj.engine.kubernetes.values import dig

_IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_START_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_TOLD_BY_STATUS = frozenset({"BackOff", "ErrImageNeverPull", "Failed", "FailedScheduling", "InspectFailed"})
_MANY_RESTARTS = 3


@dataclass(frozen=True)
class Trouble:
    """What keeps a pod from being ready; ``stuck`` if it hardly goes away by itself."""

    text: str
    stuck: bool = False


def assess_pod(pod: Object, around: Surroundings) -> Assessment:
    """Ready when its Ready condition is true or it has ended well."""
    phase = dig(pod, "status", "phase")
    if phase == "Succeeded" or condition(pod, "Ready").get("status") == "True":
        return Ready()
    found = troubles_of(pod, around.events)
    texts = tuple(trouble.text for trouble in found)
    if phase == "Failed":
        reason = dig(pod, "status", "message") or dig(pod, "status", "reason") or "its containers failed"
        return Failed(f"the pod failed: {reason}", texts)
    return Waiting(
        f"the pod is {str(phase or 'Pending').lower()}, not ready", texts, any(trouble.stuck for trouble in found)
    )


def troubles(pods: Iterable[Object], events: Sequence[Object]) -> list[Trouble]:
    """List what keeps these pods from being ready, each text once, the pod's name in front."""
    found: dict[str, Trouble] = {}
    for pod in pods:
        if dig(pod, "metadata", "deletionTimestamp") or condition(pod, "Ready").get("status") == "True":
            continue
        for trouble in troubles_of(pod, events):
            text = f"pod {dig(pod, 'metadata', 'name')}: {trouble.text}"
            found.setdefault(text, Trouble(text, trouble.stuck))
    return list(found.values())


def troubles_of(pod: Object, events: Sequence[Object]) -> list[Trouble]:
    """List what keeps one pod from being ready."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return [Trouble(f"can't be scheduled: {scheduled.get('message') or scheduled.get('reason')}")]
    images = {
        container.get("name"): container.get("image")
        for group in ("initContainers", "containers")
        for container in dig(pod, "spec", group, default=[])
    }
    statuses = [
        status
        for group in ("initContainerStatuses", "containerStatuses")
        for status in dig(pod, "status", group, default=[])
    ]
    found = [trouble for status in statuses for trouble in _container_troubles(status, images)]
    return found + [Trouble(text) for text in warnings(pod, events)]


def _container_troubles(status: Object, images: dict[Any, Any]) -> list[Trouble]:
    name = status.get("name")
    waiting = dig(status, "state", "waiting", default={})
    reason, message = waiting.get("reason"), waiting.get("message")
    image = images.get(name) or status.get("image")
    if reason == "ErrImageNeverPull":
        return [
            Trouble(f"container {name}: image {image} is not on the node, and imagePullPolicy is Never", stuck=True)
        ]
    if reason in _IMAGE_REASONS:
        return [Trouble(f"container {name}: image {image} can't be pulled: {message or reason}", stuck=True)]
    if reason in _START_REASONS:
        return [Trouble(f"container {name} can't be started: {message or reason}", stuck=True)]
    return _ending_troubles(status, crashing=reason == "CrashLoopBackOff")


def _ending_troubles(status: Object, *, crashing: bool) -> list[Trouble]:
    name = status.get("name")
    ended = dig(status, "state", "terminated") or dig(status, "lastState", "terminated") or {}
    restarts = int(status.get("restartCount") or 0)
    if ended.get("exitCode"):
        cause = f"exit code {ended['exitCode']}" + (f", {ended['reason']}" if ended.get("reason") else "")
        if not crashing and not restarts:
            return [Trouble(f"container {name} ended ({cause})")]
        times = "once" if restarts <= 1 else f"{restarts} times"
        text = f"container {name} crashed and was restarted {times} ({cause})"
        return [Trouble(text, stuck=restarts >= _MANY_RESTARTS)]
    if dig(status, "state", "running") is not None and not status.get("ready"):
        return [Trouble(f"container {name} is running but not ready")]
    return []


def warnings(subject: Object, events: Sequence[Object]) -> list[str]:
    """Give the newest warning of each reason about an object."""
    uid = dig(subject, "metadata", "uid")
    newest: dict[str, str] = {}
    for event in sorted(events, key=_when):
        if dig(event, "involvedObject", "uid") == uid and event.get("type") == "Warning":
            reason = str(event.get("reason"))
            if reason not in _TOLD_BY_STATUS:
                newest[reason] = f"{reason}: {event.get('message')}"
    return list(newest.values())


def crashed_containers(pods: Iterable[Object]) -> list[tuple[str, str, bool]]:
    """Give pod, container and whether the earlier run is meant, of each container that has ended badly."""
    found = []
    for pod in pods:
        for group in ("initContainerStatuses", "containerStatuses"):
            for status in dig(pod, "status", group, default=[]):
                name = str(dig(pod, "metadata", "name"))
                if dig(status, "state", "terminated", "exitCode"):
                    found.append((name, str(status.get("name")), False))
                elif dig(status, "lastState", "terminated", "exitCode"):
                    found.append((name, str(status.get("name")), True))
    return found


def _when(event: Object) -> str:
    return str(
        event.get("lastTimestamp") or event.get("eventTime") or dig(event, "metadata", "creationTimestamp", default="")
    )
