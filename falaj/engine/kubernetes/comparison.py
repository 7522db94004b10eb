"""Answers Diff: nothing changed, or which properties did and whether the object has to be replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.diff import Change, ChangeKind, compare, ignore
from falaj.engine.kubernetes.immutable import immutable
from falaj.engine.kubernetes.naming import is_autonamed
from falaj.engine.kubernetes.objects import CRD_KIND, for_comparison, group_kind, namespace_of, object_name
from falaj.engine.kubernetes.presence import Presence
from falaj.engine.kubernetes.values import decode
from falaj.engine.protocol import provider_pb2

_Kind = provider_pb2.PropertyDiff
_KINDS = {
    (ChangeKind.ADD, False): _Kind.ADD,
    (ChangeKind.ADD, True): _Kind.ADD_REPLACE,
    (ChangeKind.DELETE, False): _Kind.DELETE,
    (ChangeKind.DELETE, True): _Kind.DELETE_REPLACE,
    (ChangeKind.UPDATE, False): _Kind.UPDATE,
    (ChangeKind.UPDATE, True): _Kind.UPDATE_REPLACE,
}


def answer(request: provider_pb2.DiffRequest, cluster: Cluster, presence: Presence) -> provider_pb2.DiffResponse:
    """Compare inputs with inputs. Where they are the same, make sure that the object is still there."""
    uid = _uid(request.olds)
    if uid:
        cluster.plan.note_known(uid)
    same = request.HasField("old_inputs") and request.old_inputs == request.news
    changes = [] if same else ignore(_changes(request, cluster), request.ignoreChanges)
    if not changes:
        if not cluster.is_offline and presence.is_gone(request.olds, request.id):
            return respond([Change(("metadata", "uid"), ChangeKind.UPDATE)])
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
    new = decode(request.news)
    if group_kind(new) == CRD_KIND:
        cluster.plan.will_redefine(new)
    replaced = any(change.replaces for change in changes)
    in_place = replaced and _keeps_its_name(decode(_head(request.olds)), new)
    if in_place:
        cluster.plan.will_replace((str(new.get("kind")), namespace_of(new), object_name(new)))
    return respond(changes, delete_before_replace=in_place)


def _changes(request: provider_pb2.DiffRequest, cluster: Cluster) -> list[Change]:
    inputs = request.old_inputs if request.HasField("old_inputs") else request.olds.fields["__inputs"].struct_value
    old, new = for_comparison(decode(inputs)), for_comparison(decode(request.news))
    rules = immutable(
        group_kind(new),
        frozen=bool(old.get("immutable")),
        secret_mutable=cluster.settings.secret_mutable,
        config_map_mutable=cluster.settings.config_map_mutable,
    )
    return compare(old, new, rules)


def _keeps_its_name(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether the old object is in the way of the new one: same name, chosen by the program, same namespace."""
    same_place = (namespace_of(old) or "default") == (namespace_of(new) or "default")
    return bool(object_name(new)) and not is_autonamed(new) and object_name(old) == object_name(new) and same_place


def respond(changes: list[Change], *, delete_before_replace: bool = False) -> provider_pb2.DiffResponse:
    """Return the answer that names what changed, and whether that asks for a replacement."""
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=sorted({str(change.path[0]) for change in changes}),
        replaces=[change.text for change in changes if change.replaces],
        detailedDiff={
            change.text: provider_pb2.PropertyDiff(kind=_KINDS[change.kind, change.replaces], inputDiff=True)
            for change in changes
        },
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_before_replace,
    )


def _head(olds: struct_pb2.Struct) -> struct_pb2.Struct:
    return struct_pb2.Struct(
        fields={name: olds.fields[name] for name in ("apiVersion", "kind", "metadata") if name in olds.fields}
    )


def _uid(olds: struct_pb2.Struct) -> str:
    if "metadata" not in olds.fields:
        return ""
    metadata = olds.fields["metadata"].struct_value
    return metadata.fields["uid"].string_value if "uid" in metadata.fields else ""
