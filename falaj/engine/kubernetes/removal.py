"""Removes objects and waits until they are gone, or says what holds them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.engine_log import EngineLog
from falaj.engine.kubernetes.errors import ApiError, NotReadyError, Partial, UnknownKindError, refused
from falaj.engine.kubernetes.kinds import GroupKind
from falaj.engine.kubernetes.naming import annotation, described, split_identifier
from falaj.engine.kubernetes.objects import CRD_KIND, group_kind
from falaj.engine.kubernetes.readiness.wait import SKIP_AWAIT
from falaj.engine.kubernetes.values import dig

PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
"""The annotation that chooses what becomes of dependents: foreground (the default), background or orphan."""

_DEFAULT_TIMEOUT = 600.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_NOT_AWAITED = frozenset(
    {
        GroupKind("", "Namespace"),
        GroupKind("", "Pod"),
        GroupKind("apps", "DaemonSet"),
        GroupKind("apps", "Deployment"),
        GroupKind("apps", "StatefulSet"),
        GroupKind("batch", "Job"),
    }
)


@dataclass(frozen=True)
class Remover:
    """Removes objects of one cluster."""

    cluster: Cluster
    log: EngineLog
    cancelled: threading.Event

    def remove(self, urn: str, resource_id: str, state: Mapping[str, Any], timeout: float) -> None:
        """Delete an object and wait until it is gone. One that is gone already is fine, so is a kind that is gone."""
        namespace, name = split_identifier(resource_id)
        try:
            kind = self.cluster.discovery.find(str(state.get("apiVersion")), str(state.get("kind")))
        except UnknownKindError:
            return
        path = kind.path(namespace, name)
        inputs = dig(state, "__inputs", default={})
        try:
            self.cluster.client.delete(path, propagation=_propagation(state))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return
            raise refused(urn, described(state), error) from error
        skips = annotation(inputs, SKIP_AWAIT) == "true" and group_kind(state) in _NOT_AWAITED
        if not skips:
            self._until_gone(urn, path, resource_id, state, timeout or _DEFAULT_TIMEOUT)
        if group_kind(state) == CRD_KIND:
            self.cluster.discovery.forget(state)

    def _until_gone(self, urn: str, path: str, resource_id: str, state: Mapping[str, Any], limit: float) -> None:
        started = time.monotonic()
        pause, told = _FIRST_PAUSE, ""
        uid = None
        while True:
            live = self._live(path)
            uid = uid or dig(live, "metadata", "uid")
            if live is None or dig(live, "metadata", "uid") != uid:
                return
            held = holding(live)
            if self.cancelled.is_set() or time.monotonic() - started >= limit:
                raise _still_there(urn, resource_id, state, held, limit)
            if held != told:
                told = held
                self.log.status(urn, f"deleting: {held}")
            self.cancelled.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _live(self, path: str) -> dict[str, Any] | None:
        try:
            return self.cluster.client.get(path)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise


def holding(live: Mapping[str, Any]) -> str:
    """Say what keeps a deleted object from going."""
    told = [
        str(condition.get("message"))
        for condition in dig(live, "status", "conditions", default=[])
        if condition.get("status") == "True"
        and str(condition.get("type", "")).startswith("Namespace")
        and condition.get("message")
    ]
    finalizers = list(dig(live, "metadata", "finalizers", default=[]))
    if "foregroundDeletion" in finalizers:
        finalizers.remove("foregroundDeletion")
        told.append("what depends on it is being deleted first")
    if finalizers:
        told.append(f"held by its finalizers {', '.join(finalizers)}")
    return "; ".join(told) or "it is still shutting down"


def _propagation(state: Mapping[str, Any]) -> str:
    """Choose what becomes of dependents; where the kind has none, the garbage collector need not be waited for."""
    asked = annotation(dig(state, "__inputs", default={}), PROPAGATION).lower()
    usual = "Background" if group_kind(state).is_childless else "Foreground"
    return {"orphan": "Orphan", "background": "Background", "foreground": "Foreground"}.get(asked, usual)


def _still_there(urn: str, resource_id: str, state: Mapping[str, Any], held: str, limit: float) -> NotReadyError:
    message = f"{described(state)} was deleted but is still there after {limit:g} s: {held}"
    return NotReadyError(
        message,
        code="FAL-K8S-023",
        where=urn,
        hint="remove what holds it (for a finalizer: its controller must run), then run the command again.",
        partial=Partial(resource_id, state, [message]),
    )
