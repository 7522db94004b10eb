"""Waits until an object is ready, tells what it is waiting for, and says why when it gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.discovery import Kind
from falaj.engine.kubernetes.engine_log import EngineLog
from falaj.engine.kubernetes.errors import ApiError
from falaj.engine.kubernetes.kinds import GroupKind
from falaj.engine.kubernetes.naming import annotation
from falaj.engine.kubernetes.objects import CRD_KIND, NAMESPACE_KIND, group_kind, namespace_of, object_name
from falaj.engine.kubernetes.readiness import conditions, network, pods, storage, workloads
from falaj.engine.kubernetes.readiness.assessment import Assessment, Failed, Object, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.observe import last_words, surroundings

SKIP_AWAIT: Final = "pulumi.com/skipAwait"
"""The annotation of an object that is not waited for."""

TIMEOUT_SECONDS: Final = "pulumi.com/timeoutSeconds"
"""The annotation that bounds the wait; a resource's own custom timeout goes before it."""

_DEFAULT_TIMEOUT = 600.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5

Assess = Callable[[Object, Surroundings], Assessment]
Redact = Callable[[str], str]

_BY_KIND: Final[Mapping[GroupKind, Assess]] = {
    CRD_KIND: conditions.assess_custom_resource_definition,
    NAMESPACE_KIND: conditions.assess_namespace,
    GroupKind("apiregistration.k8s.io", "APIService"): conditions.assess_api_service,
    GroupKind("apps", "DaemonSet"): workloads.assess_daemon_set,
    GroupKind("apps", "Deployment"): workloads.assess_deployment,
    GroupKind("apps", "ReplicaSet"): workloads.assess_replica_set,
    GroupKind("apps", "StatefulSet"): workloads.assess_stateful_set,
    GroupKind("batch", "Job"): workloads.assess_job,
    GroupKind("", "PersistentVolume"): storage.assess_volume,
    GroupKind("", "PersistentVolumeClaim"): storage.assess_claim,
    GroupKind("", "Pod"): pods.assess_pod,
    GroupKind("", "ResourceQuota"): conditions.assess_resource_quota,
    GroupKind("", "Service"): network.assess_service,
    GroupKind("networking.k8s.io", "Ingress"): network.assess_ingress,
}


class Unready(Exception):  # noqa: N818 - the lifecycle turns it into the error that the user sees
    """The wait ended without the object being ready. Carries the object as last seen and the reasons."""

    def __init__(self, live: Object, reason: str, troubles: Sequence[str]) -> None:
        super().__init__(reason)
        self.live = live
        self.reason = reason
        self.troubles = tuple(troubles)


@dataclass(frozen=True)
class Waiter:
    """Waits for the objects of one cluster. ``patience`` is how long a stuck object is given, in seconds."""

    cluster: Cluster
    log: EngineLog
    cancelled: threading.Event
    patience: float = 60.0

    def until_ready(self, urn: str, kind: Kind, live: Object, timeout: float, redact: Redact) -> Object:
        """Give the live object once it is ready; raises Unready when it fails, is stuck or takes too long."""
        assess = _assessment_for(live)
        if assess is None:
            return live
        started = time.monotonic()
        limit = timeout or _annotated_timeout(live)
        pause, told, stuck_since = _FIRST_PAUSE, "", None
        while True:
            answer = self._assess(assess, live)
            if isinstance(answer, Ready):
                if told:
                    self.log.status(urn, "ready")
                return live
            elapsed = time.monotonic() - started
            stuck_since = (stuck_since or time.monotonic()) if _is_stuck(answer) else None
            ended = self._ended(answer, elapsed, limit, stuck_since)
            if ended:
                raise self._unready(live, ended, answer)
            line = "; ".join((answer.reason, *answer.troubles))
            if line != told:
                told = line
                self.log.status(urn, redact(f"waiting: {line}"))
            self.cancelled.wait(min(pause, max(0.0, limit - elapsed)))
            pause = min(pause * 2, _LONGEST_PAUSE)
            live = self._again(kind, live)

    def _assess(self, assess: Assess, live: Object) -> Assessment:
        """Judge the object by itself, and by what lies around it only while it is not ready."""
        alone = assess(live, Surroundings())
        return alone if isinstance(alone, Ready) else assess(live, surroundings(self.cluster.client, live))

    def _ended(self, answer: Waiting | Failed, elapsed: float, limit: float, stuck_since: float | None) -> str:
        """Say why the wait is over, or nothing while it goes on."""
        if isinstance(answer, Failed):
            return answer.reason
        if self.cancelled.is_set():
            return f"cancelled while waiting: {answer.reason}"
        if elapsed >= limit:
            return f"not ready after {limit:g} s: {answer.reason}"
        if stuck_since is not None and time.monotonic() - stuck_since >= self.patience:
            return f"stuck: {answer.reason}"
        return ""

    def _unready(self, live: Object, reason: str, answer: Waiting | Failed) -> Unready:
        around = surroundings(self.cluster.client, live)
        judged = [live] if group_kind(live) == GroupKind("", "Pod") else list(around.pods)
        words = last_words(self.cluster.client, namespace_of(live), judged)
        return Unready(live, reason, (*answer.troubles, *words))

    def _again(self, kind: Kind, live: Object) -> Object:
        try:
            found = self.cluster.get(kind, namespace_of(live), object_name(live))
        except ApiError:
            return live
        if found is None:
            raise Unready(live, "it was deleted while it was waited for", ())
        return found


def _assessment_for(live: Object) -> Assess | None:
    """Give the judge of an object: what it asks for itself, else its kind's; None when it is not waited for."""
    if annotation(live, SKIP_AWAIT) == "true":
        return None
    asked = annotation(live, conditions.WAIT_FOR)
    if asked:
        wanted = conditions.expectations(asked)
        return lambda subject, _: _all(expectation.assess(subject) for expectation in wanted)
    return _BY_KIND.get(group_kind(live))


def _all(answers: Iterable[Assessment]) -> Assessment:
    return next((answer for answer in answers if not isinstance(answer, Ready)), Ready())


def _is_stuck(answer: Assessment) -> bool:
    return isinstance(answer, Waiting) and answer.stuck


def _annotated_timeout(live: Object) -> float:
    try:
        return float(annotation(live, TIMEOUT_SECONDS))
    except ValueError:
        return _DEFAULT_TIMEOUT
