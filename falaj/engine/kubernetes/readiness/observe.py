"""Reads what lies around an object: only what its kind is judged by, and never more than a bounded part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from falaj.engine.kubernetes.client import ApiClient
from falaj.engine.kubernetes.errors import ApiError
from falaj.engine.kubernetes.kinds import GroupKind
from falaj.engine.kubernetes.objects import group_kind, namespace_of, object_name
from falaj.engine.kubernetes.readiness.assessment import Object, Surroundings
from falaj.engine.kubernetes.readiness.pods import crashed_containers
from falaj.engine.kubernetes.values import dig

_SELECTING = frozenset(
    {
        GroupKind("apps", "Deployment"),
        GroupKind("apps", "StatefulSet"),
        GroupKind("apps", "DaemonSet"),
        GroupKind("apps", "ReplicaSet"),
        GroupKind("batch", "Job"),
    }
)
_MOST = "200"
_LOG_LINES = "10"
_LOG_BYTES = "4096"
_MOST_LOGS = 2


def surroundings(client: ApiClient, live: Object) -> Surroundings:
    """Give what lies around a live object. What may not be read is taken to be absent."""
    kind, namespace = group_kind(live), namespace_of(live)
    core = f"/api/v1/namespaces/{namespace}" if namespace else "/api/v1"
    events = _items(client, f"{core}/events", fieldSelector="type=Warning")
    if kind in _SELECTING:
        selector = _selector(dig(live, "spec", "selector", default={}))
        sets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
        return Surroundings(
            pods=_items(client, f"{core}/pods", labelSelector=selector),
            replica_sets=_items(client, sets, labelSelector=selector) if kind.kind == "Deployment" else (),
            events=events,
        )
    if kind == GroupKind("", "Service"):
        selector = _selector({"matchLabels": dig(live, "spec", "selector", default={})})
        slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        return Surroundings(
            pods=_items(client, f"{core}/pods", labelSelector=selector) if selector else (),
            endpoint_slices=_items(client, slices, labelSelector=f"kubernetes.io/service-name={object_name(live)}"),
            events=events,
        )
    if kind == GroupKind("", "PersistentVolumeClaim"):
        named = dig(live, "spec", "storageClassName", default="")
        return Surroundings(events=events, storage_class=_storage_class(client, named) if named else {})
    return Surroundings(events=events)


def last_words(client: ApiClient, namespace: str, pods: list[Object]) -> list[str]:
    """Give the last log lines of a few containers that ended badly."""
    found = []
    for pod, container, earlier in crashed_containers(pods)[:_MOST_LOGS]:
        parameters = {"container": container, "tailLines": _LOG_LINES, "limitBytes": _LOG_BYTES}
        if earlier:
            parameters["previous"] = "true"
        try:
            text = client.text(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", **parameters)
        except ApiError:
            continue
        lines = "\n".join(f"  {line}" for line in text.splitlines())
        if lines:
            found.append(f"last log lines of pod {pod}, container {container}:\n{lines}")
    return found


def _storage_class(client: ApiClient, name: str) -> dict[str, Any]:
    try:
        return client.get(f"/apis/storage.k8s.io/v1/storageclasses/{name}")
    except ApiError:
        return {}


def _items(client: ApiClient, path: str, **parameters: str) -> list[dict[str, Any]]:
    try:
        return list(client.get(path, limit=_MOST, **parameters).get("items") or ())
    except ApiError:
        return []


def _selector(selector: Mapping[str, Any]) -> str:
    parts = [f"{name}={value}" for name, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or ():
        values = ",".join(rule.get("values") or ())
        parts.append(
            {
                "In": f"{rule['key']} in ({values})",
                "NotIn": f"{rule['key']} notin ({values})",
                "Exists": rule["key"],
                "DoesNotExist": f"!{rule['key']}",
            }[rule["operator"]]
        )
    return ",".join(parts)
