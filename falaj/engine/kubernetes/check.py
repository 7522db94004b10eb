"""Checks and completes what a program asks for: name, namespace, a Secret's content."""

from __future__ import annotations

import secrets
from typing import Any

from google.protobuf import struct_pb2

from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.kinds import TypeToken, name_of, type_of
from falaj.engine.kubernetes.naming import AUTONAMED, autoname, is_autonamed
from falaj.engine.kubernetes.objects import (
    CRD_KIND,
    NAMESPACE_KIND,
    SECRET_KIND,
    group_kind,
    mark_secret_content,
    object_name,
    with_encoded_strings,
)
from falaj.engine.kubernetes.values import decode, decode_value, dig, encode, is_secret, is_unknown, reveal
from falaj.engine.protocol import provider_pb2

_HEAD = ("apiVersion", "kind", "metadata")
_FailureList = list[provider_pb2.CheckFailure]


def check(request: provider_pb2.CheckRequest, cluster: Cluster) -> tuple[struct_pb2.Struct, _FailureList]:
    """Give the completed inputs and what is wrong with them.

    Only the head of an object is looked at, and the whole of a Secret: large CustomResourceDefinitions pass through.
    """
    token = TypeToken.parse(request.type or type_of(request.urn))
    head = _head(request.news, token)
    refusal = token.refusal(str(head["kind"]))
    if refusal is not None:
        return request.news, [provider_pb2.CheckFailure(reason=refusal)]
    failures: _FailureList = []
    metadata = head["metadata"]
    if isinstance(reveal(metadata), dict):
        named, failures = _named(request, reveal(metadata))
        head["metadata"] = {**metadata, "value": named} if is_secret(metadata) else named
        _place(head, cluster)
    completed = struct_pb2.Struct()
    completed.CopyFrom(request.news)
    if group_kind(head) == SECRET_KIND:
        head = with_encoded_strings({**decode(request.news), **head})
        mark_secret_content(head)
        completed = encode(head)
    else:
        completed.MergeFrom(_replacing(completed, head))
    _note(completed, head, cluster)
    return completed, failures


def _head(news: struct_pb2.Struct, token: TypeToken) -> dict[str, Any]:
    part = struct_pb2.Struct(fields={name: news.fields[name] for name in _HEAD if name in news.fields})
    head = decode(part)
    head["apiVersion"] = str(reveal(head.get("apiVersion")) or token.api_version).removeprefix("core/")
    head["kind"] = str(reveal(head.get("kind")) or token.kind)
    head["metadata"] = head.get("metadata") if head.get("metadata") is not None else {}
    return head


def _replacing(completed: struct_pb2.Struct, head: dict[str, Any]) -> struct_pb2.Struct:
    for name in head:
        completed.fields.pop(name, None)
    return encode(head)


def _named(request: provider_pb2.CheckRequest, metadata: dict[str, Any]) -> tuple[dict[str, Any], _FailureList]:
    if metadata.get("name"):
        return metadata, []
    if metadata.get("generateName"):
        reason = "is not known to server-side apply; leave it out and the object is named after the resource"
        return metadata, [provider_pb2.CheckFailure(property="metadata.generateName", reason=reason)]
    olds = decode(struct_pb2.Struct(fields={"metadata": request.olds.fields["metadata"]}))
    if is_autonamed(olds) and object_name(olds):
        return _autonamed(metadata, object_name(olds)), []
    options = request.autonaming
    if options.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE:
        reason = "is required: autonaming is disabled for this resource"
        return metadata, [provider_pb2.CheckFailure(property="metadata.name", reason=reason)]
    proposed = options.proposed_name if request.HasField("autonaming") else ""
    seed = request.randomSeed or secrets.token_bytes(16)
    return _autonamed(metadata, proposed or autoname(request.name or name_of(request.urn), seed)), []


def _autonamed(metadata: dict[str, Any], name: str) -> dict[str, Any]:
    annotations = metadata.get("annotations")
    if is_unknown(annotations):
        return {**metadata, "name": name}
    return {**metadata, "name": name, "annotations": {**(annotations or {}), AUTONAMED: "true"}}


def _place(head: dict[str, Any], cluster: Cluster) -> None:
    metadata = head["metadata"]
    if dig(reveal(metadata), "namespace") or is_secret(metadata):
        return
    if cluster.is_namespaced(head):
        head["metadata"] = {**metadata, "namespace": cluster.default_namespace}


def _note(completed: struct_pb2.Struct, head: dict[str, Any], cluster: Cluster) -> None:
    if group_kind(head) == NAMESPACE_KIND and object_name(head):
        cluster.plan.will_make_namespace(object_name(head))
    elif group_kind(head) == CRD_KIND and "spec" in completed.fields:
        cluster.plan.will_define({"spec": _without_schemas(completed.fields["spec"].struct_value)})


def _without_schemas(spec: struct_pb2.Struct) -> dict[str, Any]:
    """Give what a CustomResourceDefinition says of its kinds; the schemas, which are large, stay unread."""
    brief = {name: spec.fields[name] for name in ("group", "names", "scope") if name in spec.fields}
    versions = []
    if "versions" in spec.fields:
        for item in spec.fields["versions"].list_value.values:
            fields = item.struct_value.fields
            versions.append({name: decode_value(fields[name]) for name in ("name", "served") if name in fields})
    return {**decode(struct_pb2.Struct(fields=brief)), "versions": versions}
